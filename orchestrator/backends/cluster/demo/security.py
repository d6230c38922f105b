"""Pod Security of the demo world: what a namespace that enforces `baseline` does not let in.

https://kubernetes.io/docs/concepts/security/pod-security-standards/; the sentences were heard
from Kubernetes 1.34.
"""

from collections.abc import Callable, Iterator
from typing import Any

from orchestrator.backends.cluster.demo import failures
from orchestrator.backends.cluster.demo.overlay import Draft, Key
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.kinds import RESOURCES, Kind

LABEL = "pod-security.kubernetes.io/enforce"
LEVELS = (
    "baseline",
    "restricted",
)  # The second forbids what the first does; the rest of it is not simulated.
HOST = ("hostNetwork", "hostPID", "hostIPC")
USUAL_CAPABILITIES = frozenset(
    ("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE")
    + ("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT")
)


def check(draft: Draft, pod: Manifest) -> None:
    """Raise `Forbidden` for a pod that its namespace does not let in."""
    place = draft.find(Key(Kind.NAMESPACES, "", pod["metadata"]["namespace"]))
    level = ((place or {}).get("metadata", {}).get("labels") or {}).get(LABEL)
    if level not in LEVELS:
        return
    problems = [problem for rule in RULES for problem in rule(pod["spec"])]
    if problems:
        why = f'violates PodSecurity "{level}:latest": {", ".join(problems)}'
        raise failures.forbidden(RESOURCES[Kind.PODS], pod["metadata"]["name"], why)


def _containers(spec: Manifest) -> list[Manifest]:
    return [*(spec.get("initContainers") or ()), *spec["containers"]]


def _context(container: Manifest) -> Manifest:
    found: Manifest = container.get("securityContext") or {}
    return found


def _capabilities(spec: Manifest) -> Iterator[str]:
    added: dict[str, list[str]] = {}
    for each in _containers(spec):
        wanted = set((_context(each).get("capabilities") or {}).get("add") or ()) - USUAL_CAPABILITIES
        if wanted:
            added[each["name"]] = sorted(wanted)
    if added:
        words = {word for found in added.values() for word in found}
        yield (
            f"non-default capabilities ({_named(added)} must not include {_quoted(sorted(words))} in "
            "securityContext.capabilities.add)"
        )


def _host_namespaces(spec: Manifest) -> Iterator[str]:
    if found := [f"{name}=true" for name in HOST if spec.get(name)]:
        yield f"host namespaces ({', '.join(found)})"


def _host_paths(spec: Manifest) -> Iterator[str]:
    if found := [each["name"] for each in spec.get("volumes") or () if each.get("hostPath")]:
        yield f"hostPath volumes (volume{'s' if len(found) > 1 else ''} {_quoted(found)})"


def _host_ports(spec: Manifest) -> Iterator[str]:
    found = {
        each["name"]: [port["hostPort"] for port in each.get("ports") or () if port.get("hostPort")]
        for each in _containers(spec)
    }
    found = {name: ports for name, ports in found.items() if ports}
    numbers = sorted({port for ports in found.values() for port in ports})
    if found:
        verb = "use" if len(found) > 1 else "uses"
        ports = f"hostPort{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"
        yield f"hostPort ({_named(found)} {verb} {ports})"


def _privileged(spec: Manifest) -> Iterator[str]:
    if found := [each["name"] for each in _containers(spec) if _context(each).get("privileged")]:
        yield f"privileged ({_named(found)} must not set securityContext.privileged=true)"


def _unconfined(spec: Manifest) -> Iterator[str]:
    def is_open(context: Manifest) -> bool:
        return (context.get("seccompProfile") or {}).get("type") == "Unconfined"

    who = ["pod"] if is_open(spec.get("securityContext") or {}) else []
    names = [each["name"] for each in _containers(spec) if is_open(_context(each))]
    who += [_named(names)] if names else []
    if who:
        rule = 'must not set securityContext.seccompProfile.type to "Unconfined"'
        yield f"seccompProfile ({' and '.join(who)} {rule})"


def _named(names: Any) -> str:
    return f"container{'s' if len(names) > 1 else ''} {_quoted(names)}"


def _quoted(names: Any) -> str:
    return ", ".join(f'"{name}"' for name in names)


# In the order in which they are told.
RULES: tuple[Callable[[Manifest], Iterator[str]], ...] = (
    _capabilities,
    _host_namespaces,
    _host_paths,
    _host_ports,
    _privileged,
    _unconfined,
)

"""Resource quotas of the demo world: what is used of them, and what would be too much.

https://kubernetes.io/docs/concepts/policy/resource-quotas/; the sentences were heard from Kubernetes 1.34.
Quotas with scopes are shown and not enforced.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from orchestrator.backends.cluster.demo import failures, limits
from orchestrator.backends.cluster.demo.overlay import Draft, Key, key_of
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.kinds import Kind, Resource
from orchestrator.backends.cluster.quantities import exact, written

COMPUTE = ("cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory")
COUNTED = ("pods", "services", "configmaps", "secrets", "persistentvolumeclaims", "resourcequotas")


def check(draft: Draft, resource: Resource, manifest: Manifest) -> None:
    """Raise `Forbidden` for a new object that a quota of its namespace has no room for."""
    name, namespace = manifest["metadata"]["name"], manifest["metadata"].get("namespace")
    for quota in _quotas(draft, namespace):
        hard = _hard(quota)
        label = quota["metadata"]["name"]
        if manifest["kind"] == "Pod" and (missing := _unsaid(manifest, hard)):
            raise failures.forbidden(resource, name, f"failed quota: {label}: must specify {missing}")
        asked = {key: amount for key, amount in _use(manifest).items() if key in hard and amount}
        used = used_of(draft, quota) if asked else {}
        over = sorted(key for key in asked if used.get(key, 0) + asked[key] > exact(hard[key]))
        if over:
            why = (
                f"exceeded quota: {label}, requested: {_said(over, asked, hard)}, "
                f"used: {_said(over, used, hard)}, limited: {_said(over, _amounts(hard), hard)}"
            )
            raise failures.forbidden(resource, name, why)


def report(draft: Draft) -> Iterator[tuple[Key, Manifest]]:
    """Yield the quotas of namespaces in which people made something, whose status is another one by now."""
    places = {key.namespace for kind in (Kind.PODS, Kind.RESOURCEQUOTAS) for key, _ in draft.kept(kind)}
    for quota in [
        each for each in draft.each(Kind.RESOURCEQUOTAS) if each["metadata"]["namespace"] in places
    ]:
        hard = _hard(quota)
        used = used_of(draft, quota)
        status = quota.get("status") or {}
        before = _amounts(status.get("used") or {})
        if status.get("hard") != hard or {key: before.get(key) for key in hard} != used:
            found = {key: _shown(amount, hard[key]) for key, amount in used.items()}
            yield key_of(Kind.RESOURCEQUOTAS, quota), quota | {"status": {"hard": hard, "used": found}}


def used_of(draft: Draft, quota: Manifest) -> dict[str, Decimal]:
    """Return how much of each amount of a quota is in use."""
    hard, namespace = _hard(quota), quota["metadata"]["namespace"]
    total = dict.fromkeys(hard, Decimal(0))
    for key in draft.present():
        if key.namespace != namespace or (each := draft.find(key)) is None:
            continue
        for name, amount in _use(each).items():
            if name in total:
                total[name] += amount
    return total


def _quotas(draft: Draft, namespace: str | None) -> list[Manifest]:
    found = (
        each
        for each in draft.each(Kind.RESOURCEQUOTAS)
        if each["metadata"]["namespace"] == namespace
        and not each["spec"].get("scopes")
        and not each["spec"].get("scopeSelector")
    )
    return sorted(found, key=lambda each: str(each["metadata"]["name"]))


def _hard(quota: Manifest) -> dict[str, str]:
    return {name: str(amount) for name, amount in (quota["spec"].get("hard") or {}).items()}


def _use(manifest: Manifest) -> dict[str, Decimal]:
    """Return what an object takes of the quotas of its namespace."""
    if (manifest.get("status") or {}).get("phase") in ("Succeeded", "Failed") and manifest["kind"] == "Pod":
        return {}
    plural = f"{manifest['kind'].lower()}s"
    group = manifest["apiVersion"].rpartition("/")[0]
    found = {f"count/{plural}{f'.{group}' if group else ''}": Decimal(1)}
    if plural in COUNTED:
        found[plural] = Decimal(1)
    if manifest["kind"] == "Pod":
        found |= _compute(manifest)
    if manifest["kind"] == "Service":
        found |= _ports(manifest["spec"])
    return found


def _compute(pod: Manifest) -> dict[str, Decimal]:
    spec, found = pod["spec"], {}
    containers = [each.get("resources") or {} for each in spec["containers"]]
    first = [each.get("resources") or {} for each in spec.get("initContainers") or []]
    for part in ("requests", "limits"):
        for name, amount in limits.whole(containers, first, part).items():
            found[f"{part}.{name}"] = exact(amount)
            if part == "requests":
                found[name] = exact(amount)
    return found


def _ports(spec: Manifest) -> dict[str, Decimal]:
    ports = [each for each in spec.get("ports") or () if each.get("nodePort")]
    balanced = Decimal(spec.get("type") == "LoadBalancer")
    return {"services.nodeports": Decimal(len(ports)), "services.loadbalancers": balanced}


def _unsaid(pod: Manifest, hard: Iterable[str]) -> str:
    """Return what a quota wants to be told and which containers do not tell it: `limits.cpu for: web`."""
    containers = [*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or ())]
    found = []
    for wanted in sorted(name for name in hard if name in COMPUTE):
        part, _, name = wanted.rpartition(".")
        silent = [
            each["name"]
            for each in containers
            if name not in ((each.get("resources") or {}).get(part or "requests") or {})
        ]
        if silent:
            found.append(f"{wanted} for: {','.join(sorted(silent))}")
    return "; ".join(found)


def _amounts(amounts: Mapping[str, Any]) -> dict[str, Decimal]:
    return {name: exact(str(amount)) for name, amount in amounts.items()}


def _said(names: Iterable[str], amounts: Mapping[str, Decimal], hard: Mapping[str, str]) -> str:
    return ",".join(f"{name}={_shown(amounts.get(name, Decimal(0)), hard[name])}" for name in names)


def _shown(amount: Decimal, like: str) -> str:
    return written(amount, binary=like.endswith("i"))

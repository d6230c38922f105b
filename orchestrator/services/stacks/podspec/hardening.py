"""What every pod of a stranger gets, whatever it asked for."""

from collections.abc import Iterator
from typing import Any

from orchestrator.services.stacks.podspec import quantities
from orchestrator.services.stacks.podspec.rules import Needs, Resources, each

Json = dict[str, Any]
SECCOMP = {"type": "RuntimeDefault"}
CPU_AND_MEMORY = ("cpu", "memory")


def harden(pod: Json, needs: Needs) -> list[str]:
    """Overwrite what is not the asker's choice; return the paths of the resources that were dropped."""
    spec = pod["spec"]
    spec["restartPolicy"] = "Never"
    spec["automountServiceAccountToken"] = False
    spec["enableServiceLinks"] = False
    spec["securityContext"] = {"seccompProfile": dict(SECCOMP)}
    dropped: list[str] = []
    for kind, amounts in (("initContainers", needs.init), ("containers", needs.main)):
        for (path, container), amount in zip(each(spec, kind), amounts, strict=True):
            dropped += _others(container["resources"], f"{path}.resources")
            _harden(container, amount)
    return dropped


def drop_capabilities(pod: Json) -> None:
    """Take every capability from the containers of a hardened pod."""
    for kind in ("initContainers", "containers"):
        for _, container in each(pod["spec"], kind):
            container["securityContext"]["capabilities"] = {"drop": ["ALL"]}


def _harden(container: Json, amount: Resources) -> None:
    resources = {"cpu": quantities.cpu(amount.cpu_milli), "memory": quantities.memory(amount.memory_bytes)}
    container["resources"] = {"limits": resources, "requests": dict(resources)}
    container["securityContext"] = {
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "seccompProfile": dict(SECCOMP),
    }


def _others(resources: Json, path: str) -> Iterator[str]:
    for kind in ("requests", "limits"):
        for name in resources.get(kind, {}):
            if name not in CPU_AND_MEMORY:
                yield f"{path}.{kind}.{name}"
    if "claims" in resources:
        yield f"{path}.claims"

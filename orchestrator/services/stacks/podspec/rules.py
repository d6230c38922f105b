"""What a pod may not ask for: steps 6 to 20 of the documented order, where the first broken rule counts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.services.stacks.errors import InvalidPodSpec
from orchestrator.services.stacks.podspec import quantities
from orchestrator.services.stacks.targets import PROTOCOLS, Target

HOST = ("hostNetwork", "hostPID", "hostIPC")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Resources:
    """The larger of request and limit, or a sum of them."""

    cpu_milli: int
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Needs:
    """What each init container, each container and the whole pod needs."""

    init: tuple[Resources, ...]
    main: tuple[Resources, ...]
    total: Resources


def checked(pod: Json, targets: Sequence[Target]) -> Needs:
    """Return what the containers need; raise `InvalidPodSpec` for the first rule that is broken."""
    if pod.get("kind", "").lower() != "pod":
        raise InvalidPodSpec("kind must be Pod", path="kind")
    spec = pod["spec"]
    _check_pod(spec)
    _check_volumes(spec.get("volumes") or [])
    if not spec["containers"]:
        raise InvalidPodSpec("at least one container is required", path="spec.containers")
    init = tuple(_checked(container, path, init=True) for path, container in each(spec, "initContainers"))
    main = tuple(_checked(container, path, init=False) for path, container in each(spec, "containers"))
    _check_targets(spec["containers"], targets)
    return Needs(init, main, _total(init, main))


def each(spec: Json, kind: str) -> Iterator[tuple[str, Json]]:
    """Yield the path and the value of every item of a list of the pod's spec."""
    for index, item in enumerate(spec.get(kind) or []):
        yield f"spec.{kind}[{index}]", item


def _refuse_any(spec: Json, fields: Sequence[str], detail: str) -> None:
    for field in fields:
        if field in spec:
            raise InvalidPodSpec(detail, path=f"spec.{field}")


def _check_pod(spec: Json) -> None:
    """Zeros of these fields are left out before, except where even an empty value is forbidden."""
    _refuse_any(spec, HOST, "hostNetwork/hostPID/hostIPC are forbidden")
    _refuse_any(spec, ["securityContext"], "pod securityContext is forbidden in input")
    _refuse_any(spec, ["serviceAccountName", "serviceAccount"], "serviceAccount is forbidden in input")
    _refuse_any(spec, ["nodeName", "runtimeClassName"], "nodeName/runtimeClassName are forbidden in input")
    _refuse_any(spec, ["ephemeralContainers"], "ephemeralContainers are forbidden")


def _check_volumes(volumes: list[Json]) -> None:
    for index, volume in enumerate(volumes):
        path = f"spec.volumes[{index}]"
        if "hostPath" in volume:
            raise InvalidPodSpec("hostPath volume is forbidden", path=f"{path}.hostPath")
        for number, source in enumerate(volume.get("projected", {}).get("sources") or []):
            if "serviceAccountToken" in source:
                raise InvalidPodSpec(
                    "projected serviceAccountToken is forbidden",
                    path=f"{path}.projected.sources[{number}].serviceAccountToken",
                )


def _checked(container: Json, path: str, *, init: bool) -> Resources:
    if not container["name"].strip():
        raise InvalidPodSpec("container name is required", path=f"{path}.name")
    if not container.get("image", "").strip():
        raise InvalidPodSpec("container image is required", path=f"{path}.image")
    if "securityContext" in container:
        raise InvalidPodSpec(
            "container securityContext is forbidden in input", path=f"{path}.securityContext"
        )
    if init and container.get("ports"):
        raise InvalidPodSpec("initContainer ports are forbidden", path=f"{path}.ports")
    resources = _resources(container["resources"])
    if resources.cpu_milli <= 0 or resources.memory_bytes <= 0:
        hint = "Every container needs cpu and memory, as a request or as a limit"
        raise InvalidPodSpec("request/limit must be set", path=f"{path}.resources", hint=hint)
    for index, port in enumerate(container.get("ports") or []):
        _check_port(port, f"{path}.ports[{index}]")
    return resources


def _resources(given: Json) -> Resources:
    def largest(name: str) -> list[quantities.Quantity]:
        asked = (given.get(kind, {}).get(name) for kind in ("requests", "limits"))
        return [quantities.parsed(text) for text in asked if text is not None]

    return Resources(
        max(map(quantities.milli, largest("cpu")), default=0),
        max(map(quantities.whole, largest("memory")), default=0),
    )


def _check_port(port: Json, path: str) -> None:
    if not 1 <= port["containerPort"] <= 65535:
        raise InvalidPodSpec("invalid container port", path=f"{path}.containerPort")
    for field in ("hostPort", "hostIP"):
        if field in port:
            raise InvalidPodSpec("hostPort/hostIP are forbidden", path=f"{path}.{field}")
    if port.get("protocol", "TCP") not in PROTOCOLS:
        raise InvalidPodSpec("protocol must be TCP or UDP", path=f"{path}.protocol")


def _check_targets(containers: list[Json], targets: Sequence[Target]) -> None:
    ports = {
        Target(port["containerPort"], port.get("protocol", "TCP"))
        for container in containers
        for port in container.get("ports") or []
    }
    if not ports:
        detail = "at least one exposed container port is required"
        raise InvalidPodSpec(detail, path="spec.containers[0].ports")
    for index, target in enumerate(targets):
        if target not in ports:
            hint = f"No container has the port {target.container_port}/{target.protocol}"
            detail = "target_port must exist in container ports"
            raise InvalidPodSpec(detail, path=f"target_port[{index}].container_port", hint=hint)


def _total(init: tuple[Resources, ...], main: tuple[Resources, ...]) -> Resources:
    """Init containers run before the others and one at a time, so the largest of them counts."""
    cpu = max(sum(each.cpu_milli for each in main), *(each.cpu_milli for each in init), 0)
    memory = max(sum(each.memory_bytes for each in main), *(each.memory_bytes for each in init), 0)
    if not (0 < cpu <= quantities.MOST and 0 < memory <= quantities.MOST):
        raise InvalidPodSpec("resources are required", path="spec.containers")
    return Resources(cpu, memory)

"""The ports that a service or a pod names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.backends.cluster.port import Kind


@dataclass(frozen=True, slots=True)
class Named:
    """A port as its object names it."""

    number: int
    name: str
    protocol: str
    where: str  # the container that listens, or what the service leads to
    tls: bool  # by its name or number it speaks HTTPS

    @property
    def opens(self) -> bool:
        """Return True if a browser may get an answer there: only TCP goes through an API server."""
        return self.protocol == "TCP"


def of(kind: Kind, manifest: Mapping[str, Any]) -> list[Named]:
    """Return the ports of a service, or of the containers of a pod, in their order."""
    spec = manifest.get("spec") or {}
    if kind is Kind.SERVICES:
        return [
            _named(
                each, number=each.get("port", 0), where=f"target {each.get('targetPort', each.get('port'))}"
            )
            for each in spec.get("ports") or []
        ]
    containers = [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]
    return [
        _named(each, number=each.get("containerPort", 0), where=str(container.get("name", "")))
        for container in containers
        for each in container.get("ports") or []
    ]


def _named(port: Mapping[str, Any], *, number: int, where: str) -> Named:
    name = str(port.get("name") or "")
    # https://kubernetes.io/docs/concepts/services-networking/service/#application-protocol
    spoken = str(port.get("appProtocol") or name).lower()
    tls = spoken == "https" or spoken.startswith("https-") or number == 443
    return Named(number, name, str(port.get("protocol") or "TCP"), where, tls)

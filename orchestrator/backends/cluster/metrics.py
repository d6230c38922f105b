"""What the metrics API says of nodes and pods.

https://github.com/kubernetes/metrics/blob/master/pkg/apis/metrics/v1beta1/types.go
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from orchestrator.backends.cluster.acts import Usage
from orchestrator.backends.cluster.kinds import RESOURCES, Kind, Resource
from orchestrator.backends.cluster.quantities import parsed
from orchestrator.backends.cluster.raw import Raw

KINDS = {  # What is measured has the names and the places of what is watched.
    kind: Resource(
        group="metrics.k8s.io",
        version="v1beta1",
        plural=kind.value,
        kind=f"{kind.word}Metrics",
        namespaced=RESOURCES[kind].namespaced,
    )
    for kind in (Kind.NODES, Kind.PODS)
}


class Place(Raw, gc=False):
    name: str
    namespace: str = ""


class Amounts(msgspec.Struct, frozen=True, gc=False):
    cpu: str = ""
    memory: str = ""


class Container(Raw, gc=False):
    name: str
    usage: Amounts = Amounts()


class Measured(Raw, gc=False):
    """A node, which has a `usage`, or a pod, which has containers."""

    metadata: Place
    timestamp: datetime
    usage: Amounts | None = None
    containers: list[Container] = []


class Answer(Raw):
    items: list[Measured] | None = None


decode = msgspec.json.Decoder(Answer).decode


def from_json(body: bytes) -> list[Usage]:
    """Return the rows of an answer; raise `msgspec.DecodeError` if it is none."""
    return list(_rows(decode(body).items or ()))


def from_objects(items: Sequence[dict[str, Any]]) -> list[Usage]:
    """Return the rows of objects that are dictionaries."""
    return list(_rows(msgspec.convert(items, list[Measured])))


def _rows(items: Iterable[Measured]) -> Iterable[Usage]:
    for item in items:
        parts = [Container("", item.usage)] if item.usage else item.containers
        for part in parts:
            cpu, memory = parsed(part.usage.cpu), parsed(part.usage.memory)
            if cpu is not None and memory is not None:
                place = item.metadata
                yield Usage(
                    name=place.name,
                    namespace=place.namespace,
                    container=part.name,
                    cpu=cpu,
                    memory=int(memory),
                    at=item.timestamp,
                )

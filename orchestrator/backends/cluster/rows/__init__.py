"""From Kubernetes objects to the rows of lists. Pure functions; equal parts of rows are shared in memory."""

from collections.abc import Callable
from typing import Any

import msgspec

from orchestrator.backends.cluster import raw
from orchestrator.backends.cluster.objects import Row
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.cluster.rows import config, core, network, storage, workloads
from orchestrator.backends.cluster.rows.shared import Pool as Pool
from orchestrator.backends.cluster.rows.shared import iso as iso

PROJECTIONS: dict[Kind, tuple[type[Any], Callable[[Any], Row]]] = {
    Kind.PODS: (raw.PodRaw, core.pod),
    Kind.NODES: (raw.NodeRaw, core.node),
    Kind.NAMESPACES: (raw.NamespaceRaw, core.namespace),
    Kind.EVENTS: (raw.EventRaw, core.event),
    **workloads.PROJECTIONS,
    **network.PROJECTIONS,
    **config.PROJECTIONS,
    **storage.PROJECTIONS,
}
DECODERS = {kind: msgspec.json.Decoder(type_) for kind, (type_, _) in PROJECTIONS.items()}


def from_json(kind: Kind, body: bytes | msgspec.Raw) -> Row:
    """Return the row of one object as the API server sends it; raise `msgspec.DecodeError` if it is none."""
    return PROJECTIONS[kind][1](DECODERS[kind].decode(body))


def from_object(kind: Kind, item: dict[str, Any]) -> Row:
    """Return the row of an object that is a dictionary; raise `msgspec.ValidationError` if it is none."""
    type_, project = PROJECTIONS[kind]
    return project(msgspec.convert(item, type_))

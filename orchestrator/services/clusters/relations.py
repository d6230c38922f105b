"""What belongs to an object: the pods it makes or carries, and what happened to it."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from orchestrator.backends.cluster.objects import OwnedPod, Pod, ReplicaSet, Row
from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters import lists, objects
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.lists import Listing, Query


def pods_of(kind: Kind, scope: Scope, name: str) -> Listing:
    """Return the pods that a workload of the scope's namespace owns, by owner references and never by name.

    Rows are `OwnedPod`. Raises what `objects.read` and `lists.required` raise.
    """
    found = objects.read(kind, scope, name)
    return made_by(kind, scope, str(found.manifest["metadata"]["uid"]))


def made_by(kind: Kind, scope: Scope, uid: str) -> Listing:
    """Return the pods that the workload with a uid owns; raise what `lists.required` does."""
    makers = {uid}
    if kind is Kind.DEPLOYMENTS:  # It makes replica sets, which make the pods.
        makers |= _replica_sets(scope, makers)
    listing = lists.required(Kind.PODS, scope, Query())
    owned = [_owned(row) for row in listing.rows if isinstance(row, Pod) and _is_made_by(row, makers)]
    return replace(listing, rows=[*owned], total=len(owned))


def pods_on(scope: Scope, node: str) -> Listing:
    """Return the pods of a node, of one namespace or of all.

    Raises `Missing` if there is no such node, and what `lists.required` raises.
    """
    name = objects.read(Kind.NODES, scope, node).row.name
    return lists.required(Kind.PODS, scope, Query(field_selector=f"spec.nodeName={name}"))


def events_of(kind: Kind, scope: Scope, name: str) -> Listing:
    """Return the events of a day about one object, newest first; those of a node are in any namespace.

    Also about one that is gone: its last events say why. Raises `Missing` if there are neither events nor an
    object, and what `objects.read` and `lists.required` raise.
    """
    name = objects.checked_name(name)
    namespace = objects.required_namespace(kind, scope)
    about = f"involvedObject.kind={kind.word},involvedObject.name={name}"
    place = replace(scope, namespace=namespace or None)
    listing = lists.required(Kind.EVENTS, place, Query(field_selector=about))
    if not listing.rows:
        objects.read(kind, place, name)
    return listing


def _replica_sets(scope: Scope, owners: set[str]) -> set[str]:
    rows: Sequence[Row] = lists.required(Kind.REPLICASETS, scope, Query()).rows
    return {row.uid for row in rows if isinstance(row, ReplicaSet) and row.owner_uid in owners}


def _is_made_by(pod: Pod, makers: set[str]) -> bool:
    return any(each.uid in makers for each in pod.owner_references or ())


def _owned(pod: Pod) -> OwnedPod:
    return OwnedPod(**msgspec.structs.asdict(pod))

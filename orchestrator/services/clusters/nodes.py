"""Acting on nodes: whether they take new pods."""

from dataclasses import replace
from datetime import datetime

from orchestrator.backends.cluster.port import RESOURCES, Cluster, Kind, Patch
from orchestrator.services.access import Caller
from orchestrator.services.clusters import acting
from orchestrator.services.clusters.acting import Act, Done, Target
from orchestrator.services.clusters.contexts import Scope

CORDON = Act(action="Cordon", past="cordoned", verb="patch")
UNCORDON = Act(action="Uncordon", past="uncordoned", verb="patch")


def cordon(caller: Caller, scope: Scope, name: str, *, at: datetime) -> Done:
    """Let a node take no new pods; those that run there stay. Repeating it is fine.

    Raises `Refused` without the scope clusters:write, `InvalidInput` for a bad name, `Missing` without such a
    node, `Forbidden` if the context's user may not do it, and the `BackendError` that keeps it undone.
    """
    node = target(caller, scope, name)
    with acting.attempt(node, CORDON, at=at):
        mark(node.cluster, node.name, unschedulable=True)
    message = f"Node {node.name} takes no new pods. Those that run there stay."
    return Done(target=node, message=message, at=at)


def uncordon(caller: Caller, scope: Scope, name: str, *, at: datetime) -> Done:
    """Let a node take new pods again. Repeating it is fine. Raises what `cordon` raises."""
    node = target(caller, scope, name)
    with acting.attempt(node, UNCORDON, at=at):
        mark(node.cluster, node.name, unschedulable=False)
    return Done(target=node, message=f"Node {node.name} takes new pods again.", at=at)


def target(caller: Caller, scope: Scope, name: str) -> Target:
    """Return a node to act on; raise what `acting.target` raises."""
    return acting.target(caller, Kind.NODES, replace(scope, namespace=None), name)


def mark(cluster: Cluster, name: str, *, unschedulable: bool) -> None:
    """Set whether a node takes new pods. Repeating it is fine. Raises `NotFound` and `BackendError`."""
    body = {"spec": {"unschedulable": unschedulable or None}}
    cluster.patch(RESOURCES[Kind.NODES], body, namespace="", name=name, how=Patch.MERGE)

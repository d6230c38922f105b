"""Deleting objects: just the one that was seen, and never data by mistake."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orchestrator.backends.cluster.port import Kind, Propagation
from orchestrator.errors import InvalidInput, Problem
from orchestrator.services.access import Caller
from orchestrator.services.clusters import acting, contexts, objects
from orchestrator.services.clusters.acting import Act, Done
from orchestrator.services.clusters.contexts import Scope

DELETE = Act(action="Delete", past="deleted", verb="delete")
LONGEST_GRACE = 86400  # seconds
# What is lost with an object for good, whatever becomes of the things it owns.
LOST = {
    Kind.PVCS: "The data on its volume is lost, unless the volume is kept (reclaim policy Retain).",
    Kind.PVS: "The data on it may be lost with it.",
    Kind.NAMESPACES: "Everything in it is deleted with it: workloads, configuration, claims and their data.",
}
CLAIMS_STAY = "Its volume claims stay, and hold their data until somebody deletes them."
CLAIMS_GO = "Its volume claims are deleted with it, and the data on them."


def delete(
    caller: Caller,
    kind: Kind,
    scope: Scope,
    name: str,
    *,
    at: datetime,
    confirm: str = "",
    uid: str = "",
    propagation: str = "",
    grace_seconds: int | None = None,
    dry_run: bool = False,
) -> Done:
    """Ask for an object to be deleted; it may live on until its finalizers are done.

    Where data may be lost, `confirm` must be the name of the object. With `uid` only that very object is
    deleted, and another one of the name is a `Conflict`. `propagation` is Background, Foreground or Orphan,
    and the kind's own if empty; `grace_seconds` are those of the object if None. A dry run checks everything,
    deletes nothing and needs no confirmation. Raises `InvalidInput` for bad values and a missing
    confirmation, and what `acting.target`, `acting.attempt` and `objects.source` raise.
    """
    how = _propagation(propagation)
    if grace_seconds is not None and not 0 <= grace_seconds <= LONGEST_GRACE:
        raise contexts.invalid("gracePeriodSeconds", f"a grace is 0 to {LONGEST_GRACE} seconds")
    target = acting.target(caller, kind, scope, name)
    if not dry_run:
        uid = _confirmed(kind, scope, target.name, confirm=confirm.strip(), uid=uid)
    block = acting.rehearsal(target, DELETE) if dry_run else acting.attempt(target, DELETE, at=at)
    with block:
        target.cluster.delete(
            target.resource,
            namespace=target.namespace,
            name=target.name,
            uid=uid.strip(),
            propagation=how,
            grace_seconds=grace_seconds,
            dry_run=dry_run,
        )
    words = "could be deleted" if dry_run else "deletion initiated"
    return Done(target=target, message=f"{kind.word} {target.name} {words}", at=at)


def lost(kind: Kind, manifest: Mapping[str, Any]) -> str:
    """Return in a sentence which data goes or stays with an object, so that its name must be typed.

    "" if it can be made again from its manifest.
    """
    if kind is not Kind.STATEFULSETS:
        return LOST.get(kind, "")
    spec = manifest["spec"]
    if not spec.get("volumeClaimTemplates"):
        return ""
    # https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#persistentvolumeclaim-retention
    policy = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    return CLAIMS_GO if policy.get("whenDeleted") == "Delete" else CLAIMS_STAY


def _confirmed(kind: Kind, scope: Scope, name: str, *, confirm: str, uid: str) -> str:
    """Return the uid of what alone may be deleted, "" for any; raise `InvalidInput` if it is not meant."""
    manifest: dict[str, Any] = {}
    if kind is Kind.STATEFULSETS:  # Whether data hangs on it is written in the object alone.
        manifest = objects.source(kind, scope, name)
        uid = uid or manifest["metadata"]["uid"]
    what = lost(kind, manifest)
    if what and confirm != name:
        message = f"{what} Repeat the name {name} to delete it."
        raise InvalidInput(message, problems=[Problem("confirm", message)])
    return uid


def _propagation(text: str) -> Propagation | None:
    try:
        return Propagation(text.strip()) if text.strip() else None
    except ValueError:
        words = ", ".join(Propagation)
        raise contexts.invalid("propagationPolicy", f"propagationPolicy is one of {words}") from None

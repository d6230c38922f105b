"""The revisions of a workload that its cluster keeps: which there are, what differs, and the way back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from orchestrator.backends.cluster.objects import Pod, ReplicaSet
from orchestrator.backends.cluster.port import Kind, Patch, Resource
from orchestrator.backends.errors import NotFound
from orchestrator.errors import Missing, NotNow
from orchestrator.services.access import Caller
from orchestrator.services.clusters import acting, contexts, diffs, lists, objects, related, yaml
from orchestrator.services.clusters.acting import Act, Done
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.diffs import Hunk
from orchestrator.services.clusters.lists import Query
from orchestrator.services.clusters.objects import Found

WITH_REVISIONS = (Kind.DEPLOYMENTS, Kind.STATEFULSETS, Kind.DAEMONSETS)
UNDO = Act(action="Roll back", past="rolled back", verb="patch")
CAUSE = "kubernetes.io/change-cause"
NUMBER = "deployment.kubernetes.io/revision"
TEMPLATE_HASH = "pod-template-hash"
POD_HASH = "controller-revision-hash"
# What stateful sets and daemon sets keep in the place of replica sets:
# https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/controller-revision-v1/
CONTROLLER_REVISIONS = Resource(
    group="apps", version="v1", plural="controllerrevisions", kind="ControllerRevision", namespaced=True
)
MOST = 500  # controller revisions in one namespace
PODS_SECONDS = 2.0  # to wait for a list that just began
# https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback
ORDERED = "It waits for pods that are not ready: delete those of the revision that is left."


class Revision(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One pod template that a workload had; `name` is that of the object which keeps it."""

    revision: int
    name: str
    images: tuple[str, ...]
    change_cause: str
    created_at: str
    pods: int  # wanted of a replica set, there of any other
    ready: int
    current: bool  # whether it is the one that is wanted now


@dataclass(frozen=True, slots=True)
class Kept:
    """A revision with what it keeps."""

    revision: Revision
    template: dict[str, Any]


def revisions(kind: Kind, scope: Scope, name: str) -> list[Revision]:
    """Return the revisions of a workload, newest first.

    Replica sets come from a cache, controller revisions from the API server. Raises `InvalidInput` for a kind
    without revisions, and what `objects.read` and `lists.required` raise.
    """
    found = _read(kind, scope, name)
    if kind is Kind.DEPLOYMENTS:
        return [_of_replica_set(row, found) for row in _replica_sets(found, scope)]
    return [kept.revision for kept in _controller_revisions(found, scope)]


def difference(kind: Kind, scope: Scope, name: str, *, revision: int) -> list[Hunk]:
    """Return how the pod template of a revision differs from the present one: what an undo would change.

    Nothing if they agree. Raises `Missing` without such a revision, and what `revisions` raises.
    """
    found = _read(kind, scope, name)
    kept = _kept(found, scope, revision)
    return diffs.unified(yaml.dumped(_present(found)), yaml.dumped(kept.template))


def undo(caller: Caller, kind: Kind, scope: Scope, name: str, *, at: datetime, revision: int = 0) -> Done:
    """Give a workload the pod template of a revision again, of the one before the present if it is 0.

    Nothing else of it changes, but the noted cause of the change. Its cluster keeps that as a new revision.
    Raises `NotNow` while the rollout is paused, or if there is no earlier revision, `Missing` without such a
    revision, and what `revisions`, `acting.target` and `acting.attempt` raise.
    """
    target = acting.target(caller, kind, scope, name)
    with acting.attempt(target, UNDO, at=at) as attempt:
        found = _read(kind, scope, target.name)
        if found.manifest["spec"].get("paused"):
            raise NotNow(f"The rollout of {target.name} is paused. Resume it first.")
        kept = _kept(found, scope, revision)
        attempt.note = f"to revision {kept.revision.revision}"
        changes = patch(found.manifest, kept)
        if changes:
            target.cluster.patch(
                target.resource, changes, namespace=target.namespace, name=target.name, how=Patch.JSON
            )
    message = f"{kind.word} {target.name} goes back to revision {kept.revision.revision}"
    warning = _held_up(found) if changes else "Nothing had to be changed: it has that pod template."
    return Done(target=target, message=message, at=at, warning=warning)


def patch(manifest: Mapping[str, Any], kept: Kept) -> list[dict[str, Any]]:
    """Return what brings a revision back as a JSON patch, nothing if it is there already.

    https://datatracker.ietf.org/doc/html/rfc6902
    """
    if _plain(manifest["spec"]["template"]) == kept.template:
        return []
    annotations = manifest["metadata"].get("annotations") or {}
    before, cause = annotations.get(CAUSE, ""), kept.revision.change_cause
    changes: list[dict[str, Any]] = [{"op": "replace", "path": "/spec/template", "value": kept.template}]
    path = f"/metadata/annotations/{CAUSE.replace('/', '~1')}"
    if cause and not annotations:
        changes.append({"op": "add", "path": "/metadata/annotations", "value": {CAUSE: cause}})
    elif cause != before:
        changes.append(
            {"op": "add", "path": path, "value": cause} if cause else {"op": "remove", "path": path}
        )
    return changes


def _read(kind: Kind, scope: Scope, name: str) -> Found:
    if kind not in WITH_REVISIONS:
        raise contexts.invalid("kind", f"only {', '.join(WITH_REVISIONS)} have revisions")
    return objects.read(kind, scope, name)


def _present(found: Found) -> dict[str, Any]:
    return _plain(found.manifest["spec"]["template"])


def _plain(template: Mapping[str, Any]) -> dict[str, Any]:
    """Return a pod template without what is put into it to tell revisions apart, or to merge it."""
    metadata = {key: value for key, value in (template.get("metadata") or {}).items() if value}
    labels = {key: value for key, value in metadata.get("labels", {}).items() if key != TEMPLATE_HASH}
    rest = {key: value for key, value in template.items() if key != "$patch"}
    return rest | {"metadata": metadata | ({"labels": labels} if labels else {})}


def _kept(found: Found, scope: Scope, number: int) -> Kept:
    """Return a revision by its number, 0 for the newest one that is not current."""
    if found.kind is not Kind.DEPLOYMENTS:
        every = _controller_revisions(found, scope)
        chosen = _chosen([each.revision for each in every], number, found)
        return next(each for each in every if each.revision is chosen)
    rows = _replica_sets(found, scope)
    chosen = _chosen([_of_replica_set(row, found) for row in rows], number, found)
    manifest = scope.cluster.read(Kind.REPLICASETS, namespace=found.row.namespace or "", name=chosen.name)
    return Kept(chosen, _plain(manifest["spec"]["template"]))


def _chosen(every: Sequence[Revision], number: int, found: Found) -> Revision:
    if number == 0:
        earlier = next((each for each in every if not each.current), None)
        if earlier is None:
            raise NotNow(f"{found.row.name} has no earlier revision to go back to.")
        return earlier
    named = next((each for each in every if each.revision == number), None)
    if named is None:
        details = {"resource": "Revision", "identifier": str(number), "name": found.row.name}
        raise Missing(f"Revision not found: {number}", details=details)
    return named


def _replica_sets(found: Found, scope: Scope) -> list[ReplicaSet]:
    """Return the replica sets of a deployment, the newest revision first."""
    inside = Scope(scope.cluster, found.row.namespace or None)
    rows = lists.required(Kind.REPLICASETS, inside, Query()).rows
    uid = found.manifest["metadata"]["uid"]
    owned = [row for row in rows if isinstance(row, ReplicaSet) and row.owner_uid == uid]
    return sorted(owned, key=lambda row: row.revision, reverse=True)


def _of_replica_set(row: ReplicaSet, found: Found) -> Revision:
    annotations = found.manifest["metadata"].get("annotations") or {}
    return Revision(
        revision=row.revision,
        name=row.name,
        images=row.images,
        change_cause=row.change_cause,
        created_at=row.created_at,
        pods=row.desired,
        ready=row.ready,
        current=annotations.get(NUMBER) == str(row.revision),
    )


def _controller_revisions(found: Found, scope: Scope) -> list[Kept]:
    """Return what a stateful set or a daemon set keeps, the newest revision first."""
    namespace = found.row.namespace or ""
    labels = ",".join(f"{key}={value}" for key, value in sorted(_selector(found).items()))
    try:
        rows = scope.cluster.table(CONTROLLER_REVISIONS, namespace=namespace, limit=MOST, labels=labels).rows
    except NotFound:  # A world that keeps none.
        return []
    names = [row.name for row in rows if row.name.startswith(f"{found.row.name}-")]
    manifests = [scope.cluster.get(CONTROLLER_REVISIONS, namespace=namespace, name=name) for name in names]
    uid = found.manifest["metadata"]["uid"]
    owned = [each for each in manifests if _is_owned(each, uid)]
    owned.sort(key=lambda each: int(each["revision"]), reverse=True)
    pods = related.pods(found, _pods(found, scope))
    return [_of_controller_revision(each, pods=pods, current=each is owned[0]) for each in owned]


def _selector(found: Found) -> dict[str, str]:
    return dict((found.manifest["spec"].get("selector") or {}).get("matchLabels") or {})


def _is_owned(manifest: Mapping[str, Any], uid: str) -> bool:
    owners = manifest["metadata"].get("ownerReferences") or []
    return any(each.get("uid") == uid and each.get("controller") for each in owners)


def _pods(found: Found, scope: Scope) -> related.Known:
    inside = Scope(scope.cluster, found.row.namespace or None)
    return related.known((Kind.PODS,), inside, wait_seconds=PODS_SECONDS)


def _of_controller_revision(manifest: Mapping[str, Any], *, pods: Sequence[Pod], current: bool) -> Kept:
    metadata, template = manifest["metadata"], _plain(manifest["data"]["spec"]["template"])
    # Pods of stateful sets bear the whole name, those of daemon sets the hash at its end.
    made = [pod for pod in pods if metadata["name"].endswith(pod.labels.get(POD_HASH, "/"))]
    images = tuple(each["image"] for each in (template.get("spec") or {}).get("containers") or [])
    revision = Revision(
        revision=int(manifest["revision"]),
        name=metadata["name"],
        images=images,
        change_cause=(metadata.get("annotations") or {}).get(CAUSE, ""),
        created_at=metadata["creationTimestamp"].removesuffix("Z") + ".000Z",
        pods=len(made),
        ready=sum(all(each.ready for each in pod.containers) for pod in made),
        current=current,
    )
    return Kept(revision, template)


def _held_up(found: Found) -> str:
    """Return why pods may not be replaced by themselves; "" if they are."""
    spec, status = found.manifest["spec"], found.manifest.get("status") or {}
    ordered = found.kind is Kind.STATEFULSETS and spec.get("podManagementPolicy") != "Parallel"
    return ORDERED if ordered and status.get("readyReplicas", 0) < spec.get("replicas", 1) else ""

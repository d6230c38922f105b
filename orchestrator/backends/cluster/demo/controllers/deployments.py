"""Deployments: a set of pods for each revision, rolled out step by step.

https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
"""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from orchestrator.backends.cluster.demo.controllers import replica_sets
from orchestrator.backends.cluster.demo.controllers.objects import (
    HASH,
    Found,
    annotated,
    condition_of,
    digest,
    owned,
    owner_reference,
    put_spec,
    put_status,
    same_template,
    tell,
)
from orchestrator.backends.cluster.demo.overlay import Draft, Key, fresh, seconds_of, stamp
from orchestrator.backends.cluster.demo.parts import Manifest, condition
from orchestrator.backends.cluster.kinds import Kind

CONTROLLER = "deployment-controller"
REVISION = "deployment.kubernetes.io/revision"


def reconcile(draft: Draft) -> Iterator[datetime]:
    """Yield when a rollout will have taken too long."""
    for key, _ in draft.kept(Kind.DEPLOYMENTS):
        _sync_sets(draft, key)
        yield from _report(draft, key)


def _sync_sets(draft: Draft, key: Key) -> None:
    manifest = _at(draft, key)
    sets = owned(draft, manifest, Kind.REPLICASETS)
    new = _newest(manifest, sets)
    if manifest["spec"].get("paused"):
        return _scale_only(draft, key, sets)
    if new is None:
        new = _add_set(draft, key, manifest, sets)
    manifest = _number(draft, key, new, sets)
    old = [each for each in sets if each[0] != new[0]]
    if manifest["spec"]["strategy"]["type"] == "Recreate":
        _recreate(draft, key, new, old)
    else:
        _roll(draft, key, new, old)
    _forget(draft, manifest, old)


def _at(draft: Draft, key: Key) -> Manifest:
    found = draft.find(key)
    assert found is not None
    return found


def _newest(manifest: Manifest, sets: Sequence[Found]) -> Found | None:
    template = manifest["spec"]["template"]
    return next((each for each in sets if same_template(each[1]["spec"]["template"], template)), None)


def revision_of(manifest: Manifest) -> int:
    """Return the number of a revision; 0 for none."""
    number = (manifest["metadata"].get("annotations") or {}).get(REVISION, "")
    return int(number) if number.isdecimal() else 0


def _add_set(draft: Draft, key: Key, manifest: Manifest, sets: Sequence[Found]) -> Found:
    template = manifest["spec"]["template"]
    letters = digest(template, manifest["metadata"]["uid"], len(sets))
    labels = replica_sets.labels_of(template, letters)
    new = Key(Kind.REPLICASETS, key.namespace, f"{key.name}-{letters}")
    selector = {"matchLabels": (manifest["spec"]["selector"].get("matchLabels") or {}) | {HASH: letters}}
    made = fresh(
        draft, Kind.REPLICASETS, new, labels=labels, ownerReferences=[owner_reference(manifest)], generation=1
    )
    pods = template | {"metadata": (template.get("metadata") or {}) | {"labels": labels}}
    spec: Manifest = {"replicas": 0, "selector": selector, "template": pods}
    if seconds := manifest["spec"].get("minReadySeconds"):
        spec["minReadySeconds"] = seconds
    return new, draft.put(new, made | {"spec": spec, "status": {"replicas": 0}})


def _number(draft: Draft, key: Key, new: Found, sets: Sequence[Found]) -> Manifest:
    """Let the newest set have the highest number, and the deployment say it."""
    new_key, replica_set = new
    last = max((revision_of(each) for other, each in sets if other != new_key), default=0)
    number = revision_of(replica_set)
    if number <= last or number == 0:
        number = last + 1
        draft.put(new_key, annotated(_at(draft, new_key), REVISION, str(number)))
    manifest = _at(draft, key)
    if revision_of(manifest) != number:
        manifest = draft.put(key, annotated(manifest, REVISION, str(number)))
    return manifest


def _scale(draft: Draft, key: Key, found: Key, replicas: int) -> None:
    """Change the size of a set, and tell of it."""
    manifest = _at(draft, found)
    before = manifest["spec"]["replicas"]
    if before == replicas:
        return
    put_spec(draft, found, manifest, replicas=replicas)
    word = "up" if replicas > before else "down"
    message = f"Scaled {word} replica set {found.name} from {before} to {replicas}"
    tell(draft, key, "ScalingReplicaSet", message, by=CONTROLLER)


def _scale_only(draft: Draft, key: Key, sets: Sequence[Found]) -> None:
    """Follow the number of replicas while the rollout is paused: the largest set takes the difference."""
    if sets:
        largest, found = max(sets, key=lambda each: (each[1]["spec"]["replicas"], revision_of(each[1])))
        others = sum(each["spec"]["replicas"] for other, each in sets if other != largest)
        _scale(draft, key, largest, max(0, _at(draft, key)["spec"]["replicas"] - others))


def _recreate(draft: Draft, key: Key, new: Found, old: Sequence[Found]) -> None:
    for found, _ in old:
        _scale(draft, key, found, 0)
    if not any(owned(draft, _at(draft, found), Kind.PODS) for found, _ in old):
        _scale(draft, key, new[0], _at(draft, key)["spec"]["replicas"])


def bounds(manifest: Manifest) -> tuple[int, int]:
    """Return how many pods more and how many fewer than wanted there may be during a rollout."""
    wanted, amounts = manifest["spec"]["replicas"], manifest["spec"]["strategy"].get("rollingUpdate") or {}
    surge = _amount(amounts.get("maxSurge", "25%"), wanted, up=True)
    missing = _amount(amounts.get("maxUnavailable", "25%"), wanted, up=False)
    return surge, missing if surge or missing else 1


def _amount(value: int | str, of: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    share = int(value.rstrip("%")) * of / 100
    return math.ceil(share) if up else math.floor(share)


def _roll(draft: Draft, key: Key, new: Found, old: Sequence[Found]) -> None:
    manifest = _at(draft, key)
    wanted = manifest["spec"]["replicas"]
    surge, missing = bounds(manifest)
    present = _at(draft, new[0])["spec"]["replicas"]
    total = present + sum(each["spec"]["replicas"] for _, each in old)
    if present > wanted:
        return _scale(draft, key, new[0], wanted)
    if present < wanted and total < wanted + surge:
        more = min(wanted - present, wanted + surge - total)
        return _scale(draft, key, new[0], present + more)
    fresh_set = _at(draft, new[0])
    late = fresh_set["spec"]["replicas"] - fresh_set["status"].get("availableReplicas", 0)
    _shrink(draft, key, old, most=total - (wanted - missing) - late, lowest=wanted - missing)


def _shrink(draft: Draft, key: Key, old: Sequence[Found], *, most: int, lowest: int) -> None:
    """Take pods from old sets: first those that do not run, then others as far as enough are left."""
    for found, each in old:
        unwell = each["spec"]["replicas"] - each["status"].get("availableReplicas", 0)
        if (taken := min(most, unwell)) > 0:
            _scale(draft, key, found, each["spec"]["replicas"] - taken)
            most -= taken
    sets = owned(draft, _at(draft, key), Kind.REPLICASETS)
    spare = sum(each["status"].get("availableReplicas", 0) for _, each in sets) - lowest
    for found, _ in old:
        present = _at(draft, found)["spec"]["replicas"]
        if (taken := min(most, spare, present)) > 0:
            _scale(draft, key, found, present - taken)
            most, spare = most - taken, spare - taken


def _forget(draft: Draft, manifest: Manifest, old: Sequence[Found]) -> None:
    """Remove empty sets beyond those that are kept to go back to."""
    empty = [
        (key, each)
        for key, each in old
        if each["spec"]["replicas"] == 0 and not owned(draft, each, Kind.PODS)
    ]
    empty.sort(key=lambda found: revision_of(found[1]), reverse=True)
    for key, _ in empty[manifest["spec"].get("revisionHistoryLimit", 10) :]:
        draft.remove(key)


def _report(draft: Draft, key: Key) -> Iterator[datetime]:
    """Write the status, and yield when the rollout will have taken too long."""
    manifest = _at(draft, key)
    sets = owned(draft, manifest, Kind.REPLICASETS)
    new = _newest(manifest, sets)
    counts = _counts(manifest, [each for _, each in sets], new[1] if new else None)
    progress = _progress(draft, manifest, counts, new[0].name if new else "")
    status = counts | {"conditions": [_availability(draft, manifest, counts), progress]}
    put_status(draft, key, manifest, status)
    if progress["status"] == "True" and progress["reason"] != "NewReplicaSetAvailable":
        yield _deadline(manifest, progress)


def _counts(manifest: Manifest, sets: Sequence[Manifest], new: Manifest | None) -> Manifest:
    def total(name: str) -> int:
        return sum(each["status"].get(name, 0) for each in sets)

    found = {
        "observedGeneration": manifest["metadata"].get("generation", 1),
        "replicas": total("replicas"),
        "updatedReplicas": new["status"].get("replicas", 0) if new else 0,
        "readyReplicas": total("readyReplicas"),
        "availableReplicas": total("availableReplicas"),
    }
    wanted = max(manifest["spec"]["replicas"], sum(each["spec"]["replicas"] for each in sets))
    if missing := wanted - found["availableReplicas"]:
        found["unavailableReplicas"] = missing
    return found


def _availability(draft: Draft, manifest: Manifest, counts: Manifest) -> Manifest:
    _, missing = bounds(manifest)
    enough = counts["availableReplicas"] >= manifest["spec"]["replicas"] - missing
    reasons = ("MinimumReplicasAvailable", "Deployment has minimum availability.")
    if not enough:
        reasons = ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    before = condition_of(manifest, "Available")
    if before and before["status"] == str(enough) and before.get("reason") == reasons[0]:
        return before
    now = stamp(draft.at)
    found = condition("Available", enough, since=now, reason=reasons[0], message=reasons[1])
    return found | {"lastUpdateTime": now}


def _progress(draft: Draft, manifest: Manifest, counts: Manifest, newest: str) -> Manifest:
    before = condition_of(manifest, "Progressing")
    status, reason, message = _course(draft, manifest, counts, newest, before)
    moved = _moved(manifest.get("status") or {}, counts)
    if before and (before["status"], before.get("reason")) == (status, reason) and not moved:
        return before
    now = stamp(draft.at)
    since = before["lastTransitionTime"] if before and before["status"] == status else now
    return {
        "type": "Progressing",
        "status": status,
        "lastUpdateTime": now,
        "lastTransitionTime": since,
        "reason": reason,
        "message": message,
    }


def _moved(before: Manifest, after: Manifest) -> bool:
    """Return True if a rollout got on between two states of it."""
    if before.get("observedGeneration") != after["observedGeneration"]:
        return True
    names = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return any(after[name] > before.get(name, 0) for name in names)


def _course(
    draft: Draft, manifest: Manifest, counts: Manifest, newest: str, before: Manifest | None
) -> tuple[str, str, str]:
    """Return status, reason and message of how the rollout goes."""
    spec, found = manifest["spec"], f'ReplicaSet "{newest}"'
    if spec.get("paused"):
        return "Unknown", "DeploymentPaused", "Deployment is paused"
    done = {counts["replicas"], counts["updatedReplicas"], counts["availableReplicas"]}
    if done == {spec["replicas"]}:
        return "True", "NewReplicaSetAvailable", f"{found} has successfully progressed."
    moved = _moved(manifest.get("status") or {}, counts)
    if before and not moved and before["status"] == "False":
        return "False", before["reason"], before["message"]
    waits = before is not None and not moved and before.get("reason") != "NewReplicaSetAvailable"
    if before and waits and draft.at >= _deadline(manifest, before):
        return "False", "ProgressDeadlineExceeded", f"{found} has timed out progressing."
    return "True", "ReplicaSetUpdated", f"{found} is progressing."


def _deadline(manifest: Manifest, progress: Manifest) -> datetime:
    seconds = manifest["spec"].get("progressDeadlineSeconds", 600)
    return seconds_of(progress["lastUpdateTime"]) + timedelta(seconds=seconds)

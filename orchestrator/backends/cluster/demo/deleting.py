"""How objects of the demo world are deleted, with what they own, and pods evicted."""

from datetime import timedelta

from orchestrator.backends.cluster.acts import Propagation
from orchestrator.backends.cluster.demo import disruptions, failures
from orchestrator.backends.cluster.demo.overlay import Draft, Key, key_of, stamp
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.demo.writing import Target, found
from orchestrator.backends.cluster.kinds import Kind

LASTING_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


def delete(
    draft: Draft,
    target: Target,
    *,
    uid: str = "",
    propagation: Propagation | None = None,
    grace_seconds: int | None = None,
) -> None:
    """Delete an object; what it owns goes with it, unless it is to be orphaned."""
    manifest = found(draft, target)
    present = manifest["metadata"]["uid"]
    if uid and uid != present:
        raise failures.other_uid(target.resource, target.name, wanted=uid, found=present)
    if target.key.kind == Kind.NAMESPACES:
        return _end_namespace(draft, target, manifest)
    if target.key.kind == Kind.PODS:
        return end_pod(draft, target.key, manifest, grace_seconds=grace_seconds)
    if target.key.kind == Kind.NODES:  # Nobody makes its pods in the generated world again.
        for pod in [*draft.each(Kind.PODS)]:
            if pod["spec"].get("nodeName") == target.name:
                draft.take(key_of(Kind.PODS, pod))
    draft.take(target.key)
    draft.remove(target.key)
    release(draft, present, orphan=propagation is Propagation.ORPHAN)


def release(draft: Draft, uid: str, *, orphan: bool) -> None:
    """Do with what a gone object owned as was asked."""
    for key in draft.dependents(uid):
        manifest = draft.find(key)
        if manifest is None:
            continue
        metadata = manifest["metadata"]
        owners = [each for each in metadata["ownerReferences"] if each["uid"] != uid]
        if orphan or owners:
            draft.put(key, manifest | {"metadata": metadata | {"ownerReferences": owners}})
        elif key.kind == Kind.PODS:
            end_pod(draft, key, manifest)
        else:
            draft.remove(key)
            release(draft, metadata["uid"], orphan=False)


def end_pod(draft: Draft, key: Key, manifest: Manifest, *, grace_seconds: int | None = None) -> None:
    """Ask a pod to end: it goes at once if nothing of it runs."""
    metadata = manifest["metadata"]
    asked = manifest["spec"].get("terminationGracePeriodSeconds", 30)
    grace = asked if grace_seconds is None else grace_seconds
    if grace == 0 or not manifest["spec"].get("nodeName"):
        draft.take(key)
        draft.remove(key)
    elif "deletionTimestamp" not in metadata:
        ending = {
            "deletionTimestamp": stamp(draft.at + timedelta(seconds=grace)),
            "deletionGracePeriodSeconds": grace,
        }
        draft.put(key, manifest | {"metadata": metadata | ending})


def _end_namespace(draft: Draft, target: Target, manifest: Manifest) -> None:
    if target.name in LASTING_NAMESPACES:
        raise failures.forbidden(target.resource, target.name, "this namespace may not be deleted")
    metadata = manifest["metadata"]
    if "deletionTimestamp" not in metadata:
        ending = metadata | {"deletionTimestamp": stamp(draft.at)}
        draft.put(target.key, manifest | {"metadata": ending, "status": {"phase": "Terminating"}})


def evict(draft: Draft, target: Target, *, uid: str = "", grace_seconds: int | None = None) -> None:
    """Ask for a pod to be evicted; raise `NotFound`, and `Overloaded` while a budget keeps it."""
    disruptions.check(draft, found(draft, target))
    delete(draft, target, uid=uid, grace_seconds=grace_seconds)

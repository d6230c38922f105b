"""What a request changes in the demo world: objects created, patched, replaced, scaled and deleted."""

import copy
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from orchestrator.backends.cluster.acts import Patch, Propagation
from orchestrator.backends.cluster.demo import failures, merges, rules, served
from orchestrator.backends.cluster.demo.moment import ALPHABET
from orchestrator.backends.cluster.demo.overlay import Draft, Key, stamp
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.kinds import RESOURCES, Kind, Resource

SCALED = (Kind.DEPLOYMENTS, Kind.REPLICASETS, Kind.STATEFULSETS)
LASTING_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
OWN_METADATA = ("uid", "creationTimestamp", "resourceVersion", "generation", "selfLink", "managedFields")


@dataclass(frozen=True, slots=True)
class Target:
    """An object that a request names."""

    resource: Resource
    namespace: str
    name: str

    @property
    def key(self) -> Key:
        place = self.namespace if self.resource.namespaced else ""
        return Key(served.place(self.resource), place, self.name)


def found(draft: Draft, target: Target) -> Manifest:
    """Return an object; raise `NotFound`."""
    manifest = draft.find(target.key)
    if manifest is None:
        raise failures.not_found(target.resource, target.name)
    return manifest


def create(draft: Draft, resource: Resource, manifest: Mapping[str, Any], *, namespace: str) -> Manifest:
    """Create an object and return it; raise what the API server would."""
    fresh = copy.deepcopy(dict(manifest))
    rules.check_envelope(resource, fresh, namespace=namespace)
    metadata = fresh["metadata"] = {
        name: value for name, value in (fresh.get("metadata") or {}).items() if name not in OWN_METADATA
    }
    if resource.namespaced:
        _check_namespace(draft, resource, metadata, namespace)
    if not metadata.get("name") and metadata.get("generateName"):
        letters = draft.draw(resource.id, namespace, metadata["generateName"]).choices(ALPHABET, k=5)
        metadata["name"] = metadata["generateName"] + "".join(letters)
    target = Target(resource, namespace, metadata.get("name", ""))
    metadata["uid"] = str(uuid.UUID(int=draft.draw("uid", *target.key).getrandbits(128), version=4))
    metadata["creationTimestamp"] = stamp(draft.at)
    fresh.pop("status", None)
    fresh = rules.accepted(resource, fresh, before=None)
    if draft.find(target.key) is not None:
        raise failures.exists(resource, target.name)
    return draft.put(target.key, fresh)


def _check_namespace(draft: Draft, resource: Resource, metadata: Manifest, namespace: str) -> None:
    place = draft.find(Key(Kind.NAMESPACES, "", namespace))
    if place is None:
        raise failures.not_found(RESOURCES[Kind.NAMESPACES], namespace)
    if place["status"]["phase"] == "Terminating":
        why = f"unable to create new content in namespace {namespace} because it is being terminated"
        raise failures.forbidden(resource, metadata.get("name", ""), why)
    metadata["namespace"] = namespace


def patch(draft: Draft, target: Target, body: object, *, how: Patch) -> Manifest:
    """Change an object by a patch of any kind but apply, and return it."""
    before = found(draft, target)
    return _store(draft, target, patched(before, body, how=how, own=not _is_custom(target.resource)), before)


def patched(before: Manifest, body: object, *, how: Patch, own: bool = True) -> Any:
    """Return what a patch makes of an object; `own` says that it is a kind that Kubernetes brings."""
    if how is Patch.JSON:
        steps = [body] if isinstance(body, Mapping) else body
        try:
            return merges.stepped(before, steps if isinstance(steps, list) else [steps])
        except merges.Unfit as exc:
            message = "the server rejected our request due to an error in our request"
            raise failures.unprocessable(message) from exc
    if not isinstance(body, Mapping):
        word = "array" if isinstance(body, list) else type(body).__name__
        wanted = "Go value of type map[string]interface {}"
        raise failures.bad_request(f"error decoding patch: json: cannot unmarshal {word} into {wanted}")
    if how is Patch.MERGE:
        return merges.merged(before, body)
    if not own:
        raise failures.unsupported("the body of the request was in an unknown format")
    try:
        return merges.strategic(before, body)
    except merges.Unfit as exc:
        raise failures.bad_request(str(exc)) from exc


def _is_custom(resource: Resource) -> bool:
    return "." in resource.group and not resource.group.endswith(".k8s.io")


def replace(draft: Draft, target: Target, manifest: Mapping[str, Any]) -> Manifest:
    """Put a whole object in the place of what is there, and return it."""
    before = found(draft, target)
    after = copy.deepcopy(dict(manifest))
    kept = {name: before["metadata"][name] for name in OWN_METADATA if name in before["metadata"]}
    after["metadata"] = kept | (after.get("metadata") or {})
    if "status" in before:
        after["status"] = before["status"]
    return _store(draft, target, after, before)


def _store(draft: Draft, target: Target, after: Manifest, before: Manifest) -> Manifest:
    resource, name = target.resource, target.name
    rules.check_envelope(resource, after, namespace=target.namespace)
    rules.check_identity(resource, after, before)
    if str(after["metadata"].get("resourceVersion")) != before["metadata"]["resourceVersion"]:
        raise failures.stale(resource, name)
    accepted = rules.accepted(resource, after, before=before)
    if accepted == before:
        return before
    return draft.put(target.key, accepted)


def scale_of(target: Target, manifest: Manifest) -> Manifest:
    """Return the scale subresource of an object; raise `NotFound` where a kind has none."""
    if target.key.kind not in SCALED:
        raise failures.no_such_path()
    replicas = manifest["spec"].get("replicas", 0)
    shown = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    labels = (manifest["spec"].get("selector") or {}).get("matchLabels", {})
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: manifest["metadata"][name] for name in shown},
        "spec": {"replicas": replicas} if replicas else {},  # A server leaves nought out.
        "status": {
            "replicas": (manifest.get("status") or {}).get("replicas", 0),
            "selector": ",".join(f"{name}={value}" for name, value in sorted(labels.items())),
        },
    }


def scale(draft: Draft, target: Target, body: object, *, how: Patch) -> Manifest:
    """Change how many replicas an object has, by a patch of its scale; return the scale."""
    before = found(draft, target)
    shown = scale_of(target, before)
    after = patched(shown, body, how=how)
    replicas = (after.get("spec") or {}).get("replicas") or 0
    if isinstance(replicas, bool) or not isinstance(replicas, int):
        raise failures.unprocessable(rules.wrong_type("ScaleSpec.spec.replicas", replicas, "int32"))
    if replicas < 0:
        why = failures.value("spec.replicas", replicas, "must be greater than or equal to 0")
        scales = Resource(group="autoscaling", version="v1", plural="scales", kind="Scale", namespaced=True)
        raise failures.invalid(scales, target.name, [why])
    if after["metadata"].get("resourceVersion") != shown["metadata"]["resourceVersion"]:
        raise failures.stale(target.resource, target.name)
    wanted = before | {"spec": before["spec"] | {"replicas": replicas}}
    return scale_of(target, _store(draft, target, wanted, before))


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
    draft.take(target.key)
    draft.remove(target.key)
    _release(draft, present, orphan=propagation is Propagation.ORPHAN)


def _release(draft: Draft, uid: str, *, orphan: bool) -> None:
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
            _release(draft, metadata["uid"], orphan=False)


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
    """Ask for a pod to be evicted; raise `NotFound`."""
    delete(draft, target, uid=uid, grace_seconds=grace_seconds)


def read(draft: Draft, target: Target, *, subresource: str) -> Manifest:
    """Return an object, or a subresource of it; raise `NotFound`."""
    if subresource == "scale":
        return scale_of(target, found(draft, target))
    if subresource not in ("", "status"):
        raise failures.no_such_path()
    return found(draft, target)

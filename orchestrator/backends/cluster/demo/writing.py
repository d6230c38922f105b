"""What a request changes in the demo world: objects created, patched, replaced, scaled and deleted."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.backends.cluster.acts import Patch
from orchestrator.backends.cluster.demo import (
    admission,
    allotting,
    failures,
    managing,
    merges,
    rules,
    schema,
    served,
)
from orchestrator.backends.cluster.demo.moment import ALPHABET
from orchestrator.backends.cluster.demo.overlay import Draft, Key, key_of, stamp
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.kinds import RESOURCES, Kind, Resource

SCALED = (Kind.DEPLOYMENTS, Kind.REPLICASETS, Kind.STATEFULSETS)
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
    fresh = _begun(draft, resource, copy.deepcopy(dict(manifest)), namespace)
    key = key_of(served.place(resource), fresh)
    admission.check(draft, resource, fresh)
    if draft.find(key) is not None:
        raise failures.exists(resource, key.name)
    return draft.put(key, managing.updated(fresh, None, at=stamp(draft.at)))


def _begun(draft: Draft, resource: Resource, fresh: Manifest, namespace: str) -> Manifest:
    """Return a new object with all that a server adds."""
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
    metadata["uid"] = draft.uid(target.key)
    metadata["creationTimestamp"] = stamp(draft.at)
    fresh.pop("status", None)
    fresh = {"apiVersion": resource.api_version, "kind": resource.kind} | fresh
    fresh = admission.completed(draft, resource, fresh, namespace=namespace)
    if metadata.get("name"):
        fresh = allotting.allotted(draft, resource, fresh)
    return rules.accepted(resource, allotting.encoded(fresh), before=None)


def _check_namespace(draft: Draft, resource: Resource, metadata: Manifest, namespace: str) -> None:
    place = draft.find(Key(Kind.NAMESPACES, "", namespace))
    if place is None:
        raise failures.not_found(RESOURCES[Kind.NAMESPACES], namespace)
    if place["status"]["phase"] == "Terminating":
        raise failures.terminating(resource, metadata.get("name", ""), namespace=namespace)
    metadata["namespace"] = namespace


def patch(draft: Draft, target: Target, body: object, *, how: Patch) -> Manifest:
    """Change an object by a patch of any kind but apply, and return it."""
    before = found(draft, target)
    after = patched(before, body, how=how, own=not _is_custom(target.resource))
    return _store(draft, target, after, before, patch=body)


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


def _store(
    draft: Draft,
    target: Target,
    after: Manifest,
    before: Manifest,
    *,
    subresource: str = "",
    patch: object = None,
) -> Manifest:
    resource, name = target.resource, target.name
    rules.check_envelope(resource, after, namespace=target.namespace)
    rules.check_identity(resource, after, before)
    if str(after["metadata"].get("resourceVersion")) != before["metadata"]["resourceVersion"]:
        raise failures.stale(resource, name)
    after = allotting.allotted(draft, resource, after, before=before)
    accepted = rules.accepted(resource, allotting.encoded(after), before=before, patch=patch)
    if _without_managers(accepted) == _without_managers(before):
        return before
    now = stamp(draft.at)
    return draft.put(target.key, managing.updated(accepted, before, at=now, subresource=subresource))


def _without_managers(manifest: Manifest) -> Manifest:
    metadata = {name: each for name, each in manifest["metadata"].items() if name != "managedFields"}
    return manifest | {"metadata": metadata}


def apply(draft: Draft, target: Target, config: object, *, force: bool) -> Manifest:
    """Apply a configuration: create the object, or set, add and drop the fields that we manage; return it."""
    resource = target.resource
    if not isinstance(config, Mapping) or not {"apiVersion", "kind"} <= config.keys():
        raise failures.bad_request("invalid object type: /, Kind=")
    wanted = copy.deepcopy(dict(config))
    metadata = wanted["metadata"] = dict(wanted.get("metadata") or {})
    if "managedFields" in metadata:
        raise failures.bad_request("metadata.managedFields must be nil")
    rules.check_envelope(resource, wanted, namespace=target.namespace)
    rules.check_types(resource, wanted)
    before, now = draft.find(target.key), stamp(draft.at)
    if before is None:
        fresh = _begun(
            draft, resource, wanted | {"metadata": metadata | {"name": target.name}}, target.namespace
        )
        admission.check(draft, resource, fresh)
        owned = managing.applied(None, wanted, force=force, at=now)["metadata"]["managedFields"]
        return draft.put(target.key, fresh | {"metadata": fresh["metadata"] | {"managedFields": owned}})
    if (
        metadata.get("resourceVersion", before["metadata"]["resourceVersion"])
        != before["metadata"]["resourceVersion"]
    ):
        raise failures.stale(resource, target.name)
    after = managing.applied(copy.deepcopy(before), wanted, force=force, at=now)
    rules.check_identity(resource, after, before)
    accepted = rules.accepted(resource, allotting.encoded(after), before=before)
    return before if accepted == before else draft.put(target.key, accepted)


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
        why = schema.sentence(("ScaleSpec", "spec.replicas", replicas, "int32"))
        raise failures.unfit_patch(body, why)
    if replicas < 0:
        why = failures.value("spec.replicas", replicas, "must be greater than or equal to 0")
        scales = Resource(group="autoscaling", version="v1", plural="scales", kind="Scale", namespaced=True)
        raise failures.invalid(scales, target.name, [why])
    if after["metadata"].get("resourceVersion") != shown["metadata"]["resourceVersion"]:
        raise failures.stale(target.resource, target.name)
    wanted = before | {"spec": before["spec"] | {"replicas": replicas}}
    return scale_of(target, _store(draft, target, wanted, before, subresource="scale"))


def read(draft: Draft, target: Target, *, subresource: str) -> Manifest:
    """Return an object, or a subresource of it; raise `NotFound`."""
    if subresource == "scale":
        return scale_of(target, found(draft, target))
    if subresource not in ("", "status"):
        raise failures.no_such_path()
    manifest = found(draft, target)
    if "managedFields" in manifest["metadata"]:
        return manifest
    created = manifest["metadata"].get("creationTimestamp", stamp(draft.at))
    return managing.with_managers(manifest, managing.managers(manifest), at=created)

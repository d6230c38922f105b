"""Which objects the demo cluster accepts: its name, its kind, what may not change, what is filled in."""

import re
from typing import Any

from orchestrator.backends.cluster.demo import defaults, failures
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.kinds import Resource

SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
WORDS = {str: "string", int: "number", float: "number", bool: "bool", list: "array", dict: "object"}
# Members that may not change. Those of a stateful set may not but for a few.
FIXED: dict[str, tuple[tuple[str, ...], ...]] = {
    "Deployment": (("spec", "selector"),),
    "ReplicaSet": (("spec", "selector"),),
    "DaemonSet": (("spec", "selector"),),
    "Job": (("spec", "selector"), ("spec", "template"), ("spec", "completionMode")),
    "Service": (("spec", "clusterIP"),),
    "Secret": (("type",),),
}


def wrong_type(place: str, found: object, wanted: str) -> str:
    """Return what is said of a value that is of another type; `place` is as Go names it."""
    word = WORDS.get(type(found), "null")
    return f"json: cannot unmarshal {word} into Go struct field {place} of type {wanted}"


def check_envelope(resource: Resource, manifest: Any, *, namespace: str) -> None:
    """Raise `Invalid` for an object that is none of its kind, or belongs into another namespace."""
    said, version = manifest.get("kind", resource.kind), manifest.get("apiVersion", resource.api_version)
    if (said, version) != (resource.kind, resource.api_version):
        message = (
            f'{said} in version "{version}" cannot be handled as a {resource.kind}: no kind "{said}" is '
            f'registered for version "{version}" in scheme "pkg/runtime/scheme.go:110"'
        )
        raise failures.bad_request(message)
    metadata = manifest.get("metadata")
    place = metadata.get("namespace") if isinstance(metadata, dict) else None
    if resource.namespaced and place and place != namespace:
        message = "the namespace of the provided object does not match the namespace sent on the request"
        raise failures.bad_request(message)


def check_identity(resource: Resource, after: Manifest, before: Manifest) -> None:
    """Raise `Invalid` for an object that is another one than before, and put its place into it."""
    mine, was = after["metadata"], before["metadata"]
    name = mine.setdefault("name", was["name"])
    if name != was["name"]:
        message = f"the name of the object ({name}) does not match the name on the URL ({was['name']})"
        raise failures.bad_request(message)
    if mine.setdefault("uid", was["uid"]) != was["uid"]:
        why = failures.value("metadata.uid", mine["uid"], "field is immutable")
        raise failures.invalid(resource, name, [why])
    if "namespace" in was:
        mine["namespace"] = was["namespace"]
    mine["creationTimestamp"] = was["creationTimestamp"]


def accepted(resource: Resource, manifest: Manifest, *, before: Manifest | None) -> Manifest:
    """Return an object as it is stored; raise `Invalid` with every reason against it."""
    whole: Manifest = {"apiVersion": resource.api_version, "kind": resource.kind} | manifest
    if before is None and (status := defaults.status_of(resource.kind)) is not None:
        whole["status"] = status
    whole = defaults.filled(whole)
    causes = [*_name(whole["metadata"]), *_fixed(whole, before)]
    if causes:
        raise failures.invalid(resource, whole["metadata"].get("name", ""), causes)
    return _counted(whole, before)


def _name(metadata: Manifest) -> list[str]:
    name = metadata.get("name")
    if not name:
        return [failures.required("metadata.name", "name or generateName is required")]
    if not SUBDOMAIN.fullmatch(name) or len(name) > 253:
        return [failures.value("metadata.name", name, SUBDOMAIN_RULE)]
    return []


def _fixed(manifest: Manifest, before: Manifest | None) -> list[str]:
    if before is None:
        return []
    return [
        failures.value(".".join(path), _at(manifest, path), "field is immutable")
        for path in FIXED.get(manifest["kind"], ())
        if _at(manifest, path) != _at(before, path)
    ]


def _at(manifest: Manifest, path: tuple[str, ...]) -> Any:
    found: Any = manifest
    for part in path:
        found = (found or {}).get(part)
    return found


def _counted(manifest: Manifest, before: Manifest | None) -> Manifest:
    """Return an object whose generation counts the changes of its spec."""
    if "spec" not in manifest:
        return manifest
    generation = 1
    if before is not None:
        generation = before["metadata"].get("generation", 1) + (manifest["spec"] != before.get("spec"))
    return manifest | {"metadata": manifest["metadata"] | {"generation": generation}}

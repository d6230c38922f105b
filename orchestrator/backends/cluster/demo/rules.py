"""Which objects the demo cluster accepts: its name, its kind, what may not change, what is filled in."""

import re
from typing import Any

from orchestrator.backends.cluster.demo import checks, defaults, failures, schema
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.kinds import Resource

SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
EXPECTED = {"int32": "numeric (int or float)", "float64": "numeric (int or float)"}


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


def check_types(resource: Resource, manifest: Manifest) -> None:
    """Raise what an API server answers to an applied configuration that does not fit its kind."""
    _, reading = schema.read(resource, manifest)
    problems = [f".{path}: field not declared in schema" for path in reading.unknown]
    for _, path, value, wanted in reading.wrong:
        problems.append(
            f".{path}: expected {EXPECTED.get(wanted, wanted)}, got {schema.WORDS.get(type(value), 'null')}"
        )
    if problems:
        name = manifest["metadata"].get("name", "")
        kind = f"/{name}; {resource.group}/{resource.version}, Kind={resource.kind}"
        raise failures.unfit(f"failed to create typed patch object ({kind}): {problems[0]}")


def accepted(
    resource: Resource, manifest: Manifest, *, before: Manifest | None, patch: object = None
) -> Manifest:
    """Return an object as it is stored; raise `Invalid` with every reason against it or its patch."""
    whole: Manifest = {"apiVersion": resource.api_version, "kind": resource.kind} | manifest
    whole, reading = schema.read(resource, whole)
    if why := _unreadable(reading):
        if patch is not None:
            raise failures.unfit_patch(patch, why)
        word = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: '
        raise failures.bad_request(word + why)
    if before is None and (status := defaults.status_of(resource.kind)) is not None:
        whole["status"] = status
    whole = defaults.filled(whole)
    wrong = [*(failures.required(path) for path in reading.missing), *_name(whole["metadata"])]
    if not wrong:  # What is missing keeps the rest from being looked at.
        wrong += checks.causes(whole, before)
    if wrong:
        raise failures.invalid(resource, whole["metadata"].get("name", ""), wrong)
    return _counted(whole, before)


def _unreadable(reading: schema.Reading) -> str:
    if reading.wrong:
        return schema.sentence(reading.wrong[0])
    unknown = ", ".join(f'unknown field "{path}"' for path in reading.unknown)
    return f"strict decoding error: {unknown}" if unknown else ""


def _name(metadata: Manifest) -> list[str]:
    name = metadata.get("name")
    if not name:
        return [failures.required("metadata.name", "name or generateName is required")]
    if not SUBDOMAIN.fullmatch(name) or len(name) > 253:
        return [failures.value("metadata.name", name, SUBDOMAIN_RULE)]
    return []


def _counted(manifest: Manifest, before: Manifest | None) -> Manifest:
    """Return an object whose generation counts the changes of its spec."""
    if "spec" not in manifest:
        return manifest
    generation = 1
    if before is not None:
        generation = before["metadata"].get("generation", 1) + (manifest["spec"] != before.get("spec"))
    return manifest | {"metadata": manifest["metadata"] | {"generation": generation}}

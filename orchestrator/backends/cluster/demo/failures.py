"""What the demo cluster answers when it refuses, in the words of a real API server.

The sentences were heard from Kubernetes 1.34; `reason` is the word for programs:
https://github.com/kubernetes/apimachinery/blob/master/pkg/apis/meta/v1/types.go
"""

import json
from collections.abc import Sequence

from orchestrator.backends.cluster.kinds import Resource
from orchestrator.backends.errors import (
    BackendError,
    Cause,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Overloaded,
)

SERVICE = "demo cluster"
WORDS = {
    "Duplicate value": "FieldValueDuplicate",
    "Forbidden": "FieldValueForbidden",
    "Invalid value": "FieldValueInvalid",
    "Not found": "FieldValueNotFound",
    "Required value": "FieldValueRequired",
    "Unsupported value": "FieldValueNotSupported",
}


def not_found(resource: Resource, name: str) -> NotFound:
    return NotFound(f'{resource.id} "{name}" not found', service=SERVICE, status=404, reason="NotFound")


def no_such_path() -> NotFound:
    message = "the server could not find the requested resource"
    return NotFound(message, service=SERVICE, status=404, reason="NotFound")


def exists(resource: Resource, name: str) -> Conflict:
    message = f'{resource.id} "{name}" already exists'
    return Conflict(message, service=SERVICE, status=409, reason="AlreadyExists")


def stale(resource: Resource, name: str) -> Conflict:
    return conflict(
        resource.id,
        name,
        "the object has been modified; please apply your changes to the latest version and try again",
    )


def other_uid(resource: Resource, name: str, *, wanted: str, found: str) -> Conflict:
    word = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    return conflict(
        word,
        name,
        f"the UID in the precondition ({wanted}) does not match the UID in record ({found}). "
        "The object might have been deleted and then recreated",
    )


def conflict(kind: str, name: str, why: str) -> Conflict:
    message = f'Operation cannot be fulfilled on {kind} "{name}": {why}'
    return Conflict(message, service=SERVICE, status=409, reason="Conflict")


def apply_conflict(message: str, causes: Sequence[Cause]) -> Conflict:
    return Conflict(message, service=SERVICE, status=409, reason="Conflict", causes=causes)


def bad_request(message: str) -> Invalid:
    return Invalid(message, service=SERVICE, status=400, reason="BadRequest")


def invalid(resource: Resource, name: str, causes: Sequence[str]) -> Invalid:
    """Return the refusal of an object for what is wrong in it."""
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    why = causes[0] if len(causes) == 1 else f"[{', '.join(causes)}]"
    message = f'{kind} "{name}" is invalid: {why}'
    found = [_cause(each) for each in causes]
    return Invalid(message, service=SERVICE, status=422, reason="Invalid", causes=found)


def _cause(sentence: str) -> Cause:
    """Return a reason in parts: the field, the word for programs, and the rest."""
    field, _, message = sentence.partition(": ")
    return Cause(field=field, message=message, reason=WORDS.get(message.partition(":")[0], ""))


def unprocessable(message: str) -> Invalid:
    return Invalid(message, service=SERVICE, status=422, reason="Invalid")


def unfit_patch(patch: object, why: str) -> Invalid:
    """Return the refusal of a patch that makes an object unreadable; seen on 1.34."""
    cause = value("patch", json.dumps(patch, separators=(",", ":")), why)
    message = f' "" is invalid: {cause}'
    return Invalid(message, service=SERVICE, status=422, reason="Invalid", causes=[_cause(cause)])


def unfit(message: str) -> BackendError:
    """Return the refusal of a configuration that does not fit its kind; it is a 500, seen on 1.34."""
    return BackendError(message, service=SERVICE, status=500)


def forbidden(resource: Resource, name: str, why: str, *, causes: Sequence[Cause] = ()) -> Forbidden:
    message = f'{resource.id} "{name}" is forbidden: {why}'
    return Forbidden(message, service=SERVICE, status=403, reason="Forbidden", causes=causes)


def terminating(resource: Resource, name: str, *, namespace: str) -> Forbidden:
    why = f"unable to create new content in namespace {namespace} because it is being terminated"
    cause = Cause(f"namespace {namespace} is being terminated", "metadata.namespace", "NamespaceTerminating")
    return forbidden(resource, name, why, causes=[cause])


def budget(why: str) -> Overloaded:
    """Return what is said while a disruption budget keeps a pod: `why` names the budget."""
    message = "Cannot evict pod as it would violate the pod's disruption budget."
    causes = [Cause(why, reason="DisruptionBudget")]
    return Overloaded(message, service=SERVICE, status=429, reason="TooManyRequests", causes=causes)


def unsupported(message: str) -> BackendError:
    return BackendError(message, service=SERVICE, status=415, reason="UnsupportedMediaType")


def value(path: str, found: object, why: str) -> str:
    """Return the cause that a value is wrong."""
    return f"{path}: Invalid value: {json.dumps(found, separators=(',', ':'))}: {why}"


def unsupported_value(path: str, found: object, known: Sequence[str]) -> str:
    """Return the cause that a value is none of those that are known."""
    values = ", ".join(map(json.dumps, known))
    return f"{path}: Unsupported value: {json.dumps(found)}: supported values: {values}"


def required(path: str, why: str = "") -> str:
    """Return the cause that a value is missing."""
    return f"{path}: Required value{f': {why}' if why else ''}"

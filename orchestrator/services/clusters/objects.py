"""One object: read whole from its cluster when somebody opens it."""

import re
from dataclasses import dataclass
from typing import Any

from django.utils.timezone import now

from orchestrator.backends.cluster import as_row
from orchestrator.backends.cluster.objects import Row
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import NotFound
from orchestrator.errors import Missing
from orchestrator.services.clusters import contexts, lists
from orchestrator.services.clusters.contexts import Scope

# RFC 1123 subdomain: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Found:
    """An object as its cluster has it now, and the same as a row with its age."""

    kind: Kind
    manifest: dict[str, Any]
    row: Row


def read(kind: Kind, scope: Scope, name: str) -> Found:
    """Return an object of the scope's namespace; it is asked of the API server, not of a cache.

    Raises `InvalidInput` for a bad name or a missing namespace, `Missing` if there is no such object, and the
    `BackendError` that keeps it away.
    """
    if not NAME.fullmatch(name):
        raise contexts.invalid("name", "a name is 1 to 253 lower-case letters, digits, hyphens and dots")
    namespace = required_namespace(kind, scope)
    try:
        manifest = scope.cluster.read(kind, namespace=namespace, name=name)
    except NotFound as exc:
        raise missing(kind, namespace=namespace, name=name) from exc
    return Found(kind, manifest, lists.aged(as_row(kind, manifest), at=now()))


def required_namespace(kind: Kind, scope: Scope) -> str:
    """Return the namespace of a named object, "" for kinds without; raise `InvalidInput` if none is said."""
    if not kind.namespaced:
        return ""
    if scope.namespace is None:
        raise contexts.invalid("namespace", "Namespace parameter is required")
    return scope.namespace


def missing(kind: Kind, *, namespace: str, name: str) -> Missing:
    """Return the error for an object that is not there."""
    place = {"namespace": namespace} if namespace else {}
    details = {"resource": kind.word, "identifier": name, "name": name, **place}
    return Missing(f"{kind.word} not found: {name}", details=details)

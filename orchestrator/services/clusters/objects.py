"""One object: read whole from its cluster when somebody opens it."""

import re
from dataclasses import dataclass
from typing import Any

from django.utils.timezone import now

from orchestrator.backends.cluster import as_detail, as_row, masks
from orchestrator.backends.cluster.objects import Row
from orchestrator.backends.cluster.port import RESOURCES, Kind
from orchestrator.backends.errors import Forbidden, NotFound
from orchestrator.errors import InvalidInput, Missing, Problem
from orchestrator.services.clusters import contexts, lists, refused
from orchestrator.services.clusters.contexts import Scope

# RFC 1123 subdomain: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


NO_NAMESPACE = "Namespace parameter is required"
# Kinds whose objects are looked for in the namespace `default` if none is said.
IN_DEFAULT = {Kind.STATEFULSETS, Kind.DAEMONSETS}


@dataclass(frozen=True, slots=True)
class Found:
    """An object as its cluster has it now, and the same as a row with its age.

    The values of a secret are masked in both.
    """

    kind: Kind
    manifest: dict[str, Any]
    row: Row

    def detail(self) -> Row:
        """Return the row with what one object shows more than a list."""
        return as_detail(self.kind, self.row, self.manifest)


def read(kind: Kind, scope: Scope, name: str) -> Found:
    """Return an object of the scope's namespace; it is asked of the API server, not of a cache.

    Raises `InvalidInput` for a bad name or a missing namespace, `Missing` if there is no such object, and the
    `BackendError` that keeps it away.
    """
    manifest = source(kind, scope, name)
    row = lists.aged(as_row(kind, manifest), at=now())
    if kind is Kind.SECRETS:
        manifest = masks.masked(manifest)
    return Found(kind, manifest, row)


def source(kind: Kind, scope: Scope, name: str) -> dict[str, Any]:
    """Return an object as the API server has it, the values of a secret too; raise what `read` raises."""
    name = checked_name(name)
    namespace = required_namespace(kind, scope)
    try:
        return refused.unless(
            scope.cluster,
            f"get {RESOURCES[kind].id} {namespace}/{name}",
            lambda: scope.cluster.read(kind, namespace=namespace, name=name),
        )
    except NotFound as exc:
        raise missing(kind, namespace=namespace, name=name) from exc
    except Forbidden as exc:
        asked = {"reason": "Forbidden", "verb": "get", "resource": kind.value, "namespace": namespace}
        raise Forbidden(exc.message, service="kubernetes", status=403, details=asked) from exc


def checked_name(name: str) -> str:
    """Return the name of an object without spaces around it; raise `InvalidInput` for what cannot be one."""
    name = name.strip()
    if not NAME.fullmatch(name):
        raise contexts.invalid("name", "a name is 1 to 253 lower-case letters, digits, hyphens and dots")
    return name


def required_namespace(kind: Kind, scope: Scope) -> str:
    """Return the namespace of a named object, "" for kinds without; raise `InvalidInput` if none is said."""
    if not kind.namespaced:
        return ""
    if scope.namespace is None:
        if kind in IN_DEFAULT:
            return "default"
        raise InvalidInput(NO_NAMESPACE, problems=[Problem("namespace", NO_NAMESPACE)])
    return scope.namespace


def missing(kind: Kind, *, namespace: str, name: str) -> Missing:
    """Return the error for an object that is not there."""
    place = {"namespace": namespace} if namespace else {}
    details = {"resource": kind.word, "identifier": name, "name": name, **place}
    return Missing(f"{kind.word} not found: {name}", details=details)

"""Objects of any kind: opened, with their owners and events."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.backends.cluster import masks
from orchestrator.backends.cluster.objects import Event
from orchestrator.backends.cluster.port import RESOURCES, Kind, Resource
from orchestrator.backends.errors import BackendError, Forbidden, NotFound
from orchestrator.errors import InvalidInput, Missing, Problem
from orchestrator.services.clusters import contexts, objects, refused, served
from orchestrator.services.clusters.contexts import Scope

SECRETS = RESOURCES[Kind.SECRETS].id
NAME = re.compile(r"[^/%\s\x00-\x1f\x7f]{1,253}")
# Conditions that are good news while they hold; of others nobody knows what they mean.
GOOD_IF_TRUE = {
    "Accepted",
    "Available",
    "Complete",
    "Established",
    "Healthy",
    "NamesAccepted",
    "Programmed",
    "Ready",
    "Reconciled",
    "ResolvedRefs",
    "Succeeded",
    "Synced",
}
BAD_IF_TRUE = {"Degraded", "Failed", "Stalled"}


@dataclass(frozen=True, slots=True)
class Thing:
    """An object as its cluster has it now; the values of a secret are masked."""

    resource: Resource
    manifest: dict[str, Any]

    @property
    def metadata(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.manifest["metadata"]
        return found

    @property
    def name(self) -> str:
        return str(self.metadata["name"])

    @property
    def namespace(self) -> str:
        return str(self.metadata.get("namespace") or "")


@dataclass(frozen=True, slots=True)
class Owner:
    """Who an object belongs to; `resource` is None if the cluster does not serve such a kind."""

    kind: str
    name: str
    namespace: str
    resource: Resource | None


def read(scope: Scope, resource: Resource, name: str) -> Thing:
    """Return an object of the scope's namespace; it is asked of the API server.

    Raises `InvalidInput` for a bad name or a missing namespace, `Missing` if there is no such object,
    `Forbidden`, and what else keeps it away.
    """
    name = checked_name(name)
    namespace = _namespace(scope, resource)
    try:
        manifest = refused.unless(
            scope.cluster,
            f"get {resource.id} {namespace}/{name}",
            lambda: scope.cluster.get(resource, namespace=namespace, name=name),
        )
    except NotFound as exc:
        place = {"namespace": namespace} if namespace else {}
        details = {"resource": resource.kind, "identifier": name, "name": name, **place}
        raise Missing(f"{resource.kind} not found: {name}", details=details) from exc
    except Forbidden as exc:
        asked = {"reason": "Forbidden", "verb": "get", "resource": resource.id, "namespace": namespace}
        raise Forbidden(exc.message, service="kubernetes", status=403, details=asked) from exc
    manifest = without_bookkeeping(manifest)
    return Thing(resource, masks.masked(manifest) if resource.id == SECRETS else manifest)


def without_bookkeeping(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest without the lists of who manages which field."""
    metadata = {name: value for name, value in manifest["metadata"].items() if name != "managedFields"}
    return {**manifest, "metadata": metadata}


def checked_name(name: str) -> str:
    """Return the name of an object of any kind; raise `InvalidInput` for what cannot be one.

    Some kinds allow more than others: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
    """
    name = name.strip()
    if not NAME.fullmatch(name) or name in (".", ".."):
        raise contexts.invalid("name", "a name has 1 to 253 characters, and no space, / or %")
    return name


def _namespace(scope: Scope, resource: Resource) -> str:
    if not resource.namespaced:
        return ""
    if scope.namespace is None:
        problems = [Problem("namespace", objects.NO_NAMESPACE)]
        raise InvalidInput(objects.NO_NAMESPACE, problems=problems)
    return scope.namespace


def owners(scope: Scope, thing: Thing) -> list[Owner]:
    """Return who an object belongs to, its controller first."""
    found: list[dict[str, Any]] = list(thing.metadata.get("ownerReferences") or ())
    if not found:
        return []
    try:
        known = scope.cluster.resources()
    except BackendError:  # The object was read all the same; its owners are names then.
        known = ()
    found.sort(key=lambda each: not each.get("controller"))
    return [_owner(each, known, thing.namespace) for each in found]


def _owner(reference: Mapping[str, Any], known: Any, namespace: str) -> Owner:
    group = str(reference.get("apiVersion", "")).rpartition("/")[0]
    kind, name = str(reference.get("kind", "")), str(reference.get("name", ""))
    resource = served.by_word(known, group=group, word=kind)
    return Owner(kind, name, namespace if resource and resource.namespaced else "", resource)


def events(scope: Scope, thing: Thing, *, wait_seconds: float) -> tuple[list[Event], bool]:
    """Return the events about an object, newest first, and whether they could be read."""
    cache = scope.cluster.cache(Kind.EVENTS)
    cache.wait(wait_seconds)
    state = cache.state()
    about = (thing.resource.kind, thing.namespace, thing.name)
    found = [
        row
        for row in cache.rows()
        if isinstance(row, Event) and (row.kind, row.namespace or "", row.name) == about
    ]
    found.sort(key=lambda event: event.counts_at or "", reverse=True)
    return found, state.synced and state.covers(scope.namespace)


def conditions(thing: Thing) -> list[Mapping[str, Any]]:
    """Return the conditions of an object, if it has any."""
    status = thing.manifest.get("status")
    found = status.get("conditions") if isinstance(status, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def is_bad(condition: Mapping[str, Any]) -> bool:
    """Return True if a condition is known to say that something is wrong."""
    type_, status = condition.get("type"), condition.get("status")
    return (type_ in GOOD_IF_TRUE and status == "False") or (type_ in BAD_IF_TRUE and status == "True")

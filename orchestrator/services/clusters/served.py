"""Which kinds a cluster serves, found by a word."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestrator.backends.cluster.port import LISTED, RESOURCES, Kind, Resource
from orchestrator.errors import Missing
from orchestrator.services.clusters import contexts
from orchestrator.services.clusters.contexts import Scope

# Plural and group: https://kubernetes.io/docs/reference/using-api/api-concepts/#standard-api-terminology
ID = re.compile(r"[a-z0-9]([-a-z0-9.]{0,314}[a-z0-9])?")
LONGEST_SEARCH = 253
KIND_OF = {RESOURCES[kind].id: kind for kind in LISTED}  # kinds that have caches and pages of their own


@dataclass(frozen=True, slots=True)
class Group:
    """The kinds of one API group, and how many objects of each there are, as far as a cache knows."""

    name: str  # "" is the core group
    kinds: list[tuple[Resource, int | None]]


def kinds(scope: Scope, *, search: str = "") -> list[Resource]:
    """Return the kinds that a cluster serves and that have every word of `search` in one of their names.

    What is called exactly so comes first: by plural, kind or short name. Raises `InvalidInput` for too long a
    search, and `BackendError` if the cluster does not tell.
    """
    if len(search) > LONGEST_SEARCH:
        raise contexts.invalid("search", f"a search has at most {LONGEST_SEARCH} characters")
    words = search.lower().split()
    found = [each for each in scope.cluster.resources() if _has(each, words)]
    return sorted(found, key=lambda each: _rank(each, words)) if words else found


def groups(scope: Scope, *, search: str = "") -> list[Group]:
    """Return the same by group, the core group first; raise what `kinds` raises."""
    by_name: dict[str, list[tuple[Resource, int | None]]] = {}
    counts = _counts(scope)
    for each in kinds(scope, search=search):
        by_name.setdefault(each.group, []).append((each, counts.get(each.id)))
    return [Group(name, by_name[name]) for name in by_name]


def kind(scope: Scope, id_: str) -> Resource:
    """Return a kind by plural and group, such as `storageclasses.storage.k8s.io`.

    Raises `InvalidInput` for what cannot be one, `Missing` if the cluster does not serve it, and
    `BackendError` if it does not tell.
    """
    id_ = id_.strip()
    if not ID.fullmatch(id_):
        sentence = "a kind is its plural, a dot and its group, such as deployments.apps"
        raise contexts.invalid("kind", sentence)
    cluster = scope.cluster
    # It may have been defined since the cluster was asked last.
    found = by_id(cluster.resources(), id_) or by_id(cluster.resources(again=True), id_)
    if found is None:
        details = {"resource": id_, "identifier": id_}
        raise Missing(f"{scope.context.name} serves no kind called {id_}.", details=details)
    return found


def by_id(resources: Iterable[Resource], id_: str) -> Resource | None:
    """Return the kind with this plural and group; None if it is not among them."""
    return next((each for each in resources if each.id == id_), None)


def by_word(resources: Iterable[Resource], *, group: str, word: str) -> Resource | None:
    """Return the kind that manifests of a group call by this word; None if it is not among them."""
    return next((each for each in resources if (each.group, each.kind) == (group, word)), None)


def _names(resource: Resource) -> Sequence[str]:
    return resource.plural, resource.kind.lower(), *resource.short_names, resource.id


def _has(resource: Resource, words: Iterable[str]) -> bool:
    return all(any(word in name for name in _names(resource)) for word in words)


def _rank(resource: Resource, words: Sequence[str]) -> tuple[int, int, str]:
    first, names = words[0], _names(resource)
    begins = any(name.startswith(first) for name in names)
    return (0 if first in names else 1 if begins else 2), len(resource.plural), resource.id


def _counts(scope: Scope) -> dict[str, int]:
    """Return how many objects the caches that run hold, by the id of the kind."""
    found = {}
    for kind, cache in scope.cluster.running().items():
        if not cache.state().synced:
            continue
        rows = cache.peek()
        if scope.namespace and kind.namespaced:
            rows = [row for row in rows if row.key[0] == scope.namespace]
        found[RESOURCES[kind].id] = len(rows)
    return found


def own_page(resource: Resource) -> Kind | None:
    """Return the kind of our own that a served kind is; None if it is shown as the API server prints it."""
    return KIND_OF.get(resource.id)

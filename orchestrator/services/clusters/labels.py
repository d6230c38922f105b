"""Which labels there are in a cluster, and what carries them."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from orchestrator.backends.cluster.objects import Row
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import Forbidden
from orchestrator.services.clusters import contexts, lists, selectors
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.lists import Query

KINDS = (
    Kind.DEPLOYMENTS,
    Kind.STATEFULSETS,
    Kind.DAEMONSETS,
    Kind.PODS,
    Kind.SERVICES,
    Kind.CONFIGMAPS,
    Kind.SECRETS,
    Kind.JOBS,
    Kind.CRONJOBS,
    Kind.INGRESSES,
)


class LabelValue(msgspec.Struct, frozen=True):
    value: str
    count: int


class LabelGroup(msgspec.Struct, frozen=True, rename="camel"):
    """One key; `resource_types` are the kinds that carry it."""

    key: str
    values: tuple[LabelValue, ...]
    total_count: int
    resource_types: tuple[str, ...]


class LabelledResource(msgspec.Struct, frozen=True):
    name: str
    namespace: str
    kind: str
    labels: dict[str, str]
    annotations: dict[str, str]


class Labels(msgspec.Struct, frozen=True, rename="camel"):
    """Groups and their values stand by count, the most frequent first."""

    labels: tuple[LabelGroup, ...]
    resources: tuple[LabelledResource, ...]
    total_resources: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The labels, and whether kinds are missing that may not be read."""

    labels: Labels
    partial: bool


def overview(scope: Scope, *, selector: str = "") -> Overview:
    """Return the labels of what a selector chooses, of everything if it is empty.

    A kind that may not be read is left out. Raises `InvalidInput` for a bad selector, `Forbidden` if no kind
    may be read, and the `BackendError` that keeps a kind away for another reason.
    """
    if selector:
        _check(selector)
    rows: dict[Kind, list[Row]] = {}
    partial, refusal = False, None
    for kind in KINDS:
        scope.cluster.cache(kind)  # All begin to read now, so that a cold start waits once.
    for kind in KINDS:
        try:
            listing = lists.required(kind, scope, Query(label_selector=selector))
        except Forbidden as exc:
            partial, refusal = True, exc
            continue
        rows[kind] = listing.rows
        partial = partial or listing.state.partial
    if refusal and not rows:
        raise refusal
    return Overview(grouped(rows), partial)


def _check(selector: str) -> None:
    try:
        selectors.labels(selector)
    except ValueError as exc:
        raise contexts.invalid("selector", str(exc)) from exc


def grouped(rows: dict[Kind, list[Row]]) -> Labels:
    """Return what rows of several kinds carry."""
    values: dict[str, Counter[str]] = defaultdict(Counter)
    kinds: dict[str, dict[str, None]] = defaultdict(dict)
    for kind, found in rows.items():
        for key, value in (item for row in found for item in row.labels.items()):
            values[key][value] += 1
            kinds[key][kind.word] = None
    groups = [_group(key, counts, tuple(kinds[key])) for key, counts in values.items()]
    groups.sort(key=lambda group: (-group.total_count, group.key))
    resources = tuple(_resources(rows))
    return Labels(tuple(groups), resources, len(resources))


def _group(key: str, counts: Counter[str], kinds: tuple[str, ...]) -> LabelGroup:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return LabelGroup(key, tuple(LabelValue(*item) for item in ordered), counts.total(), kinds)


def _resources(rows: dict[Kind, list[Row]]) -> Iterator[LabelledResource]:
    for kind, found in rows.items():
        for row in found:
            notes = row.annotations or {}
            yield LabelledResource(row.name, row.namespace or "", kind.word, row.labels, notes)

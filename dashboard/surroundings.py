"""What surrounds an object on its page: what it is connected with, and what a namespace holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dashboard import cells
from dashboard.kinds import AREAS, BAD, PAGES
from dashboard.links import Links
from dashboard.shell import Badge, badge_of
from orchestrator.backends.cluster.objects import Pod
from orchestrator.backends.cluster.port import Condition, Kind
from orchestrator.services.clusters import contexts, states
from orchestrator.services.clusters.objects import Found
from orchestrator.services.clusters.related import Group, Reference

MOST_REFERENCES = 12
COUNTED = (  # what the page of a namespace counts
    Kind.PODS,
    *AREAS["deployments"],
    *AREAS["services"],
    *AREAS["configmaps"],
    Kind.PVCS,
    Kind.EVENTS,
)


@dataclass(frozen=True, slots=True)
class Count:
    """How many objects of a kind a namespace holds, with the way to them."""

    title: str
    icon: str
    href: str
    badge: Badge
    unread: str  # why the number is not known; "" if it is


@dataclass(frozen=True, slots=True)
class Line:
    """A reference as the page shows it: linked, with its state if a cache knows it."""

    kind: str
    name: str
    href: str
    icon: str
    state: str


def line(links: Links, each: Reference) -> Line:
    """Return a reference as the page shows it."""
    state = cells.state_of(each.row) if each.row is not None and states.of(each.row) else ""
    href = links.to(each.kind, each.namespace, each.name)
    return Line(each.kind.word, each.name, href, PAGES[each.kind].icon, state)


def lines(links: Links, groups: Iterable[Group]) -> list[tuple[str, list[Line], int]]:
    """Return groups of references: title, the first of them, and how many there are."""
    return [
        (
            group.title,
            [line(links, each) for each in group.references[:MOST_REFERENCES]],
            len(group.references),
        )
        for group in groups
    ]


def chain(
    found: Found, links: Links, *, owners: Sequence[Reference], groups: Sequence[Group]
) -> list[tuple[Line, str]]:
    """Return the way from a service to the node, as far as it is known, for what has pods or is one."""
    row = found.row
    me = Reference(found.kind, row.namespace or "", row.name, row)
    before = [each for group in groups if group.title == "Services" for each in group.references[:1]]
    after = []
    if isinstance(row, Pod) and row.node_name != "Unknown":
        after = [Reference(Kind.NODES, "", row.node_name)]
    way = [*before, *reversed(owners), me, *after]
    if len(way) < 3:
        return []
    return [(line(links, each), "me" if each is me else "") for each in way]


def counts(scope: contexts.Scope, name: str) -> Iterable[Count]:
    """Return how much of what a namespace holds."""
    place, links = replace(scope, namespace=name), Links(scope.context.name)
    for kind in COUNTED:
        page, badge = PAGES[kind], badge_of(kind, place)
        more = {page.state_key: BAD[kind]} if badge.bad else {}
        href = links.listing(kind, name, **more)
        yield Count(page.title, page.icon, href, badge, _unread(kind, place))


def _unread(kind: Kind, scope: contexts.Scope) -> str:
    state = scope.cluster.cache(kind).state()
    if state.condition is Condition.FORBIDDEN or not state.covers(scope.namespace):
        return "not permitted"
    return "" if state.synced else "not read yet"

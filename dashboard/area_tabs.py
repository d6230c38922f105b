"""The kinds of an area, as tabs above the list of each."""

from collections.abc import Iterator
from dataclasses import dataclass

from dashboard.kinds import AREAS, BESIDE, PAGES
from dashboard.links import Links
from dashboard.shell import Badge, badge_of
from orchestrator.services.clusters.contexts import Scope


@dataclass(frozen=True, slots=True)
class Tab:
    """A kind of the same area with the number of its rows."""

    title: str
    href: str
    current: bool
    badge: Badge


def tabs(area: str, scope: Scope, *, current: str) -> Iterator[Tab]:
    """Yield the kinds of an area; `current` is the plural of one, with its group if it has no cache."""
    links = Links(scope.context.name)
    for kind in AREAS.get(area, ()):
        href = links.listing(kind, scope.namespace)
        yield Tab(PAGES[kind].title, href, kind == current, badge_of(kind, scope))
    for id_, title in BESIDE.get(area, {}).items():
        yield Tab(title, links.served(id_, scope.namespace), id_ == current, Badge())

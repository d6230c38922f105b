"""The nodes of a map in words: what each is called, how it is, where it leads, what it is connected with."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from msgspec import UNSET

from dashboard import cells
from dashboard.kinds import PAGES
from dashboard.links import BY_WORD, Links
from dashboard.shell import place_query
from dashboard.templatetags.ui import status
from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters.topology import MapNode, Topology

MOST_LINKS = 3  # of one relation; then the number of the others
WORDS = {  # relation -> what the source does, what the target is to it
    "routes": ("leads to", "reached through"),
    "selects": ("selects", "selected by"),
    "scales": ("scales", "scaled by"),
    "owns": ("makes", "made by"),
    "reads": ("reads", "read by"),
    "claims": ("mounts", "mounted by"),
    "binds": ("is on", "holds"),
    "runsOn": ("on", "carries"),
}
STATES = {"missing": ("unk", "Does not exist"), "unread": ("unk", "Not known")}
RANKS = {"crit": 0, "warn": 1, "prog": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A node as the list shows it; `note` is its kind, or what a group holds."""

    id: str
    kind: str
    title: str
    note: str
    href: str
    glyph: str  # "" for what has no state
    badge: SafeString | str
    connections: SafeString

    @property
    def rank(self) -> int:
        return RANKS.get(self.glyph, len(RANKS))


def lines(found: Topology, links: Links, *, here: str) -> list[Line]:
    """Return the nodes of a map in its own order; `here` is the path of maps."""
    titles = {node.id: (title(node), _href(node, links, here)) for node in found.nodes}
    around = _around(found)
    return [_line(node, titles, around.get(node.id, {})) for node in found.nodes]


def title(node: MapNode) -> str:
    """Return what a person calls a node."""
    if node.kind == "App" and not node.name:
        return "Without an app label"
    if node.kind in ("Nodes", "PersistentVolumes"):
        page = PAGES[BY_WORD[node.kind[:-1]]]
        return f"{node.objects:,} {page.one if node.objects == 1 else page.many}"
    return node.name


def _line(node: MapNode, titles: Mapping[str, tuple[str, str]], around: Mapping[str, list[str]]) -> Line:
    glyph, text, css = _status(node)
    name, href = titles[node.id]
    return Line(
        id=node.id,
        kind=node.kind,
        title=name,
        note=_note(node),
        href=href,
        glyph=glyph,
        badge=status(glyph, text, css) if glyph else "",
        connections=_connections(around, titles),
    )


def _status(node: MapNode) -> tuple[str, str, str]:
    if node.state in STATES:
        return (*STATES[node.state], "quiet")
    glyph, css = cells.GLYPHS.get(node.state, ("", ""))
    return glyph, node.status or _counted(node), css


def _counted(node: MapNode) -> str:
    """Return how the pods of a group are: `1 failing, 4 running`."""
    words = PAGES[Kind.PODS].states
    return ", ".join(f"{count:,} {words[state].lower()}" for state, count in node.counts.items())


def _note(node: MapNode) -> str:
    pods = sum(node.counts.values())
    if node.kind == "Pods":
        return f"{pods:,} pod{'' if pods == 1 else 's'} of a {PAGES[BY_WORD[str(node.workload)]].one}"
    if node.kind in ("App", "Namespace"):
        return f"{node.kind}, {node.objects:,} object{'' if node.objects == 1 else 's'}"
    return "Group" if node.kind not in BY_WORD else node.kind


def _href(node: MapNode, links: Links, here: str) -> str:
    namespace = node.namespace or ""
    if node.kind == "Pods":
        return links.to(BY_WORD[str(node.workload)], namespace, node.name)
    if node.kind == "App":
        return here + place_query(links.context, namespace, q=node.name)
    if node.kind == "Namespace":
        return here + place_query(links.context, node.name)
    if node.kind not in BY_WORD:
        return reverse(f"dashboard:{BY_WORD[node.kind[:-1]]}") + place_query(links.context)
    return links.to(BY_WORD[node.kind], namespace if node.namespace is not UNSET else None, node.name)


def _around(found: Topology) -> dict[str, dict[str, list[str]]]:
    """Return node -> phrase -> ids of the nodes that it connects with."""
    around: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for edge in found.edges:
        forth, back = WORDS[edge.relation]
        around[edge.source][forth].append(edge.target)
        around[edge.target][back].append(edge.source)
    return around


def _connections(around: Mapping[str, list[str]], titles: Mapping[str, tuple[str, str]]) -> SafeString:
    return mark_safe(" · ".join(_phrase(words, ids, titles) for words, ids in around.items()))


def _phrase(words: str, ids: list[str], titles: Mapping[str, tuple[str, str]]) -> str:
    named: Iterable[str] = (
        f'<a href="{escape(titles[each][1])}">{escape(titles[each][0])}</a>' for each in ids[:MOST_LINKS]
    )
    more = f" and {len(ids) - MOST_LINKS:,} more" if len(ids) > MOST_LINKS else ""
    return f"{words} {', '.join(named)}{more}"

"""How far an object is on its way to what was asked of it, above the rest of its page."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestrator.backends.cluster.objects import Pod
from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters import draining, drains, lately, rollouts
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.draining import Entry, State
from orchestrator.services.clusters.drains import Progress
from orchestrator.services.clusters.lately import Lately
from orchestrator.services.clusters.objects import Found

GLYPHS = {"progressing": "prog", "waiting": "sleep", "stuck": "crit", "failed": "crit", "done": "ok"}
TOLD = timedelta(hours=1)  # The end of a drain is shown for so long.
MOST_PODS = 50
GLYPH_OF_POD = {
    State.WAITING: "prog",
    State.EVICTED: "prog",
    State.GONE: "off",
    State.REFUSED: "crit",
    State.STAYS: "off",
}
GLYPH_OF_DRAIN = {
    "running": "prog",
    "cancelling": "prog",
    "done": "ok",
    "cancelled": "off",
    "failed": "crit",
}


@dataclass(frozen=True, slots=True)
class Strip:
    """What an object is about to become; `percent` is None where nothing is counted."""

    glyph: str
    sentence: str
    percent: int | None
    act: Lately | None


@dataclass(frozen=True, slots=True)
class DrainPanel:
    """A drain as the page of its node shows it; `pods` are those that need a look first."""

    progress: Progress
    glyph: str
    done: int
    all: int
    pods: list[tuple[Entry, str]]
    more: int


def of(found: Found, scope: Scope, pods: list[Pod], *, at: datetime) -> Strip | None:
    """Return what is under way with an object, or has just come true; None if nothing is."""
    far = rollouts.progress(found.kind, found.manifest, pods)
    act = lately.done_to(found.kind, scope, found.row.name, at=at)
    # What has failed without anybody acting is told by the reasons on the page.
    if act is None and far.state in ("done", "stuck", "failed"):
        return None
    percent = None if far.fraction is None or far.state == "done" else round(100 * far.fraction)
    return Strip(GLYPHS.get(far.state, "unk"), far.sentence, percent, act)


def drain(kind: Kind, scope: Scope, name: str, *, at: datetime) -> DrainPanel | None:
    """Return the drain of a node that runs, or ended within an hour; None if there is none."""
    found = drains.latest(scope, name) if kind is Kind.NODES else None
    if found is None or (found.over and found.row.ended_at < at - TOLD):
        return None
    counts = draining.counts(found.entries)
    shown = sorted(
        (entry for entry in found.entries if entry.state not in (State.GONE, State.STAYS)),
        key=lambda entry: (entry.state is not State.REFUSED, not entry.reason),
    )
    return DrainPanel(
        progress=found,
        glyph=GLYPH_OF_DRAIN[found.row.state],
        done=counts[State.GONE],
        all=len(found.entries) - counts[State.STAYS],
        pods=[(entry, GLYPH_OF_POD[entry.state]) for entry in shown[:MOST_PODS]],
        more=max(0, len(shown) - MOST_PODS),
    )

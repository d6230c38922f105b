"""What the page of a stack says in sentences: why it runs, when it stops, what happened to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from dashboard.stack_cells import left_to_give, span
from orchestrator.backends.cluster.objects import Event
from orchestrator.services.activity import Line
from orchestrator.services.stacks.reads import View

ICONS = {"error": ("crit", "alert-octagon"), "warning": ("warn", "alert-triangle"), "info": ("ok", "user")}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason why a stack is as it is: a title and a note."""

    icon: str
    title: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to a stack; `lead` is who did it, or the cluster's word for it."""

    at: datetime
    icon: str
    css: str
    lead: str
    text: str
    times: int = 1


def reasons(view: View) -> list[Reason]:
    """Return why a stack runs, or why not, and what becomes of it."""
    asked = view.created_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    return [
        Reason("user", f"{view.actor or 'Somebody'} asked for it", asked),
        _state(view),
        _lifetime(view),
        _end(view),
    ]


def _state(view: View) -> Reason:
    said = " ".join(filter(None, (view.message, "" if view.message else view.reason)))
    match view.status:
        case "creating":
            return Reason("clock", "Its pod is being started", said)
        case "running":
            return Reason("player-play", f"Its pod runs on {view.node_id or 'a node'}", said)
        case "failed":
            title = f"Its pod has failed: {view.reason}" if view.reason else "Its pod has failed"
            return Reason("alert-octagon", title, view.message)
        case "node_deleted":
            note = "Pod, service and node ports were removed. This record stays until the end."
            return Reason("alert-octagon", f"Its node {view.node_id} is gone".replace("  ", " "), note)
        case "stopped" if view.cleaned:
            note = "Pod, service and node ports are gone. This record stays until the end."
            return Reason("player-stop", "Somebody stopped it", note)
        case "stopped":
            return Reason("player-stop", "Its containers have ended by themselves", said)
        case other:
            return Reason("info-circle", other, said)


def _lifetime(view: View) -> Reason:
    whole = int((view.ttl_expires_at - view.created_at).total_seconds())
    most = span(int(settings.STACK_TTL_MAX.total_seconds()))
    rest = left_to_give(view)
    first = span(int(settings.STACK_TTL.total_seconds()))
    note = f"Every stack begins with {first} and may be extended to {most} in all. "
    note += f"{span(rest)} left to give." if rest else "Nothing is left to give."
    return Reason("clock", f"Lifetime {span(whole)}", note)


def _end(view: View) -> Reason:
    if view.cleaned:
        return Reason("trash", "At the end this record is deleted")
    count = len(view.ports)
    ports = {0: "", 1: " and its node port is", 2: " and both node ports are"}.get(
        count, f" and {count} node ports are"
    )
    gone = f"At the end pod and service are deleted{ports + ' released' if ports else ''}"
    return Reason("trash", gone, "Files in the pod are lost. Use does not prolong a stack.")


def story(events: Iterable[Event], lines: Iterable[Line]) -> list[Happening]:
    """Return what happened, newest first: what the cluster told, and what people and controllers did."""
    found = [_told(event) for event in events if event.counts_at]
    found += [_done(line) for line in lines]
    return sorted(found, key=lambda each: each.at, reverse=True)


def _told(event: Event) -> Happening:
    bad = event.type == "Warning"
    return Happening(
        at=datetime.fromisoformat(str(event.counts_at)),
        icon="alert-triangle" if bad else "circle-dot",
        css="warn" if bad else "",
        lead=event.reason,
        text=event.message,
        times=event.count,
    )


def _done(line: Line) -> Happening:
    entry = line.entry
    css, icon = ICONS[entry.level]
    text = entry.text.replace(entry.object, "the stack") if entry.object else entry.text
    return Happening(entry.at, icon, css, entry.actor, text, line.times)

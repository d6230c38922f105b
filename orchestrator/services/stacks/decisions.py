"""What is to be done about a stack: pure, from its row and from what is seen of it in the cluster."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from orchestrator.models import Stack


class Presence(StrEnum):
    THERE = "there"
    ABSENT = "absent"
    UNKNOWN = "unknown"  # what may not be read, or is not read at present


class Part(StrEnum):
    """What a stack lives by."""

    POD = "pod"
    SERVICE = "service"
    NODE = "node"


class Step(StrEnum):
    KEEP = "keep"
    CLEAN = "clean"  # pod, service and ports go; the row stays
    REMOVE = "remove"  # the row goes too


class Why(StrEnum):
    EXPIRED = "expired"
    DELETED = "deleted"
    HALF_MADE = "half_made"
    STOPPED = "stopped"
    NODE_GONE = "node_gone"
    MISSING = "missing"  # its pod or its service is gone while its node lives


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the row of a stack says."""

    wanted: str
    settled: bool
    cleaned: bool
    node_deleted: bool  # its status says so already
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the cluster shows of a stack. Where it has no node yet, there is none to miss: THERE."""

    pod: Presence = Presence.UNKNOWN
    service: Presence = Presence.UNKNOWN
    node: Presence = Presence.UNKNOWN
    node_lost: bool = False  # the pod itself says so


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A step and its reason. `doubts` must be asked of the API server before it is done."""

    step: Step
    why: Why | None = None
    doubts: frozenset[Part] = frozenset()


KEEP = Decision(step=Step.KEEP)


def facts(row: Stack) -> Facts:
    """Return what a decision needs of a row."""
    return Facts(
        wanted=row.wanted,
        settled=row.settled,
        cleaned=row.cleaned_at is not None,
        node_deleted=row.status == Stack.Status.NODE_DELETED,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def decide(facts: Facts, seen: Seen, *, at: datetime, patience: timedelta) -> Decision:
    """Return what is to be done about a stack at a moment.

    A create that is not settled is left alone for `patience`: its maker may be at work. What is unknown is
    never taken for absent, and what rests on absence has doubts.
    """
    if facts.wanted == Stack.Wanted.ABSENT:
        return Decision(step=Step.REMOVE, why=Why.DELETED)
    if not facts.settled:
        over = facts.created_at + patience <= at
        return Decision(step=Step.REMOVE, why=Why.HALF_MADE) if over else KEEP
    if facts.expires_at <= at:
        return Decision(step=Step.REMOVE, why=Why.EXPIRED)
    if facts.cleaned:
        return KEEP
    if facts.wanted == Stack.Wanted.STOPPED:
        return Decision(step=Step.CLEAN, why=Why.STOPPED)
    if facts.node_deleted or seen.node_lost:
        return Decision(step=Step.CLEAN, why=Why.NODE_GONE)
    return _by_absence(seen)


def _by_absence(seen: Seen) -> Decision:
    """Return what follows from what is not there. A node that is gone takes its pods with it in the end."""
    if seen.node is Presence.ABSENT:
        return Decision(step=Step.CLEAN, why=Why.NODE_GONE, doubts=frozenset({Part.NODE}))
    missing = {
        part
        for part, presence in ((Part.POD, seen.pod), (Part.SERVICE, seen.service))
        if presence is Presence.ABSENT
    }
    if not missing:
        return KEEP
    # Whether the node lives decides what becomes of the row, so it is asked for too.
    return Decision(step=Step.REMOVE, why=Why.MISSING, doubts=frozenset(missing | {Part.NODE}))


def confirmed(before: Decision, after: Decision) -> Decision:
    """Return what to do after the doubts of `before` were asked for and `after` was decided on the answers.

    What would rest on something that nobody asked for waits for the next look.
    """
    return after if after.doubts <= before.doubts else KEEP


def next_due(facts: Facts, *, at: datetime, patience: timedelta) -> datetime | None:
    """Return when time alone makes something due for a stack, None if that is in the past already."""
    due = facts.expires_at if facts.settled else facts.created_at + patience
    return due if due > at else None

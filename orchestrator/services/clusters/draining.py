"""What draining a node means for each of its pods. Pure functions over rows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from orchestrator.backends.cluster.objects import Pod
from orchestrator.services.clusters import selectors

# https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/
MIRROR = "kubernetes.io/config.mirror"
FINISHED = ("Succeeded", "Failed")
STATIC = "a static pod, which its node makes from a file"
EVERYWHERE = "its DaemonSet runs one on every node, cordoned or not"
FORCE, DELETE_EMPTY_DIR = "force", "deleteEmptyDirData"
LOST = {  # option -> what is lost with it
    FORCE: "nothing makes it again",
    DELETE_EMPTY_DIR: "what it wrote into its emptyDir volumes is lost",
}


class State(StrEnum):
    WAITING = "waiting"  # for its turn, or for a budget, which `reason` then names
    EVICTED = "evicted"  # the API server agreed; it ends at its own pace
    GONE = "gone"
    REFUSED = "refused"
    STAYS = "stays"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a node is drained. Times are whole seconds; None leaves them to each pod, and without an end."""

    force: bool = False
    delete_empty_dir: bool = False
    grace_seconds: int | None = None
    timeout_seconds: int | None = None
    namespace: str = ""
    pod_selector: str = ""

    @property
    def granted(self) -> frozenset[str]:
        """Return what may be lost."""
        given = {FORCE: self.force, DELETE_EMPTY_DIR: self.delete_empty_dir}
        return frozenset(option for option, value in given.items() if value)


@dataclass(frozen=True, slots=True)
class Planned:
    """A pod and what is to become of it: it `stays` for a reason, or is evicted, which `needs` options."""

    pod: Pod
    stays: str = ""
    needs: tuple[str, ...] = ()

    def refusal(self, options: Options) -> str:
        """Return why it may not be evicted under these options; "" if it may."""
        missing = [need for need in self.needs if need not in options.granted]
        return " and ".join(f"{LOST[need]}, which {need} allows" for need in missing)


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A pod of a drain and how far it is, as the row of the drain keeps it."""

    namespace: str
    name: str
    uid: str
    state: State
    reason: str = ""
    try_at: datetime | None = None  # not before; None is at once

    @property
    def open(self) -> bool:
        """Return True if the drain is not over while this pod is in this state."""
        return self.state in (State.WAITING, State.EVICTED)


def plan(pods: Iterable[Pod]) -> list[Planned]:
    """Return what becomes of each pod of a node, those that are evicted first."""
    return sorted(map(planned, pods), key=lambda each: (bool(each.stays), each.pod.key))


def planned(pod: Pod) -> Planned:
    """Return what becomes of one pod, as `kubectl drain` decides it but for DaemonSets: their pods stay.

    https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/
    """
    if MIRROR in (pod.annotations or {}):
        return Planned(pod, stays=STATIC)
    if pod.phase in FINISHED:  # Its work is done, so nothing is lost.
        return Planned(pod)
    if pod.controller == "DaemonSet":
        return Planned(pod, stays=EVERYWHERE)
    needs = {FORCE: not pod.controller, DELETE_EMPTY_DIR: pod.empty_dir}
    return Planned(pod, needs=tuple(option for option, needed in needs.items() if needed))


def chosen(options: Options, *, node: str) -> Callable[[Pod], bool]:
    """Return a test of the pods that a drain is about; raise `ValueError` for a bad selector."""
    wanted = selectors.labels(options.pod_selector) if options.pod_selector else None

    def test(pod: Pod) -> bool:
        here = pod.node_name == node and options.namespace in ("", pod.namespace)
        return here and (wanted is None or wanted(pod.labels))

    return test


def advanced(entries: Sequence[Entry], pods: Sequence[Pod], *, options: Options) -> list[Entry]:
    """Return how far each pod is, after a look at those that are on the node now.

    Pods that have come since are added.
    """
    present = {pod.uid: pod for pod in pods}
    known = {entry.uid for entry in entries}
    seen = [_seen(entry, present.get(entry.uid)) for entry in entries]
    return seen + [entry_of(each, options) for each in plan(pods) if each.pod.uid not in known]


def _seen(entry: Entry, pod: Pod | None) -> Entry:
    if pod is None:
        went = entry.state is not State.STAYS
        return changed(entry, State.GONE) if went else entry
    if entry.state is State.WAITING and pod.status == "Terminating":
        return changed(entry, State.EVICTED)
    return entry


def entry_of(each: Planned, options: Options) -> Entry:
    """Return how a pod begins."""
    refusal = each.refusal(options)
    state = State.STAYS if each.stays else State.REFUSED if refusal else State.WAITING
    return Entry(
        namespace=each.pod.namespace or "",
        name=each.pod.name,
        uid=each.pod.uid,
        state=state,
        reason=each.stays or refusal,
    )


def changed(entry: Entry, state: State, *, reason: str = "", try_at: datetime | None = None) -> Entry:
    """Return the entry in another state; what was said of the one before is forgotten."""
    return msgspec.structs.replace(entry, state=state, reason=reason, try_at=try_at)


def due(entries: Iterable[Entry], *, at: datetime) -> list[int]:
    """Return the places of the pods whose turn it is."""
    return [
        place
        for place, entry in enumerate(entries)
        if entry.state is State.WAITING and (entry.try_at is None or entry.try_at <= at)
    ]


def counts(entries: Iterable[Entry]) -> dict[State, int]:
    """Return how many pods are in each state, every state named."""
    found = dict.fromkeys(State, 0)
    for entry in entries:
        found[entry.state] += 1
    return found


def names(entries: Iterable[Entry], *, most: int = 3) -> str:
    """Return some pods by name, and how many more there are."""
    every = [f"{entry.namespace}/{entry.name}" for entry in entries]
    more = len(every) - most
    return ", ".join(every[:most]) + (f" and {more} more" if more > 0 else "")

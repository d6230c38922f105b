"""Asks the metrics API of a cluster twice a minute, for as long as somebody looks."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Event, Lock, Thread
from time import monotonic

from django.conf import settings
from django.utils.timezone import now

from orchestrator import live
from orchestrator.backends.cluster.port import Cluster, Kind, Usage
from orchestrator.backends.errors import BackendError, Forbidden, NotFound
from orchestrator.services.clusters.samples import EVERY_SECONDS, Samples

logger = logging.getLogger(__name__)

KINDS = (Kind.PODS, Kind.NODES)
TOPIC = "usage"
NONE_SECONDS = 300.0  # A metrics API is not installed every minute.
REFUSED_SECONDS = 60.0
SHORTEST_SECONDS = 1.0  # between two rounds, however often somebody asks for one


class Condition(StrEnum):
    """How samples stand to their source."""

    STARTING = "starting"  # the first answer is on its way
    LIVE = "live"
    LATE = "late"  # the source does not answer; what is known stays, and grows old
    NONE = "none"  # the cluster serves no metrics API
    REFUSED = "refused"  # the context may not read it


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """What samples know about their source at one moment. Times are aware UTC."""

    condition: Condition
    since: datetime  # when the condition began
    heard_at: datetime | None = None  # the last answer; None before the first
    problem: str = ""  # why, as a sentence for people; "" while all is well
    error: BackendError | None = None  # the same for programs
    only: tuple[str, ...] = ()  # the namespaces that may be read where not all may; () is no limit

    @property
    def known(self) -> bool:
        """Return True if there are samples, fresh or old."""
        return self.heard_at is not None and self.condition in (Condition.LIVE, Condition.LATE)

    def covers(self, namespace: str) -> bool:
        """Return False for a namespace whose use may not be read."""
        return not self.only or not namespace or namespace in self.only


class Source:
    """The samples of one kind of one cluster."""

    def __init__(self, cluster: Cluster, kind: Kind) -> None:
        self.kind = kind
        self.samples = Samples()
        self.state = SourceState(condition=Condition.STARTING, since=now())
        self.decided = Event()
        self.due_at = now()
        self._cluster = cluster
        self._refused_until: datetime | None = None  # for the cluster as a whole

    def ask(self, *, at: datetime) -> None:
        """Take a sample, or note why there is none; say when to ask again."""
        try:
            rows, only = self._rows(at)
        except BackendError as exc:
            self._failed(exc, at=at)
        else:
            self._heard(rows, only, at=at)
        self.decided.set()

    def _rows(self, at: datetime) -> tuple[Sequence[Usage], tuple[str, ...]]:
        """Return what is used, and the namespaces that may be read if not all may; raise `BackendError`."""
        if self._refused_until is None or at >= self._refused_until:
            try:
                rows = self._cluster.usage(self.kind)
            except Forbidden:
                self._refused_until = at + timedelta(seconds=NONE_SECONDS)
                if not self.kind.namespaced:
                    raise
            else:
                self._refused_until = None
                return rows, ()
        return self._rows_by_namespace()

    def _rows_by_namespace(self) -> tuple[Sequence[Usage], tuple[str, ...]]:
        found: list[Usage] = []
        readable: list[str] = []
        refusal: Forbidden | None = None
        for name in settings.CLUSTER_NAMESPACES or (self._cluster.context.namespace,):
            try:
                found += self._cluster.usage(self.kind, namespace=name)
                readable.append(name)
            except Forbidden as exc:
                refusal = exc
        if refusal and not readable:
            raise refusal
        return found, tuple(readable)

    def _heard(self, rows: Sequence[Usage], only: tuple[str, ...], *, at: datetime) -> None:
        if only != self.state.only:
            self.samples.clear()
        self.samples.add(rows, at=at.timestamp())
        was_live = self.state.condition is Condition.LIVE
        since = self.state.since if was_live else at
        self.state = SourceState(condition=Condition.LIVE, since=since, heard_at=at, only=only)
        self.due_at = at + timedelta(seconds=EVERY_SECONDS)

    def _failed(self, error: BackendError, *, at: datetime) -> None:
        condition, seconds = after(error)
        if condition is not Condition.LATE:
            self.samples.clear()  # What may no longer be read is no longer shown.
        same = condition is self.state.condition
        self.state = replace(
            self.state,
            condition=condition,
            since=self.state.since if same else at,
            heard_at=self.state.heard_at if condition is Condition.LATE else None,
            problem=error.message,
            error=error,
        )
        self.due_at = at + timedelta(seconds=seconds)


def after(error: BackendError) -> tuple[Condition, float]:
    """Return what a failure means, and how many seconds later it is worth asking again."""
    if isinstance(error, NotFound):
        return Condition.NONE, NONE_SECONDS
    if isinstance(error, Forbidden):
        return Condition.REFUSED, REFUSED_SECONDS
    return Condition.LATE, EVERY_SECONDS


class Sampler:
    """The sources of one cluster, and the thread that asks them. Any thread may call any method."""

    def __init__(self, cluster: Cluster) -> None:
        self.sources = {kind: Source(cluster, kind) for kind in KINDS}
        self.used_at = monotonic()
        self._cluster = cluster
        self._hurry = Event()
        self._stopped = False

    def start(self) -> None:
        name = f"usage-{self._cluster.context.name}"
        Thread(target=self._run, name=name, daemon=True).start()

    def stop(self) -> None:
        """End the thread soon."""
        self._stopped = True
        self._hurry.set()

    def retry(self) -> None:
        """Ask again at once where there was no answer; never more often than once a second."""
        for source in self.sources.values():
            if source.state.condition is not Condition.LIVE:
                source.due_at = now()
        self._hurry.set()

    def sample(self, *, at: datetime) -> None:
        """Ask each source that is due, and tell who follows."""
        due = [source for source in self.sources.values() if source.due_at <= at]
        for source in due:
            source.ask(at=at)
        if due:
            live.hub.publish(topic(self._cluster.context.name))

    def _run(self) -> None:
        while not self._stopped and not _forgotten(self._cluster):
            try:
                self.sample(at=now())
            except Exception:  # The top of a thread: the next round may do better.
                logger.exception("use of %s was not sampled", self._cluster.context.name)
            due = min(source.due_at for source in self.sources.values())
            self._hurry.wait(max(SHORTEST_SECONDS, (due - now()).total_seconds()))
            self._hurry.clear()


_samplers: dict[Cluster, Sampler] = {}
_lock = Lock()


def of(cluster: Cluster) -> Sampler:
    """Return the sampler of a cluster, which runs from now on for as long as it is used."""
    with _lock:
        sampler = _samplers.get(cluster)
        if sampler is None:
            sampler = _samplers[cluster] = Sampler(cluster)
            sampler.start()
        sampler.used_at = monotonic()
        return sampler


def retry(cluster: Cluster) -> None:
    """Ask the metrics API of a cluster again at once, if it is asked at all."""
    with _lock:
        sampler = _samplers.get(cluster)
    if sampler is not None:
        sampler.retry()


def topic(context: str) -> str:
    """Return what a page follows to hear of new samples."""
    return f"{TOPIC}:{context}:*"


def _forgotten(cluster: Cluster) -> bool:
    """Return True if nobody has looked for long; its samples go then, as a watch that is stopped does."""
    with _lock:
        sampler = _samplers.get(cluster)
        if sampler is None or monotonic() - sampler.used_at <= settings.CACHE_IDLE.total_seconds():
            return sampler is None
        del _samplers[cluster]
        return True

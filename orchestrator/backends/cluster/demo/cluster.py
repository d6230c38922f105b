"""The demo adapter of the port: caches of a world in memory that lives by itself."""

import copy
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from threading import Event, Lock, Thread
from typing import Any

from orchestrator.backends.cluster import rows
from orchestrator.backends.cluster.demo import logs, nodes, shells
from orchestrator.backends.cluster.demo.edits import DemoActs
from orchestrator.backends.cluster.demo.world import World, build
from orchestrator.backends.cluster.objects import Row
from orchestrator.backends.cluster.port import (
    DEMO_CONTEXT,
    Cache,
    CacheState,
    Change,
    ChangeType,
    Condition,
    Context,
    Kind,
    Listener,
    LogQuery,
)
from orchestrator.backends.cluster.store import Store
from orchestrator.backends.errors import NotFound

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class DemoCache(Store):
    """The rows of one kind. It always is current: its source is in the same process."""

    def __init__(self, content: Sequence[Row], *, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._since = self.used_at = clock()
        self.replace(content)

    def rows(self, namespace: str | None = None) -> Sequence[Row]:
        self.used_at = self._clock()
        return super().rows(namespace)

    def peek(self) -> Sequence[Row]:
        return super().rows()

    def get(self, namespace: str, name: str) -> Row | None:
        self.used_at = self._clock()
        return super().get(namespace, name)

    def state(self) -> CacheState:
        return CacheState(condition=Condition.LIVE, since=self._since, heard_at=self._clock(), synced=True)

    def wait(self, seconds: float) -> bool:
        return True

    def retry(self) -> None:
        pass  # This source never fails.

    def become(self, content: Sequence[Row]) -> list[tuple[ChangeType, Row]]:
        """Take over what differs; return it, what is gone first."""
        known = {row.key: row for row in self.peek()}
        fresh = {row.key: row for row in content}
        gone = [self.remove(key) for key in known.keys() - fresh.keys()]
        changed = [row for key, row in fresh.items() if known.get(key) != row]
        return [
            *((ChangeType.DELETED, row) for row in gone if row is not None),
            *((self.put(row), row) for row in changed),
        ]


class DemoCluster(DemoActs):
    """A small world that follows from `seed` and the whole minutes since its start.

    The start is midnight, UTC, of the day that the clock shows: so every process shows the same world without
    a word between them, ages stay believable for ever, and nothing needs to be stored. At midnight the world
    begins again, with the same names. With `evolve=False` it stands still at minute 0, and its start is the
    full hour in which the cluster was made.
    """

    def __init__(
        self, *, seed: int, evolve: bool, listener: Listener | None = None, clock: Clock = utc_now
    ) -> None:
        self.context = Context(name=DEMO_CONTEXT, cluster=DEMO_CONTEXT, user="demo-user", demo=True)
        self._seed = seed
        self._evolve = evolve
        self._listener = listener
        self._clock = clock
        self._lock = Lock()
        self._caches: dict[Kind, DemoCache] = {}
        self._stop: Event | None = None  # of the thread that lets time pass
        self._start, self._minute = self._now() if evolve else (_hour(clock()), 0)

    def world(self) -> World:
        if self._evolve and self._stop is None:  # Nobody asked for a cache yet, so no time passed.
            self._start, self._minute = self._now()
        return build(self._seed, start=self._start, minute=self._minute)

    def now(self) -> datetime:
        return self._clock()

    def cache(self, kind: Kind) -> DemoCache:
        with self._lock:
            cache = self._caches.get(kind)
            if cache is None:
                if not self._caches and self._evolve:
                    self._begin()
                content = self._rows(kind)
                cache = self._caches[kind] = DemoCache(content, clock=self._clock)
        cache.used_at = self._clock()
        return cache

    def running(self) -> dict[Kind, Cache]:
        with self._lock:
            return {**self._caches}

    def stop_unused(self, *, before: datetime) -> None:
        with self._lock:
            self._caches = {kind: each for kind, each in self._caches.items() if each.used_at >= before}
            if not self._caches:
                self._end()

    def read(self, kind: Kind, *, namespace: str, name: str) -> dict[str, Any]:
        for each in self.world()[kind.value]:
            metadata = each["metadata"]
            if (metadata.get("namespace", ""), metadata["name"]) == (namespace, name):
                return copy.deepcopy(each)  # The world is shared.
        raise NotFound(f'{kind} "{name}" not found', service="demo cluster", status=404, reason="NotFound")

    def logs(self, pod: str, *, namespace: str, query: LogQuery) -> logs.DemoLog:
        manifest = self.read(Kind.PODS, namespace=namespace, name=pod)
        return logs.open_log(manifest, query, seed=self._seed, clock=self._clock)

    def shell(
        self, pod: str, *, namespace: str, container: str, command: Sequence[str], tty: bool = True
    ) -> shells.DemoShell:
        manifest = self.read(Kind.PODS, namespace=namespace, name=pod)
        return shells.open_shell(manifest, container=container, command=command, tty=tty, clock=self._clock)

    def version(self) -> str:
        return nodes.VERSION

    def close(self) -> None:
        with self._lock:
            self._caches = {}
            self._end()

    def tick(self, minute: int) -> None:
        """Show the world so many minutes after its start, and tell the listener of what differs.

        Time also passes this way where it stands still by itself.
        """
        self._show(self._start, minute)

    def _show(self, start: datetime, minute: int) -> None:
        with self._lock:
            self._start, self._minute = start, minute
            changes = [
                Change(context=self.context.name, kind=kind, type=type_, row=row)
                for kind, cache in self._caches.items()
                for type_, row in cache.become(self._rows(kind))
            ]
        if self._listener:
            for change in changes:
                self._listener(change)

    def _rows(self, kind: Kind) -> list[Row]:
        return [rows.from_object(kind, each) for each in self.world()[kind.value]]

    def _now(self) -> tuple[datetime, int]:
        now = self._clock()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight, int((now - midnight).total_seconds()) // 60

    def _begin(self) -> None:
        """Let time pass, from the present minute on."""
        self._start, self._minute = self._now()
        self._stop = Event()
        Thread(target=self._live, args=(self._stop,), name="demo-cluster", daemon=True).start()

    def _end(self) -> None:
        if self._stop is not None:
            self._stop.set()
            self._stop = None

    def _live(self, stop: Event) -> None:
        while not stop.wait(60 - self._clock().second):
            try:
                self._show(*self._now())
            except Exception:  # The top of a thread: the next minute may do better.
                logger.exception("the demo cluster did not change")


def _hour(time: datetime) -> datetime:
    return time.replace(minute=0, second=0, microsecond=0)

"""The demo adapter of the port: caches of a world in memory that lives by itself and can be acted on."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from orchestrator.backends.cluster import rows
from orchestrator.backends.cluster.demo import doors, logs, nodes, shells
from orchestrator.backends.cluster.demo.cache import Clock, DemoCache
from orchestrator.backends.cluster.demo.edits import DemoActs, T
from orchestrator.backends.cluster.demo.overlay import Draft
from orchestrator.backends.cluster.demo.present import Present
from orchestrator.backends.cluster.demo.saved import Saved
from orchestrator.backends.cluster.demo.world import World
from orchestrator.backends.cluster.forwards import Door, Knock
from orchestrator.backends.cluster.objects import Row
from orchestrator.backends.cluster.port import (
    DEMO_CONTEXT,
    RESOURCES,
    Cache,
    Change,
    Context,
    Kind,
    Listener,
    LogQuery,
)

logger = logging.getLogger(__name__)
TICK_SECONDS = 1.0


def utc_now() -> datetime:
    return datetime.now(UTC)


class DemoCluster(DemoActs):
    """A small world that follows from `seed` and the whole minutes since its start, and from what people did.

    The start is midnight, UTC, of the day that the clock shows: so every process shows the same world without
    a word between them, ages stay believable for ever, and nothing needs to be stored. At midnight the world
    begins again, with the same names. With `evolve=False` it stands still at minute 0, and its start is the
    full hour in which the cluster was made.

    What people begin goes on from second to second as long as `ticks` says so, as it does by default where
    the world evolves; else by `step` alone. What they did is kept in the file `state`, if there is one,
    and shared with the other processes that keep it there.
    """

    def __init__(
        self,
        *,
        seed: int,
        evolve: bool,
        ticks: bool | None = None,
        state: Path | None = None,
        listener: Listener | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self.context = Context(name=DEMO_CONTEXT, cluster=DEMO_CONTEXT, user="demo-user", demo=True)
        self._evolve = evolve
        self._ticks = evolve if ticks is None else ticks
        self._listener = listener
        self._clock = clock
        self._seed = seed
        self._lock = Lock()
        self._caches: dict[Kind, DemoCache] = {}
        self._stop: Event | None = None  # of the thread that lets time pass
        self._opened, self._stepped = clock(), timedelta()
        start, minute = self._today() if evolve else (_hour(self._opened), 0)
        saved = Saved(state, seed=seed) if state else None
        self._present = Present(seed=seed, start=start, minute=minute, at=self._opened, saved=saved)

    def world(self) -> World:
        with self._lock, self._present.alone():
            self._move()
            return self._present.world()

    def now(self) -> datetime:
        return self._time(self._present.minute)

    def cache(self, kind: Kind) -> DemoCache:
        with self._lock:
            cache = self._caches.get(kind)
            if cache is None:
                if not self._caches:
                    self._begin()
                cache = self._caches[kind] = DemoCache(self._rows(kind), clock=self._clock)
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
        return self.get(RESOURCES[kind], namespace=namespace, name=name)

    def logs(self, pod: str, *, namespace: str, query: LogQuery) -> logs.DemoLog:
        manifest = self.read(Kind.PODS, namespace=namespace, name=pod)
        return logs.open_log(manifest, query, seed=self._seed, clock=self._clock)

    def shell(
        self, pod: str, *, namespace: str, container: str, command: Sequence[str], tty: bool = True
    ) -> shells.DemoShell:
        manifest = self.read(Kind.PODS, namespace=namespace, name=pod)
        return shells.open_shell(manifest, container=container, command=command, tty=tty, clock=self._clock)

    async def knock(self, door: Door, knock: Knock) -> doors.DemoReply:
        return await asyncio.to_thread(doors.answer, self, door, knock)

    async def dial(self, door: Door, knock: Knock, *, protocols: Sequence[str] = ()) -> doors.DemoSocket:
        return await asyncio.to_thread(doors.opened, self, door, protocols)

    def version(self) -> str:
        return nodes.VERSION

    def close(self) -> None:
        with self._lock:
            self._caches = {}
            self._end()

    def act(self, change: Callable[[Draft], T], *, dry_run: bool = False) -> T:
        with self._lock, self._present.alone():
            self._move()
            draft = self._present.draft()
            result = change(draft)
            if dry_run:
                return result
            self._present.keep(draft)
            changes = self._changes()
        self._tell(changes)
        return result

    def draft(self) -> Draft:
        with self._lock, self._present.alone():
            self._move()
            return self._present.draft()

    def reset(self) -> None:
        """Forget what people did to this world."""
        with self._lock, self._present.alone():
            self._move()
            self._present.reset()
            changes = self._changes()
        self._tell(changes)

    def tick(self, minute: int) -> None:
        """Show the world so many minutes after its start, and tell the listener of what differs.

        Time also passes this way where it stands still by itself.
        """
        self._show(self._present.start, minute)

    def step(self, seconds: float) -> None:
        """Let so much time pass for what people began, where it does not pass by itself."""
        self._stepped += timedelta(seconds=seconds)
        self._show(self._present.start, self._present.minute)

    def _show(self, start: datetime, minute: int) -> None:
        with self._lock, self._present.alone():
            self._present.move(start=start, minute=minute, at=self._time(minute))
            changes = self._changes()
        self._tell(changes)

    def _move(self) -> None:
        """Catch up with the clock, which nobody watched if no cache is used."""
        start, minute = self._present.start, self._present.minute
        if self._evolve and self._stop is None:
            start, minute = self._today()
        self._present.move(start=start, minute=minute, at=self._time(minute))

    def _changes(self) -> list[Change]:
        """Let the caches take over what differs; return it, to be told of."""
        return [
            Change(context=self.context.name, kind=kind, type=type_, row=row)
            for kind, cache in self._caches.items()
            for type_, row in cache.become(self._rows(kind))
        ]

    def _tell(self, changes: list[Change]) -> None:
        if self._listener:
            for change in changes:
                self._listener(change)

    def _rows(self, kind: Kind) -> list[Row]:
        return [rows.from_object(kind, each) for each in self._present.world()[kind.value]]

    def _time(self, minute: int) -> datetime:
        """Return the time for what people do: the clock's, or what passed where it stands still."""
        return self._clock() if self._ticks else self._opened + timedelta(minutes=minute) + self._stepped

    def _today(self) -> tuple[datetime, int]:
        now = self._clock()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight, int((now - midnight).total_seconds()) // 60

    def _begin(self) -> None:
        """Let time pass, from the present minute on."""
        with self._present.alone():
            self._move()
        if self._ticks:
            self._stop = Event()
            Thread(target=self._live, args=(self._stop,), name="demo-cluster", daemon=True).start()

    def _end(self) -> None:
        if self._stop is not None:
            self._stop.set()
            self._stop = None

    def _live(self, stop: Event) -> None:
        while not stop.wait(TICK_SECONDS):
            try:
                start, minute = self._today() if self._evolve else (self._present.start, 0)
                if self._present.is_due(start=start, minute=minute, at=self._clock()):
                    self._show(start, minute)
            except Exception:  # The top of a thread: the next second may do better.
                logger.exception("the demo cluster did not change")


def _hour(time: datetime) -> datetime:
    return time.replace(minute=0, second=0, microsecond=0)

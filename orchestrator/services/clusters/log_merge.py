"""Several logs as one: merged to the end of all, or followed while pods come and go."""

import asyncio
import heapq
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from orchestrator.backends.errors import BackendError
from orchestrator.errors import DomainError
from orchestrator.services.clusters import logs, workload_logs
from orchestrator.services.clusters.log_lines import divided
from orchestrator.services.clusters.log_tail import MOST_BYTES, MOST_WAITING, Tail
from orchestrator.services.clusters.logs import Filter, Log
from orchestrator.services.clusters.workload_logs import Sources, Workload, moment, source_of

AT_ONCE = 500  # lines
WINDOW_SECONDS = 0.5  # Lines of different nodes that come within it are put in order.
LOOK_SECONDS = 1.0  # between two looks at which pods there are
TRY_AGAIN_SECONDS = 3.0  # to open a log that broke or could not be opened
PAUSE_SECONDS = 0.01  # after a full batch, for each log: 50,000 lines a second are enough for anybody


@dataclass(frozen=True, slots=True)
class Line:
    """A line of one of the logs."""

    pod: str
    container: str
    line: bytes


@dataclass(frozen=True, slots=True)
class News:
    """What came: lines in order, how many were dropped, which logs began and ended, which are too many."""

    lines: list[Line]
    missed: int
    joined: list[str]
    left: list[str]
    left_out: list[str]


async def whole(sources: list[Log]) -> AsyncIterator[list[Line]]:
    """Yield all lines of several logs in the order of time, some at a time.

    Memory does not grow with the logs: each waits until it is its turn. One that cannot be read is left out;
    the `BackendError` of one that breaks is raised.
    """
    opened = await asyncio.gather(*(_opened(log, follow=False) for log in sources))
    tails = [(log, tail) for log, tail in zip(sources, opened, strict=True) if tail is not None]
    try:
        async for lines in _merged(tails):
            yield lines
    finally:
        for _, tail in tails:
            tail.leave()


async def _merged(tails: list[tuple[Log, Tail]]) -> AsyncIterator[list[Line]]:
    waiting: list[deque[bytes]] = [deque() for _ in tails]
    heads: list[tuple[str, int]] = []

    async def advance(at: int) -> None:
        if not waiting[at]:
            batch = await tails[at][1].next(AT_ONCE)
            if batch is None:
                return
            waiting[at].extend(batch.lines)
        heapq.heappush(heads, (_moment(waiting[at][0]), at))

    for at in range(len(tails)):
        await advance(at)
    lines: list[Line] = []
    while heads:
        _, at = heapq.heappop(heads)
        log = tails[at][0]
        lines.append(Line(log.pod, log.container, waiting[at].popleft()))
        if len(lines) >= AT_ONCE:
            yield lines
            lines = []
        await advance(at)
    yield lines


class Follower:
    """The lines that the containers of a workload write from now on. Whoever makes one leaves it in the end.

    At most `MOST_WAITING` lines wait to be taken; older ones are dropped and counted.
    """

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._runs: dict[str, Run] = {}
        self._waiting: deque[tuple[float, str, Line]] = deque()  # when it came, its moment
        self._size = self._missed = 0
        self._joined: list[str] = []
        self._left: list[str] = []
        self._left_out: list[str] = []
        self._changed = asyncio.Event()
        self._ended = False
        self._clock: Callable[[], float] = asyncio.get_running_loop().time
        self._watch = asyncio.create_task(self._look())
        self._watch.add_done_callback(lambda _: self._changed.set())

    async def next(self) -> News | None:
        """Wait for news and return it; None once every pod of a job has ended.

        Raises the error that keeps the pods away.
        """
        while not (self._waiting or self._joined or self._left or self._missed):
            if self._watch.done():  # It only ends by an error.
                self._watch.result()
            if self._ended and not self._tasks:
                return None
            self._changed.clear()
            await self._changed.wait()
        if self._waiting:
            await self._ripen()
        found = News(self._taken(), self._missed, self._joined, self._left, self._left_out)
        self._missed, self._joined, self._left = 0, [], []
        return found

    async def leave(self) -> None:
        """Close all logs. Twice is not an error."""
        tasks = [self._watch, *self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ripen(self) -> None:
        """Wait until the first line has waited long enough, or until half of the room is taken."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._waiting[0][0] + WINDOW_SECONDS):
                while len(self._waiting) <= MOST_WAITING // 2:
                    self._changed.clear()
                    await self._changed.wait()

    def _taken(self) -> list[Line]:
        """Take what has waited long enough, the older half of a flood, and all that was written before it."""
        old = self._clock() - WINDOW_SECONDS
        if len(self._waiting) > MOST_WAITING // 2:
            horizon = sorted(written for _, written, _ in self._waiting)[len(self._waiting) // 2]
        else:
            horizon = max((written for came, written, _ in self._waiting if came <= old), default="")
        ready = sorted((each for each in self._waiting if each[1] <= horizon), key=lambda each: each[1])
        self._waiting = deque(each for each in self._waiting if each[1] > horizon)
        self._size = sum(len(line.line) for _, _, line in self._waiting)
        return [line for _, _, line in ready]

    def _put(self, log: Log, lines: list[bytes], missed: int) -> None:
        came = self._clock()
        for line in lines:
            self._waiting.append((came, _moment(line), Line(log.pod, log.container, line)))
            self._size += len(line)
        self._missed += missed
        while len(self._waiting) > MOST_WAITING or (self._size > MOST_BYTES and len(self._waiting) > 1):
            self._size -= len(self._waiting.popleft()[2].line)
            self._missed += 1
        self._changed.set()

    async def _look(self) -> None:
        """Begin to read what is new, for as long as somebody follows."""
        seen: object = None
        while True:
            version = workload_logs.version(self._workload)
            if seen is None or version != seen:
                seen, found = version, await asyncio.to_thread(workload_logs.sources, self._workload)
            self._begin(found)
            self._changed.set()
            await asyncio.sleep(LOOK_SECONDS)

    def _begin(self, found: Sources) -> None:
        """Open the logs that are not open and have something to say."""
        first, self._left_out = not self._runs, found.left_out
        for log in found.logs:
            name = source_of(log)
            run = self._runs.setdefault(name, Run())
            now = found.restarts[name]
            due = run.tried_at + TRY_AGAIN_SECONDS <= self._clock()
            if name not in self._tasks and due and run.ended != now and self._has_room():
                run.tried_at, run.restarts = self._clock(), now
                self._tasks[name] = asyncio.create_task(self._read(_asked(log, run, first), run))
        self._ended = found.done and not self._tasks
        gone = self._runs.keys() - found.restarts.keys() - self._tasks.keys()
        for name in gone:
            del self._runs[name]

    def _has_room(self) -> bool:
        return len(self._tasks) < workload_logs.MOST_STREAMS

    async def _read(self, log: Log, run: "Run") -> None:
        """Read one log to its end."""
        name = source_of(log)
        tail = None
        try:
            tail = await _opened(log, follow=True)
            if tail is None:
                return
            if run.told != run.restarts:
                run.told = run.restarts
                self._joined.append(name)
                self._changed.set()
            with suppress(BackendError):  # One that breaks is opened again while its pod is there.
                while (batch := await tail.next(AT_ONCE)) is not None:
                    self._put(log, batch.lines, batch.missed)
                    run.last = next((stamp for stamp in map(_stamp, batch.lines[-1:]) if stamp), run.last)
                    if (
                        len(batch.lines) == AT_ONCE
                    ):  # A flood: others get their turn, and the log drops lines.
                        await asyncio.sleep(PAUSE_SECONDS * len(self._tasks))
                run.ended = run.restarts
                self._left.append(name)
        finally:
            if tail is not None:
                tail.leave()
            self._tasks.pop(name, None)
            self._changed.set()


@dataclass(slots=True)
class Run:
    """What is known of a container whose log is read: its run is the number of its restarts."""

    tried_at: float = -TRY_AGAIN_SECONDS
    restarts: int = 0  # when it was opened
    told: int | None = None  # the run that readers were told of
    ended: int | None = None  # the run whose log was read to its end
    last: str = ""  # stamp of the last line


def _asked(log: Log, run: Run, first: bool) -> Log:
    """Return what to ask: where the log was left, all of what came later, else what was asked for."""
    if run.last:
        return replace(log, ask=replace(log.ask, after=run.last))
    return log if first else replace(log, ask=replace(log.ask, tail=logs.MOST_LINES, after=""))


async def _opened(log: Log, *, follow: bool) -> Tail | None:
    """Open a log; None if there is none, as before its container first runs."""
    try:
        stream = await asyncio.to_thread(logs.open_log, log, follow=follow, timestamps=True)
    except (BackendError, DomainError):
        return None
    return Tail(stream, wanted=Filter(log.ask), lossy=follow)


def _stamp(line: bytes) -> str:
    return divided(line[:64].decode(errors="replace"))[0]


def _moment(line: bytes) -> str:
    return moment(_stamp(line))

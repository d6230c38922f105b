"""Logs on their way from the thread that reads them to the event loop that sends them."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Condition, Thread

from orchestrator.backends.cluster.port import LogStream
from orchestrator.backends.errors import BackendError
from orchestrator.services.clusters.log_lines import Splitter

MOST_WAITING = 5000  # lines
MOST_BYTES = 4 * 2**20
HISTORY = 10_000  # lines that a follower never misses: so many may be asked for


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines that came, and how many before them were dropped because nobody took them in time."""

    lines: list[bytes]
    missed: int


class Tail:
    """The lines of one open log. Whoever makes one leaves it in the end; that closes the log.

    At most `MOST_WAITING` lines wait to be taken. Then reading waits too; or, for a follower, the oldest are
    dropped and counted: who watches wants to see the present.
    """

    def __init__(self, stream: LogStream, *, wanted: Callable[[bytes], bool], lossy: bool) -> None:
        self._stream = stream
        self._wanted = wanted
        self._lossy = lossy
        self._changed = Condition()
        self._waiting: deque[bytes] = deque()
        self._size = self._missed = self._count = 0
        self._ended = self._left = False
        self._error: BackendError | None = None
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()
        Thread(target=self._read, name="log", daemon=True).start()

    async def next(self, most: int) -> Batch | None:
        """Wait for lines and return some; None at the end. Raises the `BackendError` that broke the log."""
        while True:
            await self._ready.wait()
            with self._changed:
                lines = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
                self._size -= sum(map(len, lines))
                missed, self._missed = self._missed, 0
                if not self._waiting and not self._ended:
                    self._ready.clear()
                self._changed.notify()
            if lines or missed:
                return Batch(lines, missed)
            if self._ended:
                if self._error:
                    raise self._error
                return None

    def leave(self) -> None:
        """Stop reading, and close the log. Twice is not an error."""
        with self._changed:
            self._left = True
            self._changed.notify()
        self._stream.interrupt()

    def _read(self) -> None:
        splitter = Splitter()
        try:
            for chunk in self._stream.chunks():
                if self._left:
                    break
                self._put([line for line in splitter.feed(chunk) if self._wanted(line)])
            self._put([line for line in splitter.end() if self._wanted(line)])
        except BackendError as exc:
            self._error = exc
        finally:
            self._stream.close()
            with self._changed:
                self._ended = True
            self._wake()

    def _put(self, lines: list[bytes]) -> None:
        for start in range(0, len(lines), MOST_WAITING):
            self._put_some(lines[start : start + MOST_WAITING])

    def _put_some(self, lines: list[bytes]) -> None:
        with self._changed:
            self._count += len(lines)
            if not self._lossy or self._count <= HISTORY:
                self._changed.wait_for(lambda: self._left or not self._is_full(len(lines)))
            if self._left:
                return
            self._waiting.extend(lines)
            self._size += sum(map(len, lines))
            while len(self._waiting) > 1 and self._is_full(0):
                self._size -= len(self._waiting.popleft())
                self._missed += 1
        self._wake()

    def _is_full(self, more: int) -> bool:
        return bool(self._waiting) and (len(self._waiting) + more > MOST_WAITING or self._size > MOST_BYTES)

    def _wake(self) -> None:
        with suppress(RuntimeError):  # The loop has ended before us.
            self._loop.call_soon_threadsafe(self._ready.set)

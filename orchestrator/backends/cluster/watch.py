"""Lists that stay current: one list and one watch per kind, and per namespace where more is forbidden.

https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

import logging
import random
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING

from orchestrator.backends.cluster.kinds import RESOURCES
from orchestrator.backends.cluster.objects import Row
from orchestrator.backends.cluster.port import CacheState, Condition
from orchestrator.backends.cluster.raw import decode_frame, decode_page, decode_version
from orchestrator.backends.cluster.transport import Stream, failure_of, translated_errors
from orchestrator.backends.errors import BackendError, Forbidden, Gone, Overloaded, Unauthorized, Unreachable

if TYPE_CHECKING:
    from orchestrator.backends.cluster.caches import WatchCache

logger = logging.getLogger(__name__)

PAGE_SIZE = 500  # what kubectl asks for
SHORTEST_SECONDS = 1.0  # between two attempts: a failing server is never asked more often for one kind
# A refused connection costs a server nothing and people wait for its return; one that answers with errors has
# enough to do; a right that is missing comes back when somebody grants it.
REFUSED_LIMIT_SECONDS = 3.0
FAILING_LIMIT_SECONDS = 30.0
FORBIDDEN_SECONDS = (30.0, 60.0)
# An API server that has just started may refuse for a moment what it will allow once its rules are loaded.
FORBIDDEN_DOUBTS = 3
WATCH_SECONDS = (240, 360)  # random, so that the watches of many processes do not end together
LONGEST_ASKED_SECONDS = 300.0  # A wrong Retry-After must not end a watch for a day.
STEADY_SECONDS = 10.0  # A watch that was open for so long is no part of a row of failures.
SILENCE_SECONDS = 100.0  # bookmarks come every minute, so this much silence is a dead connection


def now() -> datetime:
    return datetime.now(UTC)


def delay_after(error: BackendError | None, *, attempt: int, lasted_seconds: float) -> float:
    """Return how many seconds to wait before the next attempt; `attempt` counts failures in a row from 1.

    None as error is a watch that ended as planned.
    """
    if error is None or (isinstance(error, Gone) and attempt <= 1):
        return max(0.0, SHORTEST_SECONDS - lasted_seconds)
    if isinstance(error, Forbidden) and attempt > FORBIDDEN_DOUBTS:
        return random.uniform(*FORBIDDEN_SECONDS)
    limit = REFUSED_LIMIT_SECONDS if isinstance(error, Unreachable) else FAILING_LIMIT_SECONDS
    spread = random.uniform(0.5, 1.0) * min(limit, 2.0 ** min(attempt, 10))
    asked = (error.retry_after or 0.0) if isinstance(error, Overloaded) else 0.0
    return max(SHORTEST_SECONDS, spread, min(asked, LONGEST_ASKED_SECONDS))


class Reflector:
    """Keeps one scope, the cluster or one namespace, of a cache current in a thread of its own."""

    def __init__(self, cache: "WatchCache", namespace: str | None) -> None:
        self.namespace = namespace
        self.state = CacheState(condition=Condition.SYNCING, since=now())
        self._cache = cache
        self._path = RESOURCES[cache.kind].path(namespace)
        self._stopped = Event()
        self._hurry = Event()
        self._stream: Stream | None = None
        self._version = ""  # the resource version to watch from; "" asks for a list
        self._failures = 0
        self._failed_with: type[BackendError] | None = None
        self._open_since: float | None = None
        self._opened_times = 0
        name = f"watch-{cache.kind}-{namespace or 'all'}"
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread soon; what it still hears is thrown away."""
        self._stopped.set()
        self._hurry.set()
        stream = self._stream
        if stream is not None:
            stream.interrupt()

    def retry(self) -> None:
        """Try again at once where we wait; never more often than once a second."""
        self._hurry.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            began = monotonic()
            self._open_since = None
            error: BackendError | None = None
            try:
                if not self._version:
                    self._list()
                self._watch()
            except BackendError as exc:
                error = exc
            except (
                Exception
            ) as exc:  # The top of a thread: a mistake of ours must not end the watch silently.
                logger.exception("watch of %s failed", self._path)
                error = Unreachable("The watch failed.", service="kubernetes", reason=type(exc).__name__)
            if not self._stopped.is_set():
                self._rest(error, began=began)

    def _rest(self, error: BackendError | None, *, began: float) -> None:
        """Say what happened and wait until the next attempt."""
        if isinstance(error, Gone):
            self._version = ""
        self._count(error)
        lasted = monotonic() - began
        delay = delay_after(error, attempt=self._attempt(error), lasted_seconds=lasted)
        self._hurry.clear()  # Before anybody hears of the failure, and wishes that we try again.
        if self._stopped.is_set():
            return
        if error is not None:
            self._failed(error, delay=delay)
        self._hurry.wait(delay)
        self._stopped.wait(max(0.0, began + SHORTEST_SECONDS - monotonic()))

    def _count(self, error: BackendError | None) -> None:
        """Count failures in a row: of one type, without a watch in between that was worth its name."""
        steady = self._open_since is not None and monotonic() - self._open_since > STEADY_SECONDS
        again = type(error) is self._failed_with and not steady
        self._failures = 0 if error is None else self._failures + 1 if again else 1
        self._failed_with = None if error is None else type(error)

    def _attempt(self, error: BackendError | None) -> int:
        """Return the number of failures in a row; a right we never had is not doubted."""
        if isinstance(error, Forbidden) and not self.state.synced:
            return FORBIDDEN_DOUBTS + 1
        return self._failures

    def _list(self) -> None:
        """Read every page and put the rows in the place of the old ones; raise `BackendError`."""
        query: dict[str, str | int] = {"limit": PAGE_SIZE}
        found: list[Row] = []
        while True:
            body = self._cache.transport.get(self._path, query)
            with translated_errors():
                page = decode_page(body)
            found += self._cache.project(page.items or [])
            if self._stopped.is_set():
                return
            query["continue"] = page.metadata.continue_token
            if not query["continue"]:
                break
            self._tell_progress(len(found), page.metadata.remaining)
        self._cache.accept(self, found)
        self._version = page.metadata.resource_version
        self.state = replace(self.state, synced=True, heard_at=now(), read=len(found))

    def _watch(self) -> None:
        """Apply changes until the server ends the watch; raise `BackendError` if it breaks."""
        query: dict[str, str | int] = {
            "watch": "true",
            "resourceVersion": self._version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": random.randint(*WATCH_SECONDS),
        }
        stream = self._cache.transport.stream(self._path, query, silence_seconds=SILENCE_SECONDS)
        self._stream = stream
        try:
            if self._stopped.is_set():  # Whoever stopped us saw no stream to interrupt.
                return
            self._opened()
            for line in stream.lines():
                if self._stopped.is_set():
                    return
                if line:
                    self._apply(line)
        finally:
            self._stream = None
            with suppress(OSError):
                stream.close()

    def _apply(self, line: bytes) -> None:
        with translated_errors():
            frame = decode_frame(line)
            if frame.type == "ERROR":
                raise failure_of(frame.object)
            version = decode_version(frame.object).metadata.resource_version
        self._version = version
        self.state = replace(self.state, heard_at=now())
        if frame.type in ("ADDED", "MODIFIED", "DELETED"):
            self._cache.change(frame.type, frame.object)

    def _opened(self) -> None:
        """Note that the watch is open: all that is known is true again."""
        moment = now()
        was_live = self.state.condition is Condition.LIVE
        self._opened_times += 1
        self._open_since = monotonic()
        self._set(
            CacheState(
                condition=Condition.LIVE,
                since=self.state.since if was_live else moment,
                heard_at=moment,
                synced=True,
                restarts=self._opened_times - 1,
                read=self.state.read,
            ),
            tell=not was_live,
        )

    def _failed(self, error: BackendError, *, delay: float) -> None:
        condition = self._condition_after(error)
        if condition is Condition.FORBIDDEN:
            self._cache.forget(self)
            self._version = ""  # Its rows are gone, so a watch alone would not bring them back.
        changed = condition is not self.state.condition
        self._set(
            replace(
                self.state,
                condition=condition,
                since=now() if changed else self.state.since,
                problem=error.message,
                error=error,
                synced=self.state.synced and condition is not Condition.FORBIDDEN,
                next_try_at=now() + timedelta(seconds=delay),
            ),
            tell=True,
        )
        if isinstance(error, Unauthorized):
            self._cache.transport.reload()

    def _condition_after(self, error: BackendError) -> Condition:
        if isinstance(error, Forbidden) and self._attempt(error) > FORBIDDEN_DOUBTS:
            return Condition.FORBIDDEN
        if isinstance(error, Unauthorized):
            return Condition.UNAUTHORIZED
        return Condition.RECONNECTING if self.state.synced else Condition.UNREACHABLE

    def _tell_progress(self, read: int, remaining: int | None) -> None:
        if not self.state.synced:
            expected = None if remaining is None else read + remaining
            self._set(replace(self.state, read=read, expected=expected, heard_at=None), tell=True)

    def _set(self, state: CacheState, *, tell: bool) -> None:
        if self._stopped.is_set():
            return
        self.state = state
        self._cache.state_changed(self, tell=tell)

"""What the containers of the demo world write: lines that follow from the seed and the time."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from threading import Event
from typing import Any

from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.port import LogQuery
from orchestrator.backends.errors import Invalid

MOST_KEPT = 20_000  # lines; a node throws older ones away
EVERY_SECONDS = (2, 3, 5, 8)
BATCH = 500  # lines of one part
PATHS = ("/v1/cart", "/v1/checkout", "/v1/orders", "/healthz", "/v1/users")
SAID = {
    "INFO": ("cache refreshed", "request served", "connection from pool reused", "snapshot written"),
    "DEBUG": ("lookup took 3 ms", "token still valid", "no change since last poll"),
    "WARN": ("slow query: 812 ms", "heap at 71 % of limit", "retrying upstream, attempt 2"),
    "ERROR": ("upstream reset the connection", "timeout after 2000 ms"),
}
COLOURS = {"DEBUG": 36, "INFO": 32, "WARN": 33, "ERROR": 31}
LAST_WORDS = "cannot allocate 4.0 Mi for response buffer: out of memory"


@dataclass(frozen=True, slots=True)
class Run:
    """One life of a container; `ended` is None while it runs."""

    key: str
    started: datetime
    ended: datetime | None

    @property
    def every(self) -> timedelta:
        """Return how often it writes a line."""
        return timedelta(seconds=Random(f"every/{self.key}").choice(EVERY_SECONDS))

    def count(self, moment: datetime) -> int:
        """Return how many lines there are at a moment."""
        until = moment if self.ended is None else min(self.ended, moment)
        return max(0, int((until - self.started) / self.every) + 1)

    def time(self, number: int) -> datetime:
        """Return when a line was written; lines count from 0."""
        return self.started + self.every * number


class DemoLog:
    """The lines of one run, from a number on; followed, it waits for those that come."""

    def __init__(self, run: Run, query: LogQuery, *, seed: int, clock: Callable[[], datetime]) -> None:
        self._run = run
        self._query = query
        self._seed = seed
        self._clock = clock
        self._left = Event()

    def chunks(self) -> Iterator[bytes]:
        now = self._clock()
        number, end = self._first(now), self._run.count(now)
        while not self._left.is_set():
            while number < end:
                upto = min(end, number + BATCH)
                yield b"".join(self._line(each) for each in range(number, upto))
                number = upto
            if not self._query.follow or self._run.ended is not None:
                return
            self._left.wait(max(0.0, (self._run.time(number) - self._clock()).total_seconds()))
            end = self._run.count(self._clock())

    def interrupt(self) -> None:
        self._left.set()

    def close(self) -> None:
        self._left.set()

    def _first(self, now: datetime) -> int:
        """Return the number of the first line that was asked for."""
        count, query = self._run.count(now), self._query
        since = query.since
        if query.since_seconds is not None:
            since = now - timedelta(seconds=query.since_seconds)
        skipped = 0 if since is None else -int((self._run.started - since) // self._run.every)
        return max(0, count - (MOST_KEPT if query.tail is None else query.tail), skipped)

    def _line(self, number: int) -> bytes:
        time = self._run.time(number)
        last = self._run.ended is not None and number == self._run.count(self._run.ended) - 1
        text = words(self._run.key, number, time=time, seed=self._seed, last=last)
        stamp = (
            f"{time.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%S.%f')}000Z " if self._query.timestamps else ""
        )
        return f"{stamp}{text}\n".encode()


def open_log(manifest: Manifest, query: LogQuery, *, seed: int, clock: Callable[[], datetime]) -> DemoLog:
    """Open the log of a container; raise `Invalid` in the words of an API server if there is none."""
    pod = manifest["metadata"]["name"]
    if query.container not in [each["name"] for each in manifest["spec"]["containers"]]:
        raise _invalid(f"container {query.container} is not valid for pod {pod}")
    statuses = manifest["status"].get("containerStatuses", [])
    found = next((each for each in statuses if each["name"] == query.container), None)
    if found is None:
        raise _invalid(f"pod {pod} does not have a host assigned")
    key = f"{manifest['metadata']['namespace']}/{pod}/{query.container}"
    return DemoLog(_run(found, query, key=key, pod=pod), query, seed=seed, clock=clock)


def words(key: str, number: int, *, time: datetime, seed: int, last: bool) -> str:
    """Return a line in the manner of its container; the same arguments give the same line."""
    draw = Random(f"{seed}/{key}/{number}")
    level = "ERROR" if last else draw.choices(tuple(SAID), weights=(84, 8, 6, 2))[0]
    message = LAST_WORDS if last else draw.choice(SAID[level])
    taken = draw.randrange(2, 240)
    stamp = time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    style = Random(f"style/{key.split('/')[2]}").randrange(4)
    if style == 0:
        said: dict[str, Any] = {"time": stamp, "level": level.lower(), "msg": message, "took_ms": taken}
        return json.dumps(said)
    if style == 1:
        return f"{stamp} [{level}] {message} path={draw.choice(PATHS)} took={taken}ms"
    if style == 2:
        return f"{level}: {message} ({taken} ms)"
    return f"\x1b[{COLOURS[level]}m[{level}]\x1b[0m {message} \x1b[2mtook={taken}ms\x1b[0m"


def _run(status: Manifest, query: LogQuery, *, key: str, pod: str) -> Run:
    """Return the run whose log is asked for: the last one where a container waits for its next."""
    state, before = status["state"], status["lastState"].get("terminated")
    ended = before if query.previous else state.get("terminated")
    if "waiting" in state and not query.previous:
        ended = before
        if ended is None:
            reason = state["waiting"]["reason"]
            raise _invalid(f'container "{status["name"]}" in pod "{pod}" is waiting to start: {reason}')
    if ended is not None:
        return Run(key, _time(ended["startedAt"]), _time(ended["finishedAt"]))
    if query.previous:
        raise _invalid(f'previous terminated container "{status["name"]}" in pod "{pod}" not found')
    return Run(key, _time(state["running"]["startedAt"]), None)


def _time(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)


def _invalid(message: str) -> Invalid:
    return Invalid(message, service="demo cluster", status=400, reason="BadRequest")

"""What nodes and containers used within the last hour, kept in memory.

All series of one source share the times of its rounds, so that a container costs two small numbers a round.
"""

from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import nan
from threading import Lock
from typing import NamedTuple

from orchestrator.backends.cluster.port import Usage

EVERY_SECONDS = 30.0  # metrics-server measures every 15 s, or as seldom as every minute
KEPT_SECONDS = 3600.0
ROUNDS = int(KEPT_SECONDS / EVERY_SECONDS)
GAP_SECONDS = 2.5 * EVERY_SECONDS  # between two rounds: what was then, nobody knows
FORGOTTEN_AFTER = 10  # rounds without a word of a container
MOST_SERIES = 25_000  # containers of some 20,000 pods; one takes 1.7 kB with its names, all of them 42 MB

Key = tuple[str, str]  # namespace, name; of a node "" and its name


@dataclass(frozen=True, slots=True)
class Use:
    """What something uses: cores, and bytes."""

    cpu: float
    memory: int


class Point(NamedTuple):
    """What something used at a moment in Unix time; None is a moment that nobody knows of."""

    at: float
    cpu: float | None
    memory: float | None


class Series:
    """The last rounds of one container or node. Round n lies at n modulo ROUNDS; NaN is unknown."""

    __slots__ = ("cpu", "memory", "now", "round")

    def __init__(self) -> None:
        self.cpu = array("f", [nan]) * ROUNDS
        self.memory = array("f", [nan]) * ROUNDS
        self.round = 0
        self.now = Use(0.0, 0)

    def put(self, number: int, use: Use) -> None:
        for missed in range(max(self.round + 1, number - ROUNDS + 1), number):
            self.cpu[missed % ROUNDS] = self.memory[missed % ROUNDS] = nan
        self.cpu[number % ROUNDS], self.memory[number % ROUNDS] = use.cpu, use.memory
        self.round, self.now = number, use


class Samples:
    """The series of one source. Every method may be called from any thread."""

    def __init__(self, *, most: int = MOST_SERIES) -> None:
        self.round = 0  # how many there were; it changes with the content
        self.left_out = 0  # containers of the last round that there was no room for
        self._most = most
        self._lock = Lock()
        self._times: deque[float] = deque(maxlen=ROUNDS)
        self._series: dict[Key, dict[str, Series]] = {}
        self._count = 0

    def add(self, rows: Iterable[Usage], *, at: float) -> None:
        """Take what was measured in one round; `at` is Unix time."""
        with self._lock:
            self.round += 1
            self.left_out = 0
            self._times.append(at)
            self._forget()
            for row in rows:
                self._put(row)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self.round += 1
            self._times.clear()
            self._series, self._count, self.left_out = {}, 0, 0

    def latest(self, namespace: str, name: str) -> dict[str, Use]:
        """Return what each container of a pod used in the last round; a node has one that is called ""."""
        with self._lock:
            found = self._series.get((namespace, name), {})
            return {part: series.now for part, series in found.items() if series.round == self.round}

    def total(self, namespace: str, name: str) -> Use | None:
        """Return what a pod or a node used in the last round; None if nobody knows."""
        parts = self.latest(namespace, name).values()
        return Use(sum(each.cpu for each in parts), sum(each.memory for each in parts)) if parts else None

    def history(self, keys: Iterable[Key], *, since: float, container: str | None = None) -> list[Point]:
        """Return what some pods or nodes used together from a moment on, oldest first.

        With a `container` it is only that one of each. What is not known of one of them does not count; times
        that nobody watched have a point of which nothing is known.
        """
        with self._lock:
            found = [series for key in keys for series in self._parts(key, container)]
            oldest = self.round - len(self._times) + 1
            rounds = [(oldest + n, at) for n, at in enumerate(self._times) if at >= since]
            points = [Point(at, _sum(found, "cpu", n), _sum(found, "memory", n)) for n, at in rounds]
        return list(_with_gaps(points))

    def __len__(self) -> int:
        return self._count

    def _parts(self, key: Key, container: str | None) -> Iterable[Series]:
        parts = self._series.get(key, {})
        return parts.values() if container is None else [parts[container]] if container in parts else []

    def _put(self, row: Usage) -> None:
        parts = self._series.setdefault((row.namespace, row.name), {})
        series = parts.get(row.container)
        if series is None:
            if self._count >= self._most:
                self.left_out += 1
                return
            series = parts[row.container] = Series()
            self._count += 1
        series.put(self.round, Use(row.cpu, row.memory))

    def _forget(self) -> None:
        """Drop what nobody has told of for some rounds."""
        if self.round % FORGOTTEN_AFTER:
            return
        last = self.round - FORGOTTEN_AFTER
        self._series = {
            key: fresh
            for key, parts in self._series.items()
            if (fresh := {part: each for part, each in parts.items() if each.round >= last})
        }
        self._count = sum(map(len, self._series.values()))


def _sum(found: Sequence[Series], member: str, number: int) -> float | None:
    slot = number % ROUNDS
    known = [
        value for each in found if number <= each.round and (value := getattr(each, member)[slot]) == value
    ]
    return sum(known) if known else None


def _with_gaps(points: Sequence[Point]) -> Iterator[Point]:
    before = None
    for point in points:
        if before is not None and point.at - before > GAP_SECONDS:
            yield Point(before + EVERY_SECONDS, None, None)
        yield point
        before = point.at

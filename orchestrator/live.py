"""Tell open pages and streams that a topic changed.

A topic is a word such as "stacks" or "pods:prod-eu:shop". A change says only that it happened; whoever hears
of it reads again. So changes can be merged without loss, and a slow reader costs one number, not a queue.

The hub lives in one process. `orchestrator.relay` carries topics of the database to the other processes.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Condition, Lock
from time import monotonic

from django.db import transaction

EVERYTHING = "*"  # a topic that stands for all: changes may have been missed
PAGE_INTERVAL_SECONDS = 0.5  # between two changes told to one page
MOST_TOPICS = 10_000  # of which the last change is known
MERGE_SECONDS = 0.05  # A busy loop is woken this often at most, however much is published.


@dataclass(frozen=True, slots=True)
class Change:
    """Some topics changed; `id` is the point to resume from."""

    id: str
    topics: frozenset[str]


class Follower:
    """Waits for changes of some topics in one event loop. Made by `Hub.follow`."""

    def __init__(self, hub: "Hub", topics: frozenset[str], *, seen: int, interval_seconds: float) -> None:
        self.topics = topics
        self.awake = asyncio.Event()
        self.awake.set()  # There may be something to catch up with.
        self._hub = hub
        self._seen = seen
        self._interval = interval_seconds
        self._not_before = 0.0

    async def next(self) -> Change:
        """Wait for the next change; whatever happens within the interval is merged into one."""
        clock = asyncio.get_running_loop().time
        while True:
            await self.awake.wait()
            await asyncio.sleep(max(0.0, self._not_before - clock()))
            self.awake.clear()
            topics = self._hub.changed(self.topics, since=self._seen)
            self._seen = max(self._seen, *topics.values(), 0)
            if topics:
                self._not_before = clock() + self._interval
                return Change(self._hub.id_of(self._seen), frozenset(topics))


class _Loop:
    """The followers of one event loop, which is woken once for many changes."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.followers: set[Follower] = set()
        self._loop = loop
        self._lock = Lock()
        self._dirty: set[str] = set()
        self._not_before = 0.0

    def tell(self, topic: str) -> None:
        """Note a change and wake the loop if it does not know yet; may be called from any thread."""
        with self._lock:
            first = not self._dirty
            self._dirty.add(topic)
        if first and not self._loop.is_closed():
            # Asyncio objects are not thread-safe, and nothing else wakes a sleeping loop.
            self._loop.call_soon_threadsafe(self._arm)

    def _arm(self) -> None:
        self._loop.call_at(max(self._not_before, self._loop.time()), self._wake)

    def _wake(self) -> None:
        self._not_before = self._loop.time() + MERGE_SECONDS
        with self._lock:
            dirty, self._dirty = self._dirty, set()
        for follower in self.followers:
            if EVERYTHING in dirty or not dirty.isdisjoint(follower.topics):
                follower.awake.set()


class Hub:
    """Numbers the changes and wakes followers. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._process = secrets.token_hex(4)
        self._lock = Lock()
        self._news = Condition(self._lock)  # for threads that wait without an event loop
        self._count = 0
        self._last: dict[str, int] = {}  # topic -> number of its last change, the latest of them
        self._forgotten = 0  # number up to which changes of topics that are not in there may have been
        self._loops: dict[asyncio.AbstractEventLoop, _Loop] = {}

    def publish(self, *topics: str) -> None:
        """Tell every follower in this process that the topics changed; `EVERYTHING` reaches all of them."""
        with self._lock:
            for topic in topics:
                self._count += 1
                self._last[topic] = self._count
            if len(self._last) > MOST_TOPICS:
                self._forget()
            self._news.notify_all()
            loops = list(self._loops.values())
        for loop in loops:
            for topic in topics:
                loop.tell(topic)

    def publish_under(self, prefix: str) -> None:
        """Tell every follower of a topic that begins with `prefix`, and whoever resumes one later."""
        with self._lock:
            followed = [
                topic for loop in self._loops.values() for each in loop.followers for topic in each.topics
            ]
            topics = {topic for topic in [*self._last, *followed] if topic.startswith(prefix)}
        self.publish(*topics)

    def mark(self) -> int:
        """Return the number of the latest change, for `wait`."""
        return self._count

    def wait(self, *topics: str, since: int, seconds: float) -> int:
        """Wait in this thread until one of the topics changes after a number; return the latest number then.

        Without a change it is that after `seconds`.
        """
        deadline = monotonic() + seconds
        with self._news:
            while max(self._number(topic) for topic in (*topics, EVERYTHING)) <= since:
                left = deadline - monotonic()
                if left <= 0 or not self._news.wait(left):
                    break
            return self._count

    @contextmanager
    def follow(
        self,
        topics: frozenset[str],
        *,
        since: str | None = None,
        interval_seconds: float = PAGE_INTERVAL_SECONDS,
    ) -> Iterator[Follower]:
        """Follow topics in the running event loop; `since` is the id of the last change seen."""
        running = asyncio.get_running_loop()
        with self._lock:
            seen = self._number_of(since)
            loop = self._loops.setdefault(running, _Loop(running))
            follower = Follower(self, topics, seen=seen, interval_seconds=interval_seconds)
            loop.followers.add(follower)
        try:
            yield follower
        finally:
            with self._lock:
                loop.followers.discard(follower)
                if not loop.followers:
                    self._loops.pop(running, None)

    def changed(self, topics: frozenset[str], *, since: int) -> dict[str, int]:
        """Return the topics that changed after number `since`, each with its last number."""
        with self._lock:
            everything = self._number(EVERYTHING)
            numbers = {topic: max(self._number(topic), everything) for topic in topics}
        return {topic: number for topic, number in numbers.items() if number > since}

    def missed(self, topics: frozenset[str], *, since: str) -> bool:
        """Return True if a topic changed after the id of a change, or if the id is not from here."""
        return bool(self.changed(topics, since=self._number_of(since)))

    def followers(self) -> int:
        """Return how many pages and streams this process serves now."""
        with self._lock:
            return sum(len(loop.followers) for loop in self._loops.values())

    def id_of(self, number: int) -> str:
        """Return the public name of a change; it differs between processes."""
        return f"{self._process}-{number}"

    def _number(self, topic: str) -> int:
        """Return the number of a topic's last change, or one that is not before it."""
        return self._last.get(topic, self._forgotten)

    def _forget(self) -> None:
        """Forget the older half of the topics: each stack that ever was has one of its own."""
        latest = sorted(self._last.items(), key=lambda each: each[1])
        half = len(latest) // 2
        self._forgotten = latest[half - 1][1]
        self._last = dict(latest[half:])

    def _number_of(self, change_id: str | None) -> int:
        """Return where to begin: now for a new reader, before everything for an unknown id."""
        if change_id is None:
            return self._count
        process, _, number = change_id.partition("-")
        ours = process == self._process and number.isdecimal()
        return int(number) if ours else -1


hub = Hub()
forward: Callable[[str], None] | None = None  # set by the relay: carries a topic to the other processes


def publish_on_commit(topic: str) -> None:
    """Publish a topic of the database once the current transaction is committed; at once if there is none.

    Every process hears of it, this one first.
    """
    transaction.on_commit(partial(_publish, topic))


def _publish(topic: str) -> None:
    hub.publish(topic)
    if forward is not None:
        forward(topic)

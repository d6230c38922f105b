"""Carries topics of the database from each process to all others.

Redis when `REDIS_URL` is set, else LISTEN and NOTIFY on PostgreSQL, else a small table that is read twice a
second. A message says only that topics changed, so messages can be merged, and those that may have been lost
are made up for by "everything may have changed".
"""

import logging
import random
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from threading import Event, Lock, Thread
from time import monotonic

from django.conf import settings
from django.db import connection
from django.utils.timezone import now

from orchestrator import live
from orchestrator.models import RelayedTopic
from orchestrator.relay import channels
from orchestrator.relay.channels import Channel, Message
from orchestrator.relay.outbox import Outbox

logger = logging.getLogger(__name__)

MERGE_SECONDS = 0.05  # Whatever is published within it travels together.
IDLE_SECONDS = 0.5  # how long a stop may go unnoticed
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 0.5, 10.0
PRUNE_BATCH = 500
CONNECTING = "Connecting."

Connect = Callable[[Event], AbstractContextManager[Channel]]


@dataclass(frozen=True, slots=True)
class State:
    """How the relay of this process does. `problem` is empty while it is connected."""

    kind: str = "none"
    problem: str = "Topics stay in this process."
    since: datetime | None = None
    sent: int = 0
    received: int = 0
    reconnects: int = 0


class Relay:
    """Two threads: one sends what this process publishes, one publishes what others send."""

    def __init__(self, *, kind: str, connect: Connect) -> None:
        self.origin = secrets.token_hex(8)
        self.outbox = Outbox()
        self._connect = connect
        self._lock = Lock()
        self._down = {"send", "listen"}  # what is not connected
        self._state = State(kind=kind, problem=CONNECTING, since=now())

    def start(self, stop: Event) -> list[Thread]:
        """Start both threads, which end after `stop` is set."""
        works = {"send": self._send, "listen": self._listen}
        threads = [
            Thread(target=self._keep, args=(name, work, stop), name=f"relay-{name}", daemon=True)
            for name, work in works.items()
        ]
        for thread in threads:
            thread.start()
        return threads

    def state(self) -> State:
        """Return how it does now."""
        return self._state

    def _keep(self, name: str, work: Callable[[Channel, Event], None], stop: Event) -> None:
        """Connect and do the work; when the connection is lost, again, with a growing pause."""
        pause = FIRST_RETRY_SECONDS
        while not stop.is_set():
            connected = monotonic()
            try:
                with self._connect(stop) as channel:
                    work(channel, stop)
            except Exception as exc:  # The top of a background loop: nobody else would hear of it.
                self._lost(name, exc)
            lasted = monotonic() - connected > LONGEST_RETRY_SECONDS
            pause = FIRST_RETRY_SECONDS if lasted else min(pause * 2, LONGEST_RETRY_SECONDS)
            stop.wait(pause * random.uniform(0.5, 1))  # Not all processes at the same moment.

    def _send(self, channel: Channel, stop: Event) -> None:
        self._connected("send")
        while not stop.is_set():
            self._send_some(channel, stop, seconds=IDLE_SECONDS)
        self._send_some(channel, stop, seconds=0)  # what was published while we stopped

    def _send_some(self, channel: Channel, stop: Event, *, seconds: float) -> None:
        topics = self.outbox.take(seconds=seconds)
        if not topics:
            return
        stop.wait(MERGE_SECONDS)
        topics = tuple(dict.fromkeys((*topics, *self.outbox.take(seconds=0))))
        try:
            channel.send(Message(self.origin, topics))
        except BaseException:
            self.outbox.put(*topics)  # for the next connection
            raise
        self._count(sent=len(topics))

    def _listen(self, channel: Channel, stop: Event) -> None:
        channel.listen()
        live.hub.publish(live.EVERYTHING)  # Nobody knows what was sent before we listened.
        self._connected("listen")
        while not stop.is_set():
            for message in channel.receive():
                if message.origin != self.origin:
                    live.hub.publish(*message.topics)
                    self._count(received=len(message.topics))

    def _connected(self, name: str) -> None:
        with self._lock:
            self._down.discard(name)
            if not self._down:
                logger.info("the relay is connected (%s)", self._state.kind)
                self._state = replace(self._state, problem="", since=now())

    def _lost(self, name: str, exc: Exception) -> None:
        with self._lock:
            first = not self._down or self._state.problem == CONNECTING
            if first:  # Said once, and not at each attempt.
                logger.warning("the relay is not connected (%s): %s", self._state.kind, exc)
            self._down.add(name)
            problem = f"Not connected ({type(exc).__name__}); other processes hear of changes later."
            since = now() if first else self._state.since
            again = self._state.reconnects + 1
            self._state = replace(self._state, problem=problem, since=since, reconnects=again)

    def _count(self, *, sent: int = 0, received: int = 0) -> None:
        with self._lock:
            before = self._state
            self._state = replace(before, sent=before.sent + sent, received=before.received + received)


_current: Relay | None = None


def start(stop: Event) -> list[Thread]:
    """Carry topics between this process and the others until `stop` is set; return the threads.

    It never fails: without a connection it tries again, and publishers notice nothing.
    """
    global _current
    kind, connect = _chosen()
    _current = Relay(kind=kind, connect=connect)
    live.forward = _current.outbox.put
    return _current.start(stop)


def state() -> State:
    """Return how the relay of this process does; kind "none" if it was not started."""
    return _current.state() if _current else State()


def prune(at: datetime) -> bool:
    """Delete relayed topics that every process has read; return True if there is more to delete."""
    read = RelayedTopic.objects.filter(at__lt=at - channels.TABLE_KEEP).order_by("pk")
    keys = list(read.values_list("pk", flat=True)[:PRUNE_BATCH])
    RelayedTopic.objects.filter(pk__in=keys).delete()
    return len(keys) == PRUNE_BATCH


def _chosen() -> tuple[str, Connect]:
    if settings.REDIS_URL:
        return "redis", partial(channels.over_redis, settings.REDIS_URL)
    if connection.vendor == "postgresql":
        return "postgresql", channels.over_postgresql
    return "table", channels.over_table

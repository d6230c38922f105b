"""Three ways from process to process: Redis, PostgreSQL, and a table."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from time import monotonic
from typing import Any, Protocol

import psycopg
import redis
from django.db import connection
from django.utils.timezone import now
from redis.backoff import NoBackoff
from redis.retry import Retry

from orchestrator import live
from orchestrator.models import RelayedTopic

WAIT_SECONDS = 0.5  # how long `receive` waits, and how often the table is read
SILENCE_SECONDS = 5.0  # then the other end is asked whether it is still there
TABLE_KEEP = timedelta(minutes=2)
NAME = "orchestrator_topics"
# NOTIFY takes less than 8000 bytes: https://www.postgresql.org/docs/current/sql-notify.html
NOTIFY_BYTES = 7900


@dataclass(frozen=True, slots=True)
class Message:
    """Some topics changed in the process `origin`."""

    origin: str
    topics: tuple[str, ...]

    def encode(self) -> str:
        """Return the message as ASCII."""
        return json.dumps({"from": self.origin, "topics": self.topics}, separators=(",", ":"))

    @classmethod
    def decode(cls, text: str | bytes) -> "Message":
        """Return the message; one that makes no sense, say of a later version, means everything."""
        try:
            body = json.loads(text)
            return cls(str(body["from"]), tuple(str(topic) for topic in body["topics"]))
        except (ValueError, TypeError, KeyError):
            return cls("", (live.EVERYTHING,))

    def split(self, size: int) -> "list[Message]":
        """Return messages of `size` bytes at most that say the same; a longer topic says everything."""
        if len(self.encode()) <= size:
            return [self]
        if len(self.topics) == 1:
            return [Message(self.origin, (live.EVERYTHING,))]
        half = len(self.topics) // 2
        parts = (Message(self.origin, self.topics[:half]), Message(self.origin, self.topics[half:]))
        return [piece for part in parts for piece in part.split(size)]


class Channel(Protocol):
    """A connected way to the other processes, for one thread. Every call ends within seconds, or raises."""

    def send(self, message: Message) -> None:
        """Send a message to all who listen, this process too if it does."""

    def listen(self) -> None:
        """Begin to receive: what is sent from now on arrives."""

    def receive(self) -> Sequence[Message]:
        """Wait a little, and return what arrived."""


class RedisChannel:
    """Publish and subscribe."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._pubsub = client.pubsub()  # type: ignore[no-untyped-call]
        # Redis keeps its numbered databases apart, but not their channels.
        self._name = f"{NAME}:{client.connection_pool.connection_kwargs.get('db', 0)}"
        self._heard = self._asked = monotonic()

    def send(self, message: Message) -> None:
        self._client.publish(self._name, message.encode())

    def listen(self) -> None:
        self._pubsub.subscribe(self._name)
        answer = self._pubsub.get_message(timeout=1)
        if not answer or answer["type"] != "subscribe":
            raise redis.ConnectionError("No answer to SUBSCRIBE.")

    def receive(self) -> Sequence[Message]:
        answer = self._pubsub.get_message(timeout=WAIT_SECONDS)
        at = monotonic()
        if answer is None:
            self._ask(at)
            return ()
        self._heard = at
        return (Message.decode(answer["data"]),) if answer["type"] == "message" else ()

    def close(self) -> None:
        self._pubsub.close()

    def _ask(self, at: float) -> None:
        """A connection that a firewall cut looks like a silent one, so a silent one is asked."""
        if at - self._heard > 2 * SILENCE_SECONDS:
            raise redis.ConnectionError("No answer to PING.")
        if at - max(self._heard, self._asked) > SILENCE_SECONDS:
            self._pubsub.ping()
            self._asked = at


@contextmanager
def over_redis(url: str, _stop: Event) -> Iterator[RedisChannel]:
    """Connect to Redis. Raises `redis.RedisError`, here and in every call."""
    client = redis.Redis.from_url(
        url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0)
    )
    with client:
        client.ping()
        channel = RedisChannel(client)
        try:
            yield channel
        finally:
            channel.close()


class PostgresChannel:
    """LISTEN and NOTIFY, on a connection of its own: those of the pool come and go."""

    def __init__(self, database: "psycopg.Connection[Any]") -> None:
        self._database = database
        self._heard = monotonic()

    def send(self, message: Message) -> None:
        for part in message.split(NOTIFY_BYTES):
            self._database.execute("SELECT pg_notify(%s, %s)", (NAME, part.encode()))

    def listen(self) -> None:
        self._database.execute(f"LISTEN {NAME}")

    def receive(self) -> Sequence[Message]:
        arrived = list(self._database.notifies(timeout=WAIT_SECONDS, stop_after=1))
        if arrived:
            self._heard = monotonic()
        elif monotonic() - self._heard > SILENCE_SECONDS:
            self._database.execute("SELECT 1")  # The time limits of TCP below make it fail.
            self._heard = monotonic()
        return [Message.decode(each.payload) for each in arrived]


@contextmanager
def over_postgresql(_stop: Event) -> Iterator[PostgresChannel]:
    """Connect to the database of the settings. Raises `psycopg.Error`, here and in every call."""
    params: dict[str, Any] = connection.get_connection_params()
    params |= {"connect_timeout": 3, "tcp_user_timeout": 3000}  # seconds, milliseconds
    params |= {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 2}
    with psycopg.connect(**params, autocommit=True, application_name="orchestrator-relay") as database:
        yield PostgresChannel(database)


class TableChannel:
    """Rows that every process reads. Numbers only grow, also after a prune (AUTOINCREMENT)."""

    def __init__(self, stop: Event) -> None:
        self._stop = stop
        self._last = 0
        self._read = monotonic()

    def send(self, message: Message) -> None:
        at = now()
        RelayedTopic.objects.bulk_create(
            [RelayedTopic(origin=message.origin, topic=topic, at=at) for topic in message.topics]
        )

    def listen(self) -> None:
        self._last = RelayedTopic.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    def receive(self) -> Sequence[Message]:
        self._stop.wait(WAIT_SECONDS)
        away, self._read = monotonic() - self._read, monotonic()
        rows = list(RelayedTopic.objects.filter(pk__gt=self._last).order_by("pk"))
        self._last = rows[-1].pk if rows else self._last
        if away > TABLE_KEEP.total_seconds() / 2:  # We were frozen, and rows may be gone already.
            return (Message("", (live.EVERYTHING,)),)
        return [Message(row.origin, (row.topic,)) for row in rows]


@contextmanager
def over_table(stop: Event) -> Iterator[TableChannel]:
    """Use the connection that Django keeps for this thread. Raises `django.db.Error`."""
    try:
        yield TableChannel(stop)
    finally:
        connection.close()

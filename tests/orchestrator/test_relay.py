"""orchestrator.relay, without other processes"""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from queue import Queue
from threading import Event

import pytest
from django.db import connection

from orchestrator import live, relay
from orchestrator.models import RelayedTopic
from orchestrator.relay import outbox
from orchestrator.relay.channels import NOTIFY_BYTES, TABLE_KEEP, Message, TableChannel

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Wire:
    """A channel between threads that can be cut."""

    def __init__(self):
        self.sent, self.arriving, self.broken = Queue(), Queue(), False
        self.connections = 0

    @contextmanager
    def connect(self, _stop):
        self.connections += 1
        self.check()
        yield self

    def check(self):
        if self.broken:
            raise ConnectionError("cut")

    def send(self, message):
        self.check()
        self.sent.put(message)

    def listen(self):
        self.check()

    def receive(self):
        self.check()
        return [] if self.arriving.empty() else [self.arriving.get()]


@pytest.fixture
def wire(monkeypatch):
    monkeypatch.setattr(relay, "MERGE_SECONDS", 0)
    monkeypatch.setattr(relay, "FIRST_RETRY_SECONDS", 0.01)
    return Wire()


@pytest.fixture
def started(wire):
    stop = Event()
    each = relay.Relay(kind="test", connect=wire.connect)
    threads = each.start(stop)
    yield each
    wire.broken = False
    stop.set()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()


def test_sends_what_is_published_here(started, wire):
    started.outbox.put("stacks")
    assert wire.sent.get(timeout=5) == Message(started.origin, ("stacks",))


def test_publishes_here_what_others_send(started, wire, hub, wait_until):
    wire.arriving.put(Message("other", ("stacks",)))
    wait_until(lambda: started.state().received == 1)
    assert hub.changed(frozenset(["stacks"]), since=0)


def test_ignores_what_it_sent_itself(started, wire, hub, wait_until):
    for origin in (started.origin, "other"):
        wire.arriving.put(Message(origin, (f"from {origin}",)))
    wait_until(lambda: started.state().received == 1)
    assert f"from {started.origin}" not in hub._last


def test_after_a_lost_connection_everything_may_have_changed(started, wire, hub, wait_until):
    wait_until(lambda: not started.state().problem)
    wire.broken = True
    wait_until(lambda: started.state().problem)
    before = hub._last[live.EVERYTHING]
    wire.broken = False
    wait_until(lambda: not started.state().problem)
    assert hub._last[live.EVERYTHING] > before


def test_what_could_not_be_sent_is_sent_later(started, wire, wait_until):
    wait_until(lambda: not started.state().problem)
    wire.broken = True
    started.outbox.put("stacks")
    wait_until(lambda: started.state().reconnects > 2)
    wire.broken = False
    assert wire.sent.get(timeout=5).topics == ("stacks",)


def test_a_lost_connection_is_logged_once(started, wire, caplog, wait_until):
    wait_until(lambda: not started.state().problem)
    wire.broken = True
    wait_until(lambda: started.state().reconnects > 4)
    assert caplog.text.count("the relay is not connected") == 1


def test_what_is_published_while_it_stops_is_sent(wire):
    stop = Event()
    each = relay.Relay(kind="test", connect=wire.connect)
    each.outbox.put("stacks")
    stop.set()
    each._send(wire, stop)
    assert wire.sent.get_nowait().topics == ("stacks",)


def test_the_outbox_merges_repeats():
    box = outbox.Outbox()
    box.put("stacks", "pods")
    box.put("stacks")
    assert box.take(seconds=0) == ("stacks", "pods")


def test_an_outbox_that_overflows_says_that_everything_may_have_changed():
    box = outbox.Outbox()
    for number in range(outbox.LIMIT + 10):
        box.put(str(number))
    assert box.take(seconds=0) == (live.EVERYTHING,)


def test_an_empty_outbox_has_nothing_to_take():
    assert outbox.Outbox().take(seconds=0) == ()


def test_a_message_survives_the_way():
    message = Message("a", ("stacks", "pods:prod:café"))
    assert Message.decode(message.encode()) == message


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"from": "a", "topics": 3}', b"\xff"])
def test_a_message_without_sense_means_everything(text):
    assert Message.decode(text).topics == (live.EVERYTHING,)


def test_a_long_message_is_split():
    topics = tuple(f"pods:context:{number}" for number in range(1000))
    parts = Message("a", topics).split(NOTIFY_BYTES)
    assert all(len(part.encode()) <= NOTIFY_BYTES for part in parts)
    assert sum((part.topics for part in parts), ()) == topics


def test_a_topic_that_is_too_long_means_everything():
    assert Message("a", ("x" * 9000,)).split(NOTIFY_BYTES) == [Message("a", (live.EVERYTHING,))]


def test_everything_reaches_those_who_follow_anything(hub):
    hub.publish(live.EVERYTHING)
    assert set(hub.changed(frozenset(["stacks", "pods"]), since=0)) == {"stacks", "pods"}


@pytest.fixture
def reader(db):
    stop = Event()
    stop.set()  # It does not wait between two looks.
    channel = TableChannel(stop)
    channel.listen()
    return channel


def test_the_table_gives_each_row_once(reader):
    reader.send(Message("a", ("stacks", "pods")))
    assert list(reader.receive()) == [Message("a", ("stacks",)), Message("a", ("pods",))]
    assert list(reader.receive()) == []


def test_a_new_reader_of_the_table_begins_at_its_end(reader):
    reader.send(Message("a", ("stacks",)))
    reader.listen()
    assert list(reader.receive()) == []


def test_a_reader_that_was_frozen_takes_everything_for_changed(reader):
    reader._read -= TABLE_KEEP.total_seconds()
    assert list(reader.receive()) == [Message("", (live.EVERYTHING,))]


@pytest.mark.django_db
def test_rows_that_all_have_read_are_pruned(monkeypatch):
    monkeypatch.setattr(relay, "PRUNE_BATCH", 2)
    for age in (3 * TABLE_KEEP, 2 * TABLE_KEEP, TABLE_KEEP / 2):
        RelayedTopic.objects.create(origin="a", topic="stacks", at=NOON - age)
    assert [relay.prune(NOON), relay.prune(NOON), RelayedTopic.objects.count()] == [True, False, 1]


def test_a_process_without_relay_says_so(monkeypatch):
    monkeypatch.setattr(relay, "_current", None)
    assert relay.state().kind == "none"


@pytest.mark.parametrize(("url", "kind"), [(None, "table"), ("redis://127.0.0.1:1/0", "redis")])
def test_the_way_follows_from_the_settings(settings, url, kind):
    settings.REDIS_URL = url
    expected = "postgresql" if url is None and connection.vendor == "postgresql" else kind
    assert relay._chosen()[0] == expected


def test_every_row_says_when(reader):
    reader.send(Message("a", ("stacks",)))
    assert datetime.now(UTC) - RelayedTopic.objects.get().at < timedelta(minutes=1)

"""orchestrator.relay between processes"""

import os
from contextlib import ExitStack, closing
from functools import partial
from threading import Event
from time import monotonic
from urllib.parse import urlsplit

import psycopg
import pytest

from orchestrator import live, relay
from orchestrator.relay import channels
from tests.real.processes import Processes, fresh_postgresql, started, wait_until
from tests.real.wire import Wire

WAYS = [
    pytest.param("table", id="table"),
    pytest.param("postgresql", id="postgresql", marks=pytest.mark.needs("TEST_DATABASE_URL")),
    pytest.param("redis", id="redis", marks=pytest.mark.needs("TEST_REDIS_URL")),
]


@pytest.fixture
def processes(way, tmp_path):
    with ExitStack() as stack:
        url, extra = f"sqlite:///{tmp_path}/relay.sqlite3", {}
        if way == "postgresql":
            url = stack.enter_context(fresh_postgresql(os.environ["TEST_DATABASE_URL"]))
        if way == "redis":
            extra = {"REDIS_URL": os.environ["TEST_REDIS_URL"]}
        yield stack.enter_context(started(url, **extra))


def heard(page, topic):
    return sum(topic in line.split() for line in list(page.lines) if line.startswith("heard"))


@pytest.mark.parametrize("way", WAYS)
def test_two_pages_and_the_controllers_hear_each_other(processes: Processes):
    first, second = processes.page("stacks", "controllers"), processes.page("stacks", "controllers")
    seen = [(page, heard(page, "controllers")) for page in (first, second)]
    processes.manage("controllers").wait_for("Controllers run")
    for page, before in seen:
        wait_until(lambda page=page, before=before: heard(page, "controllers") > before)
    for speaker, listener in ((first, second), (second, first)):
        before, begun = heard(listener, "stacks"), monotonic()
        speaker.tell("stacks")
        wait_until(lambda listener=listener, before=before: heard(listener, "stacks") > before)
        assert monotonic() - begun < 2


@pytest.mark.parametrize("way", WAYS)
def test_a_process_hears_itself_once(processes: Processes):
    first, second = processes.page("stacks"), processes.page("stacks", "end")
    first.tell("stacks")
    wait_until(lambda: heard(first, "stacks") and heard(second, "stacks"))
    second.tell("stacks")  # By the time this arrives, an echo of the first would have.
    wait_until(lambda: heard(first, "stacks") >= 2)
    assert heard(first, "stacks") == 2


@pytest.mark.parametrize("way", [WAYS[1]])
def test_a_cut_connection_comes_back_and_nothing_is_missed(processes: Processes):
    first, second = processes.page("stacks"), processes.page("stacks")
    before = heard(second, "stacks")
    with psycopg.connect(processes.env["DATABASE_URL"], autocommit=True) as database:
        database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = %s AND datname = current_database()",
            ["orchestrator-relay"],
        )
    # Everything may have changed, says each process to itself once it is connected again.
    wait_until(lambda: heard(second, "stacks") > before, within_seconds=5)
    again = heard(second, "stacks")
    first.tell("stacks")
    wait_until(lambda: heard(second, "stacks") > again, within_seconds=5)


@pytest.fixture
def wire():
    address = urlsplit(os.environ["TEST_REDIS_URL"])
    with closing(Wire(address.hostname, address.port or 6379)) as found:
        yield found


@pytest.fixture
def carried(wire):
    """A relay whose connections to Redis go through `wire`."""
    stop = Event()
    each = relay.Relay(kind="redis", connect=partial(channels.over_redis, f"redis://127.0.0.1:{wire.port}/0"))
    threads = each.start(stop)
    wait_until(lambda: not each.state().problem)
    yield each
    stop.set()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()


@pytest.fixture
def listener():
    with channels.over_redis(os.environ["TEST_REDIS_URL"], Event()) as channel:
        channel.listen()
        yield channel


def arrives(listener, topic: str) -> bool:
    return any(topic in message.topics for message in listener.receive())


@pytest.mark.needs("TEST_REDIS_URL")
@pytest.mark.parametrize("trouble", ["cut", "freeze"])
def test_what_is_published_while_redis_is_away_arrives_later(carried, wire, listener, trouble):
    getattr(wire, trouble)()
    begun = monotonic()
    carried.outbox.put("stacks")
    assert monotonic() - begun < 0.1  # A publisher does not notice.
    wait_until(lambda: carried.state().problem)
    wire.mend()
    wait_until(lambda: arrives(listener, "stacks"))
    wait_until(lambda: not carried.state().problem)


@pytest.mark.needs("TEST_REDIS_URL")
def test_after_a_cut_everything_may_have_changed(carried, wire, hub):
    before = hub._last[live.EVERYTHING]
    wire.cut()
    wait_until(lambda: carried.state().problem)
    wire.mend()
    wait_until(lambda: not carried.state().problem and hub._last[live.EVERYTHING] > before)


@pytest.mark.needs("TEST_REDIS_URL")
def test_a_silent_redis_is_found_out(carried, wire):
    wire.freeze()
    wait_until(lambda: carried.state().problem, within_seconds=2 * channels.SILENCE_SECONDS + 3)

"""orchestrator.relay between processes"""

import os
from contextlib import ExitStack
from time import monotonic

import psycopg
import pytest

from tests.real.processes import Processes, fresh_postgresql, started, wait_until

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
    before = heard(first, "stacks")
    first.tell("stacks")
    wait_until(lambda: heard(second, "stacks"))
    second.tell("stacks")  # By the time this arrives, an echo of the first would have.
    wait_until(lambda: heard(first, "stacks") >= before + 2)
    assert heard(first, "stacks") == before + 2


@pytest.mark.parametrize("way", [WAYS[1]])
def test_a_cut_connection_comes_back_and_nothing_is_missed(processes: Processes):
    first, second = processes.page("stacks"), processes.page("stacks")
    before = heard(second, "stacks")
    with psycopg.connect(processes.env["DATABASE_URL"], autocommit=True) as database:
        database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
            ["orchestrator-relay"],
        )
    # Everything may have changed, says each process to itself once it is connected again.
    wait_until(lambda: heard(second, "stacks") > before, within_seconds=5)
    again = heard(second, "stacks")
    first.tell("stacks")
    wait_until(lambda: heard(second, "stacks") > again, within_seconds=5)

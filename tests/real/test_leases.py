"""Controllers of two processes: one acts, and the other takes over."""

import os
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest

from tests.real.processes import Process, Processes, fresh_postgresql, started, wait_until

DATABASES = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param("postgresql", id="postgresql", marks=pytest.mark.needs("TEST_DATABASE_URL")),
]
TAKEOVER_SECONDS = 15


@pytest.fixture(params=DATABASES)
def processes(request, tmp_path):
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path}/leases.sqlite3"
        if request.param == "postgresql":
            url = stack.enter_context(fresh_postgresql(os.environ["TEST_DATABASE_URL"]))
        yield stack.enter_context(started(url))


def lease(processes: Processes) -> tuple[str, int] | None:
    """Return owner and fence of the pruning controller, as anybody may read them."""
    query = "SELECT owner, fence FROM orchestrator_lease WHERE name = 'activity'"
    return one(processes, query)


def one(processes: Processes, query: str):
    url = processes.env["DATABASE_URL"]
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(Path(url.removeprefix("sqlite://")), timeout=10)) as database:
            return database.execute(query).fetchone()
    with psycopg.connect(url) as database:
        return database.execute(query).fetchone()


def owner(processes: Processes) -> str:
    return (lease(processes) or ("", 0))[0]


def wait_for_a_heartbeat(processes: Processes) -> None:
    query = "SELECT heartbeat_at FROM orchestrator_lease WHERE name = 'activity'"
    before = one(processes, query)
    wait_until(lambda: one(processes, query) != before)


def frozen_between_writes(processes: Processes, process: Process) -> bool:
    """Freeze a process; let it go on if it holds a lock, which nobody could wait out."""
    process.freeze()
    if not is_locked(processes):
        return True
    process.thaw()
    return False


def is_locked(processes: Processes) -> bool:
    url = processes.env["DATABASE_URL"]
    if url.startswith("sqlite"):
        file = Path(url.removeprefix("sqlite://"))
        with closing(sqlite3.connect(file, timeout=0.5, isolation_level=None)) as database:
            try:
                database.executescript("BEGIN IMMEDIATE; ROLLBACK")
            except sqlite3.OperationalError:
                return True
        return False
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE %s"
    with psycopg.connect(url) as database:
        return database.execute(query, ["idle in transaction%"]).fetchone() != (0,)


def controllers(processes: Processes):
    process = processes.manage("controllers")
    process.wait_for("Controllers run")
    return process


def owned_by(processes: Processes, process) -> bool:
    return f"-{process.child.pid}-" in owner(processes)


@pytest.mark.timeout(240)
def test_a_killed_owner_is_replaced_within_15_seconds(processes, record_property):
    first = controllers(processes)
    wait_until(lambda: owned_by(processes, first))
    second = controllers(processes)
    first.kill()
    took = wait_until(lambda: owned_by(processes, second), within_seconds=TAKEOVER_SECONDS)
    record_property("takeover_seconds", round(took, 1))
    assert lease(processes)[1] == 2
    query = "SELECT owner, result FROM orchestrator_controllerrun WHERE name = 'activity'"
    wait_until(lambda: one(processes, query) == (owner(processes), "done"), process=second)
    wait_until(lambda: one(processes, "SELECT text FROM orchestrator_activity"))
    assert "which stopped answering" in one(processes, "SELECT text FROM orchestrator_activity")[0]


@pytest.mark.timeout(240)
def test_a_stopped_owner_is_replaced_at_once(processes):
    first = controllers(processes)
    wait_until(lambda: owned_by(processes, first))
    second = controllers(processes)
    assert first.stop() < 5
    assert first.child.returncode == 0
    wait_until(lambda: owned_by(processes, second), within_seconds=6)


@pytest.mark.timeout(240)
def test_a_frozen_owner_that_wakes_up_does_not_take_it_back(processes):
    first = controllers(processes)
    wait_until(lambda: owned_by(processes, first))
    wait_until(lambda: frozen_between_writes(processes, first))
    second = controllers(processes)
    wait_until(lambda: owned_by(processes, second), within_seconds=TAKEOVER_SECONDS)
    held = lease(processes)
    first.thaw()
    wait_for_a_heartbeat(processes)
    assert lease(processes) == held

"""orchestrator.services.stacks.figures"""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection

from orchestrator.services.stacks import figures
from tests.stack_rows import stack_row

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def samples():
    found = {}
    for family in figures.collect(at=NOON):
        for each in family.samples:
            found[each.name, *each.labels.values()] = each.value
    return found


def test_stacks_are_told_by_status_without_those_that_are_over():
    stack_row("a", created_at=NOON)
    stack_row("b", created_at=NOON, status="failed")
    stack_row("c", created_at=NOON, expires_at=NOON)
    stack_row("d", created_at=NOON, wanted="absent")
    found = samples()
    assert {key[1]: value for key, value in found.items() if key[0] == "stacks_total"} == {
        "creating": 0,
        "running": 1,
        "stopped": 0,
        "failed": 1,
        "node_deleted": 0,
    }


def test_ports_are_told_as_held_and_free(settings):
    settings.STACK_NODEPORT_MIN, settings.STACK_NODEPORT_MAX = 31001, 31010
    stack_row(ports=(31001, 31002, 32000))
    found = samples()
    assert (found["stack_node_ports_used",], found["stack_node_ports_free",]) == (3, 8)


def test_creates_are_counted_with_their_time():
    for seconds in (0.2, 0.3, 90):
        figures.created(seconds)
    found = samples()
    name = "stack_create_seconds_bucket"
    assert (found[name, "0.1"], found[name, "0.25"], found[name, "0.5"]) == (0, 1, 2)
    assert (found[name, "60.0"], found[name, "+Inf"]) == (2, 3)
    assert found["stack_create_seconds_count",] == 3
    assert found["stack_create_seconds_sum",] == pytest.approx(90.5)


def test_failures_are_counted_by_code():
    for code in ("cluster_saturated", "cluster_saturated", "invalid_pod_spec"):
        figures.refused(code)
    found = samples()
    assert found["stack_create_failures_total", "cluster_saturated"] == 2
    assert found["stack_create_failures_total", "invalid_pod_spec"] == 1


def test_what_has_not_happened_yet_is_told_as_zero():
    found = samples()
    assert found["stack_reaper_runs_total",] == found["stack_running_seconds_count",] == 0


def test_a_figure_that_cannot_be_written_stops_nothing(caplog):
    def fails(*_):
        raise DatabaseError

    with connection.execute_wrapper(fails):
        figures.refused("cluster_saturated")
    assert "was not counted" in caplog.text

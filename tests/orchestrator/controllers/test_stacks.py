"""orchestrator.controllers.stacks"""

from datetime import timedelta
from time import thread_time

import pytest
from django.db import OperationalError
from msgspec.structs import replace
from structlog.testing import capture_logs

from orchestrator.backends.cluster.port import Kind
from orchestrator.controllers import runner, stacks
from orchestrator.models import Activity, HeldPort, Stack, StackPort
from orchestrator.services.leases import LeaseLost
from orchestrator.services.stacks import figures, reaping, strays
from tests.orchestrator.services.stacks.conftest import cluster, journals, noon
from tests.stack_rows import NOON, stack_row

__all__ = ["cluster", "journals", "noon"]

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
TTL = timedelta(hours=2)


def made(cluster, name="stack-1", *, port=31001, **more) -> Stack:
    return cluster.add(stack_row(name, ports=(port,), **{"created_at": NOON, **more}))


def test_it_is_due_at_the_next_expiry(cluster, settings):
    made(cluster)
    made(cluster, "stack-2", port=31002, expires_at=NOON + 3 * SECOND)
    assert stacks.reconcile(NOON) == NOON + 3 * SECOND
    assert stacks.reconcile(NOON + 3 * SECOND) == NOON + 3 * SECOND + settings.STACK_SCHEDULER_INTERVAL
    assert [row.pk for row in Stack.objects.all()] == ["stack-1"]


def test_what_it_did_is_logged_with_the_documented_fields(cluster):
    made(cluster)
    made(cluster, "stack-2", port=31002, expires_at=NOON)
    made(cluster, "stack-3", port=31003)
    cluster.take(Kind.PODS, "stack-3")
    made(cluster, "stack-4", port=31004)
    StackPort.objects.filter(stack="stack-4").delete()
    Stack.objects.filter(pk="stack-4").delete()
    with capture_logs() as logs:
        stacks.reconcile(NOON + timedelta(minutes=5))
    (line,) = [each for each in logs if each["event"] == "cleanup loop completed"]
    expected = {
        "scanned": 3,
        "targets": 4,
        "expired_targets": 1,
        "missing_resource_targets": 1,
        "orphan_targets": 2,
        "cleaned": 4,
        "failures": 0,
    }
    assert {name: line[name] for name in expected} == expected
    assert line["log_level"] == "info"
    assert Activity.objects.filter(text="removed 1 stack whose time was over").exists()


def test_what_it_did_is_counted(cluster):
    made(cluster, expires_at=NOON)
    stacks.reconcile(NOON)
    stacks.reconcile(NOON + SECOND)
    found = {
        (each.name, *each.labels.values()): each.value
        for family in figures.collect(at=NOON)
        for each in family.samples
    }
    assert found["stack_reaper_runs_total",] == 2
    assert found["stack_reaper_cleaned_total", "expired"] == 1


def test_a_quiet_round_is_not_logged(cluster):
    made(cluster)
    with capture_logs() as logs:
        stacks.reconcile(NOON)
    assert [each["log_level"] for each in logs] == ["debug"]


def test_one_part_that_fails_does_not_stop_the_others(cluster, monkeypatch):
    HeldPort.objects.create(context="demo-cluster", node_port=31001, until=NOON)

    def fails(at):
        raise OperationalError("away")

    monkeypatch.setattr(reaping, "compare", fails)
    with pytest.raises(OperationalError):
        stacks.reconcile(NOON)
    assert not HeldPort.objects.exists()


def test_a_lost_lease_ends_the_round(cluster, monkeypatch):
    def lost(at):
        raise LeaseLost("Another process runs it.")

    monkeypatch.setattr(reaping, "compare", lost)
    monkeypatch.setattr(strays, "sweep", lambda at: pytest.fail("it went on"))
    with pytest.raises(LeaseLost):
        stacks.reconcile(NOON)


def test_a_change_in_the_cluster_brings_a_run(cluster):
    made(cluster)
    reconcile, sign = runner.CONTROLLERS["stack-reaper"], runner.SIGNS["stack-reaper"]
    worker = runner.Worker("stack-reaper", reconcile, owner="a", sign=sign)
    for _ in range(2):  # The first one begins to watch.
        worker.look(NOON)
    due = worker.due
    worker.look(NOON + SECOND)
    assert worker.due == due
    cluster.take(Kind.PODS, "stack-1")
    worker.look(NOON + 2 * SECOND)
    assert not Stack.objects.exists()


def test_objects_of_others_bring_no_run(cluster):
    made(cluster)
    stacks.reconcile(NOON)
    before = stacks.sign()
    cluster.take(Kind.PODS, next(iter(cluster.names(Kind.PODS, namespace="staging"))), namespace="staging")
    assert stacks.sign() == before


def crowd(cluster, number: int) -> None:
    """Put many stacks, their pods and services into the table and the caches."""
    first = made(cluster)
    for _ in range(2):  # The policy is made. After that the demo shows its world no more, which has no crowd.
        stacks.reconcile(NOON)
    pods, services = cluster.cache(Kind.PODS), cluster.cache(Kind.SERVICES)
    pod, service = pods.get("stacks", first.pk), services.get("stacks", f"svc-{first.pk}")
    for each in range(number):
        first.pk = f"stack-of-a-crowd-{each}"
        first.save(force_insert=True)
        pods.put(replace(pod, name=first.pk))
        services.put(replace(service, name=f"svc-{first.pk}"))


def test_a_thousand_stacks_cost_no_call_and_little_time(cluster):
    crowd(cluster, 1000)
    cluster.calls.clear()
    begun = thread_time()
    stacks.reconcile(NOON)
    assert thread_time() - begun < 1
    assert cluster.calls == []
    assert Stack.objects.filter(updated_at=NOON).count() == 1001

"""orchestrator.services.stacks.strays: only what bears our label and belongs to nobody goes"""

from datetime import datetime, timedelta

import pytest
from django.utils.timezone import now

from orchestrator.backends.cluster.port import CacheState, Condition, Kind
from orchestrator.models import Activity, AuditEvent, Lease, Stack, StackPort
from orchestrator.services import leases
from orchestrator.services.leases import Held, LeaseLost
from orchestrator.services.stacks import strays
from tests.stack_rows import NOON, stack_row

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=5)


def orphan(cluster, name="stack-lost", *, port=31001, **more) -> None:
    """Make a pod and a service that no row knows."""
    row = cluster.add(stack_row(name, ports=(port,), **more))
    StackPort.objects.filter(stack=row).delete()
    row.delete()


def test_a_pod_and_a_service_of_nobody_are_removed(cluster):
    orphan(cluster)
    found = strays.found(at=LATER)
    assert {(each.kind, each.name, each.stack_id) for each in found} == {
        (Kind.PODS, "stack-lost", "stack-lost"),
        (Kind.SERVICES, "svc-stack-lost", "stack-lost"),
    }
    done = strays.sweep(at=LATER)
    assert (done.targets, done.removed, done.failures) == (2, 2, 0)
    assert cluster.names(Kind.PODS) | cluster.names(Kind.SERVICES) == set()
    assert strays.found(at=LATER) == []
    assert AuditEvent.objects.filter(actor="system", action="Remove").count() == 2
    assert "stack-lost, which does not exist" in Activity.objects.first().text


def test_what_is_young_is_shown_and_waits(cluster):
    orphan(cluster)
    (first, *_) = strays.found(at=now())
    assert first.due == first.created_at + strays.LEAST_AGE
    done = strays.sweep(at=first.due - timedelta(seconds=1))
    assert (done.targets, done.removed, done.due) == (0, 0, first.due)
    assert strays.sweep(at=LATER).removed == 2


def test_what_belongs_to_a_stack_stays(cluster):
    cluster.add(stack_row(ports=(31001,)))
    Stack.objects.update(wanted="absent", expires_at=now() - timedelta(days=1))
    cluster.calls.clear()
    assert strays.sweep(at=LATER).targets == 0
    assert cluster.calls == []


def test_what_has_no_label_of_ours_is_never_touched(cluster):
    for kind in (Kind.PODS, Kind.SERVICES):
        before = cluster.names(kind, namespace="default")
        assert before
        strays.sweep(at=LATER)
        assert cluster.names(kind, namespace="default") == before


def test_other_namespaces_are_left_alone_unless_a_stack_lives_there(cluster):
    orphan(cluster, namespace="staging")
    assert strays.found(at=LATER) == []
    stack_row("stack-other", namespace="staging")
    assert {each.namespace for each in strays.found(at=LATER)} == {"staging"}


def test_a_row_of_another_namespace_does_not_keep_a_copy(cluster):
    orphan(cluster)
    stack_row("stack-lost", namespace="staging")
    assert len(strays.found(at=LATER)) == 2


def test_a_context_that_was_renamed_makes_no_strays_of_its_stacks(cluster):
    cluster.add(stack_row(ports=(31001,)))
    Stack.objects.update(context="as-it-was-called-before")
    assert strays.found(at=LATER) == []


def test_the_table_is_asked_again_before_anything_is_removed(cluster):
    orphan(cluster)

    def appears(verb, plural, name):
        if verb == "get" and not Stack.objects.exists():
            stack_row("stack-lost")

    cluster.before = appears
    assert strays.sweep(at=LATER).removed == 0
    assert cluster.names(Kind.PODS) == {"stack-lost"}


def test_the_cluster_is_asked_before_anything_is_removed(cluster, monkeypatch):
    orphan(cluster)
    found = strays.found(at=LATER)
    cluster.take(Kind.PODS, "stack-lost")
    cluster.take(Kind.SERVICES, "svc-stack-lost")
    monkeypatch.setattr(strays, "found", lambda *, at: found)
    cluster.calls.clear()
    assert strays.sweep(at=LATER).removed == 0
    assert {verb for verb, _, _ in cluster.calls} == {"get"}


def test_what_a_cache_does_not_know_as_it_is_now_is_no_stray(cluster, monkeypatch):
    orphan(cluster)
    state = CacheState(condition=Condition.RECONNECTING, since=LATER, synced=True)
    for kind in strays.KINDS:
        monkeypatch.setattr(cluster.cache(kind), "state", lambda: state)
    assert strays.found(at=LATER) == []


def test_a_stray_that_cannot_be_removed_is_tried_again_ever_later(cluster):
    orphan(cluster)
    cluster.fails("delete", "pods")
    done = strays.sweep(at=LATER)
    assert (done.targets, done.removed, done.failures) == (2, 1, 1)
    assert isinstance(done.due, datetime)
    cluster.calls.clear()
    strays.sweep(at=LATER)
    assert cluster.calls == []
    cluster.works()
    assert strays.sweep(at=done.due).removed == 1


def test_who_lost_the_lease_removes_nothing(cluster):
    orphan(cluster)
    Lease.objects.create(name="stack-reaper", owner="b", fence=2, expires_at=LATER, heartbeat_at=LATER)
    with leases.acting(Held("stack-reaper", "a", 1)), pytest.raises(LeaseLost):
        strays.sweep(at=LATER)
    assert cluster.names(Kind.PODS) == {"stack-lost"}

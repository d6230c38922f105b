"""orchestrator.services.stacks.reaping: what becomes of each stack, whatever its cluster does"""

from datetime import timedelta

import pytest

from orchestrator.backends.cluster.port import CacheState, Condition, Kind
from orchestrator.backends.errors import Forbidden, Invalid
from orchestrator.models import Activity, AuditEvent, Lease, Stack, StackPort
from orchestrator.services import leases
from orchestrator.services.leases import Held, LeaseLost
from orchestrator.services.stacks import reaping, removal
from orchestrator.services.stacks.decisions import Why
from tests.stack_cluster import DOWN
from tests.stack_rows import NOON, stack_row

pytestmark = pytest.mark.django_db
NAME = "stack-0000000000000001"
SERVICE = f"svc-{NAME}"
SECOND = timedelta(seconds=1)
TTL = timedelta(hours=2)


@pytest.fixture
def stack(cluster) -> Stack:
    return cluster.add(stack_row(ports=(31001,), created_at=NOON))


def left(cluster) -> tuple[bool, bool, bool, bool]:
    """Return whether there are a row, a port, a pod and a service."""
    return (
        Stack.objects.exists(),
        StackPort.objects.exists(),
        bool(cluster.names(Kind.PODS)),
        bool(cluster.names(Kind.SERVICES)),
    )


GONE = (False, False, False, False)
WHOLE = (True, True, True, True)
RESTS = (True, False, False, False)


def test_a_stack_that_is_well_costs_no_call_and_no_write(cluster, stack, django_assert_num_queries):
    reaping.compare(NOON)
    cluster.calls.clear()
    before = Stack.objects.get().updated_at
    with django_assert_num_queries(1):
        done = reaping.compare(NOON + SECOND)
    assert (done.scanned, done.targets.total(), done.failures) == (1, 0, 0)
    assert cluster.calls == []
    assert (left(cluster), Stack.objects.get().updated_at) == (WHOLE, before)


def test_a_stack_goes_when_its_time_is_over(cluster, stack):
    assert reaping.compare(NOON + TTL - SECOND).due == [NOON + TTL]
    assert left(cluster) == WHOLE
    done = reaping.compare(NOON + TTL)
    assert (left(cluster), done.cleaned) == (GONE, {Why.EXPIRED: 1})
    event = AuditEvent.objects.get()
    assert (event.actor, event.target, event.note) == ("system", f"stack {NAME}", "its time was over")


def test_what_was_asked_to_go_goes(cluster, stack):
    removal.want(stack, Stack.Wanted.ABSENT, at=NOON)
    reaping.compare(NOON)
    assert left(cluster) == GONE


def test_a_stop_that_was_cut_short_is_finished_and_leaves_the_row(cluster, stack):
    removal.want(stack, Stack.Wanted.STOPPED, at=NOON)
    assert reaping.compare(NOON).cleaned == {Why.STOPPED: 1}
    assert (left(cluster), Stack.objects.get().status) == (RESTS, "stopped")
    cluster.calls.clear()
    reaping.compare(NOON + SECOND)
    assert cluster.calls == []
    reaping.compare(NOON + TTL)
    assert (left(cluster), cluster.calls) == (GONE, [])


def test_half_of_a_stack_is_undone_once_nobody_can_be_making_it(cluster, stack):
    Stack.objects.update(settled=False)
    patience = reaping.patience()
    assert reaping.compare(NOON).due == [NOON + patience]
    reaping.compare(NOON + patience - SECOND)
    assert left(cluster) == WHOLE
    assert reaping.compare(NOON + patience).cleaned == {Why.HALF_MADE: 1}
    assert left(cluster) == GONE


@pytest.mark.parametrize(("kind", "name"), [(Kind.PODS, NAME), (Kind.SERVICES, SERVICE)])
def test_what_is_deleted_from_outside_takes_the_rest_with_it(cluster, stack, kind, name):
    cluster.take(kind, name)
    assert reaping.compare(NOON).cleaned == {Why.MISSING: 1}
    assert left(cluster) == GONE
    assert "deleted from outside" in Activity.objects.get().text


def test_a_stack_whose_node_goes_stays_readable_until_its_end(cluster, stack):
    cluster.take(Kind.NODES, stack.node_id, namespace="")
    assert reaping.compare(NOON).cleaned == {Why.NODE_GONE: 1}
    row = Stack.objects.get()
    assert (left(cluster), row.status, row.reason) == (RESTS, "node_deleted", "NodeLost")
    assert (row.message, row.updated_at) == ("Its node is gone.", NOON)
    cluster.calls.clear()
    reaping.compare(NOON + SECOND)
    assert (cluster.calls, Stack.objects.get().status) == ([], "node_deleted")
    reaping.compare(NOON + TTL)
    assert left(cluster) == GONE


class Blind:
    """A cache that shows nothing, and says why."""

    def __init__(self, cache, condition, *, synced=False):
        self._cache, self._condition, self._synced = cache, condition, synced

    def get(self, namespace, name):
        return None

    def state(self):
        return CacheState(condition=self._condition, since=NOON, synced=self._synced)


@pytest.mark.parametrize(
    "condition", [Condition.SYNCING, Condition.RECONNECTING, Condition.FORBIDDEN, Condition.UNREACHABLE]
)
def test_what_a_cache_does_not_know_is_not_gone(cluster, stack, monkeypatch, condition):
    seen = cluster.cache
    synced = condition is Condition.RECONNECTING
    monkeypatch.setattr(cluster, "cache", lambda kind: Blind(seen(kind), condition, synced=synced))
    cluster.calls.clear()
    done = reaping.compare(NOON)
    monkeypatch.undo()
    assert (done.targets.total(), cluster.calls, left(cluster)) == (0, [], WHOLE)


def test_a_cache_that_is_late_is_not_believed(cluster, stack, monkeypatch):
    seen = cluster.cache
    monkeypatch.setattr(cluster, "cache", lambda kind: Blind(seen(kind), Condition.LIVE, synced=True))
    cluster.calls.clear()
    reaping.compare(NOON)
    monkeypatch.undo()
    assert left(cluster) == WHOLE
    assert {verb for verb, _, _ in cluster.calls} == {"get"}


def test_a_pod_goes_with_its_stack_where_nodes_may_not_be_read(cluster, stack):
    cluster.take(Kind.PODS, NAME)
    cluster.fails("get", "nodes", error=Forbidden("You may not.", service="kubernetes", status=403))
    reaping.compare(NOON)
    assert left(cluster) == GONE


def test_another_pod_of_the_name_is_not_the_one_that_was_made(cluster, stack):
    Stack.objects.update(pod_uid="another")
    reaping.compare(NOON)
    assert not Stack.objects.exists()


@pytest.mark.parametrize(("verb", "plural"), [("delete", "services"), ("delete", "pods")])
def test_the_ports_stay_held_until_the_cluster_has_confirmed(cluster, stack, verb, plural):
    cluster.fails(verb, plural)
    done = reaping.compare(NOON + TTL)
    assert (done.failures, done.cleaned.total()) == (1, 0)
    assert StackPort.objects.count() == 1
    assert Stack.objects.get().problem == DOWN.message
    cluster.works()
    reaping.compare(NOON + TTL + 10 * SECOND)
    assert left(cluster) == GONE


def test_a_failure_is_told_once_and_tried_again_ever_later(cluster, stack):
    cluster.fails("delete", "services")
    at, pauses = NOON + TTL, []
    for _ in range(8):
        due = min(reaping.compare(at).due)
        pauses.append((due - at).total_seconds())
        at = due
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]
    assert [line.level for line in Activity.objects.all()] == ["error"]
    cluster.calls.clear()
    reaping.compare(at - SECOND)
    assert cluster.calls == []


def test_a_stack_that_cannot_be_removed_does_not_keep_the_others(cluster, stack):
    cluster.add(stack_row("stack-2", ports=(31002,), created_at=NOON))
    cluster.fails("delete", "pods", name=NAME, error=Invalid("no", service="kubernetes", status=422))
    done = reaping.compare(NOON + TTL)
    assert (done.failures, done.cleaned.total()) == (1, 1)
    assert cluster.names(Kind.PODS) == {NAME}


def test_a_cluster_that_does_not_answer_is_not_asked_for_each_stack(cluster):
    for number in range(10):
        cluster.add(stack_row(f"stack-{number}", ports=(31001 + number,), created_at=NOON))
    cluster.fails("delete", "services")
    cluster.calls.clear()
    assert reaping.compare(NOON + TTL).failures == reaping.GIVE_UP_AFTER
    assert len(cluster.calls) == reaping.GIVE_UP_AFTER


def test_an_error_that_nobody_thought_of_does_not_stop_the_rest(cluster, stack, caplog):
    cluster.add(stack_row("stack-2", ports=(31002,), created_at=NOON))

    def breaks(verb, plural, name):
        if NAME in name:
            raise RuntimeError("surprise")

    cluster.before = breaks
    assert reaping.compare(NOON + TTL).failures == 1
    assert [row.pk for row in Stack.objects.all()] == [NAME]
    assert Stack.objects.get().problem == "An unexpected RuntimeError."
    assert "surprise" in caplog.text


def test_stacks_of_a_cluster_that_was_not_opened_are_left_alone(cluster):
    stack_row(ports=(31001,), context="elsewhere", created_at=NOON)
    done = reaping.compare(NOON + TTL)
    assert (done.scanned, done.due, done.failures) == (0, [], 0)
    assert Stack.objects.get().wanted == "present"


def test_who_lost_the_lease_removes_nothing(cluster, stack):
    Lease.objects.create(name="stack-reaper", owner="b", fence=2, expires_at=NOON, heartbeat_at=NOON)
    cluster.calls.clear()
    with leases.acting(Held("stack-reaper", "a", 1)), pytest.raises(LeaseLost):
        reaping.compare(NOON + TTL)
    assert (left(cluster), cluster.calls) == (WHOLE, [])


def test_an_extended_stack_lives_on(cluster, stack):
    Stack.objects.update(expires_at=NOON + 2 * TTL)
    assert reaping.compare(NOON + TTL).due == [NOON + 2 * TTL]
    assert left(cluster) == WHOLE


def runs(*command: str) -> dict:
    """Return a pod whose only container runs a command."""
    pod = stack_row("template").pod
    Stack.objects.filter(pk="template").delete()
    container = {**pod["spec"]["containers"][0], "image": "busybox", "command": list(command)}
    return {**pod, "spec": {**pod["spec"], "containers": [container]}}


@pytest.mark.parametrize(("code", "status"), [(0, "stopped"), (1, "failed")])
def test_a_pod_that_ends_is_kept_and_its_stack_says_how(cluster, published, code, status):
    cluster.add(stack_row(ports=(31001,), created_at=NOON, pod=runs("sh", "-c", f"exit {code}")))
    cluster.step(60)
    with published() as topics:
        reaping.compare(NOON + SECOND)
    row = Stack.objects.get()
    assert (row.status, row.updated_at) == (status, NOON + SECOND)
    assert cluster.names(Kind.PODS) == {NAME}
    assert {"stacks", f"stack:{NAME}"} <= set(topics)
    reaping.compare(NOON + 9 * SECOND)
    assert Stack.objects.get().updated_at == NOON + SECOND


def test_a_stack_that_begins_to_run_says_so_once(cluster, stack):
    Stack.objects.update(status="creating")
    reaping.compare(NOON + SECOND)
    row = Stack.objects.get()
    assert (row.status, row.node_id, row.updated_at) == ("running", stack.node_id, NOON + SECOND)


def test_a_pod_with_a_finalizer_keeps_the_row_until_it_is_gone(cluster, stack, monkeypatch):
    delete = cluster.delete

    def holds(resource, *, name, **more):
        if resource.plural != "pods":
            delete(resource, name=name, **more)

    monkeypatch.setattr(cluster, "delete", holds)
    reaping.compare(NOON + TTL)
    assert left(cluster) == (True, True, True, False)
    assert "still being deleted" in Stack.objects.get().problem

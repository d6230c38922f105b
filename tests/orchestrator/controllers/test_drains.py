"""orchestrator.controllers.drains: a node is emptied, whatever happens to us meanwhile"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from orchestrator.backends.cluster.demo import DemoCluster
from orchestrator.backends.cluster.port import DEMO_CONTEXT, RESOURCES, Catalogue, Kind
from orchestrator.backends.errors import Cause, Forbidden, NotFound, Overloaded, Unreachable
from orchestrator.controllers.drains import IDLE, reconcile
from orchestrator.errors import NotNow, Refused
from orchestrator.models import Activity, AuditEvent, Drain, Lease
from orchestrator.services import access, leases
from orchestrator.services.access import Caller
from orchestrator.services.clusters import contexts, drains, nodes
from orchestrator.services.clusters.draining import Options
from orchestrator.services.clusters.evictions import LOOK, RETRY
from orchestrator.services.leases import Held, LeaseLost

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MARA = Caller("mara", access.scopes_of("operator"))
NODE = "worker-a"
EVERYTHING = Options(force=True, delete_empty_dir=True)


class Cluster(DemoCluster):
    """The demo cluster, which refuses to evict the pods in `refused`, and notes what it is asked and does."""

    def __init__(self) -> None:
        super().__init__(seed=42, evolve=False)
        self.refused = {}
        self.evictions = []
        self.evicted = []

    def evict(self, pod, *, namespace, uid="", grace_seconds=None, dry_run=False):
        self.evictions.append(pod)
        if pod in self.refused:
            raise self.refused[pod]
        super().evict(pod, namespace=namespace, uid=uid, grace_seconds=grace_seconds, dry_run=dry_run)
        self.evicted.append(pod)

    def names(self):
        return {row.name for row in self.cache(Kind.PODS).rows() if row.node_name == NODE}


@pytest.fixture
def cluster(monkeypatch):
    cluster = Cluster()
    known = Catalogue(clusters={DEMO_CONTEXT: cluster}, current=DEMO_CONTEXT)
    monkeypatch.setattr(contexts, "catalogue", lambda: known)
    yield cluster
    cluster.close()


@pytest.fixture
def scope(cluster):
    return contexts.scope(context=DEMO_CONTEXT)


def begin(scope, options=EVERYTHING, *, at=NOON):
    return drains.start(MARA, scope, NODE, options, at=at)


def run(cluster, *, at=NOON, rounds=30):
    """Let the controller and the cluster go on until the drain is over."""
    for _ in range(rounds):
        at = reconcile(at)
        cluster.step(5)
        if not Drain.objects.running().exists():
            break
    return Drain.objects.get()


def is_cordoned(cluster):
    return cluster.cache(Kind.NODES).get("", NODE).unschedulable


def states(row):
    return {each["name"]: each["state"] for each in row.pods}


def test_a_node_is_cordoned_and_emptied_of_all_but_what_stays(cluster, scope):
    begin(scope)
    row = run(cluster)
    assert (row.state, is_cordoned(cluster)) == ("done", True)
    left = [name for name, state in states(row).items() if state == "stays"]
    assert cluster.names() == set(left)
    assert set(states(row).values()) == {"gone", "stays"}
    assert "The node stays cordoned" in row.note


def test_nothing_is_touched_before_it_is_written_down(cluster, scope):
    begin(scope)
    assert Drain.objects.get().state == "running"
    assert (cluster.evictions, is_cordoned(cluster)) == ([], False)


def test_no_pod_is_evicted_twice(cluster, scope):
    begin(scope)
    run(cluster)
    assert len(cluster.evicted) == len(set(cluster.evicted))


def test_twice_is_the_same_as_once(cluster, scope):
    begin(scope)
    reconcile(NOON)
    once = cluster.evictions.copy()
    reconcile(NOON)
    assert cluster.evictions == once


class Killed(BaseException):
    """The process ends here."""


def dies_at(number):
    """Return a wrapper of statements that lets `number` of them happen, and then ends the process."""
    left = iter(range(number))

    def wrapper(execute, sql, params, many, context):
        if next(left, None) is None:
            raise Killed
        return execute(sql, params, many, context)

    return wrapper


def test_a_process_that_is_killed_at_any_statement_is_followed_by_one_that_finishes(cluster, scope):
    whole = begin(scope)
    number = 0
    while True:
        try:
            with connection.execute_wrapper(dies_at(number)):
                reconcile(NOON + number * SECOND)
            break
        except Killed:
            number += 1
    assert number > 10
    row = run(cluster, at=NOON + timedelta(minutes=5))
    assert row.state == "done"
    assert set(states(row)) == {each.name for each in whole.entries}
    assert len(cluster.evictions) >= len(set(cluster.evictions)) > 0


def test_a_budget_is_named_and_asked_again_a_little_later(cluster, scope):
    name = next(each.name for each in begin(scope).entries if each.state == "waiting")
    why = "The disruption budget web needs 2 healthy pods and has 2 currently"
    cluster.refused[name] = Overloaded("Cannot evict pod.", service="kubernetes", causes=[Cause(why)])
    reconcile(NOON)
    held = next(each for each in Drain.objects.get().pods if each["name"] == name)
    assert (held["state"], held["reason"]) == ("waiting", why)
    reconcile(NOON + RETRY - SECOND)
    assert cluster.evictions.count(name) == 1
    cluster.refused.clear()
    assert states(run(cluster, at=NOON + RETRY))[name] == "gone"


def test_a_pod_that_may_not_be_evicted_is_refused_and_the_rest_goes_on(cluster, scope):
    name = next(each.name for each in begin(scope).entries if each.state == "waiting")
    cluster.refused[name] = Forbidden("You may not evict it.", service="kubernetes")
    row = run(cluster)
    assert (row.state, states(row)[name]) == ("failed", "refused")
    assert name in row.note
    assert sorted(set(states(row).values())) == ["gone", "refused", "stays"]


def test_without_an_answer_it_waits_and_says_so(cluster, scope):
    for each in begin(scope).entries:
        cluster.refused[each.name] = Unreachable("The API server cannot be reached.", service="kubernetes")
    assert reconcile(NOON) == NOON + RETRY
    row = Drain.objects.get()
    assert (row.state, row.note[:33]) == ("running", "The API server cannot be reached.")
    assert len(cluster.evictions) == 1
    cluster.refused.clear()
    assert run(cluster, at=NOON + RETRY).state == "done"


def test_a_pod_that_went_by_itself_is_gone(cluster, scope):
    name = next(each.name for each in begin(scope).entries if each.state == "waiting")
    cluster.refused[name] = NotFound("It is not there.", service="kubernetes")
    reconcile(NOON)
    assert states(Drain.objects.get())[name] == "gone"


def test_a_cancel_stops_after_the_present_pod_and_keeps_the_cordon(cluster, scope):
    begin(scope)
    evict = cluster.evict

    def then_cancelled(pod, **more):
        evict(pod, **more)
        drains.cancel(MARA, scope, NODE, at=NOON)

    cluster.evict = then_cancelled
    reconcile(NOON)
    assert len(cluster.evictions) == 1
    reconcile(NOON + LOOK)
    row = Drain.objects.get()
    assert (row.state, is_cordoned(cluster)) == ("cancelled", True)
    assert row.note == "mara has cancelled it. The node stays cordoned."


def test_a_drain_ends_at_its_deadline_and_says_what_is_left(cluster, scope):
    soon = replace(EVERYTHING, timeout_seconds=60)
    name = next(each.name for each in begin(scope, soon).entries if each.state == "waiting")
    cluster.refused[name] = Overloaded("Cannot evict pod.", service="kubernetes")
    row = run(cluster)
    assert row.state == "failed"
    assert row.note.startswith("1 pods were left after 60 s: ")
    assert name in row.note


def test_a_context_that_is_gone_ends_its_drains(cluster, scope):
    begin(scope)
    Drain.objects.update(context="no-such-context")
    reconcile(NOON)
    row = Drain.objects.get()
    assert (row.state, row.note) == ("failed", "Context not found: no-such-context")


def test_one_drain_that_cannot_go_on_does_not_stop_the_others(cluster, scope, caplog):
    begin(scope)
    Drain.objects.update(pods=[{"broken": True}])
    drains.start(MARA, scope, "worker-b", EVERYTHING, at=NOON)
    with pytest.raises(Exception, match="required field"):
        reconcile(NOON)
    assert cluster.cache(Kind.NODES).get("", "worker-b").unschedulable
    assert f"drain of {NODE}" in caplog.text


def test_a_process_that_lost_its_lease_writes_nothing_more(cluster, scope):
    begin(scope)
    Lease.objects.create(name="drains", owner="b", fence=2, expires_at=NOON, heartbeat_at=NOON)
    with leases.acting(Held("drains", "a", 1)), pytest.raises(LeaseLost):
        reconcile(NOON)
    assert not Drain.objects.get().cordoned


def test_two_drains_of_a_node_do_not_run_at_once(cluster, scope):
    begin(scope)
    with pytest.raises(NotNow, match="runs already"):
        begin(scope)
    run(cluster)
    nodes.uncordon(MARA, scope, NODE, at=NOON)
    assert begin(scope).row.state == "running"


def test_only_who_may_change_clusters_drains(scope):
    with pytest.raises(Refused):
        drains.start(Caller("vera", access.scopes_of("viewer")), scope, NODE, EVERYTHING, at=NOON)


def test_pods_that_need_an_option_stop_a_drain_before_it_begins(cluster, scope):
    spec = {"nodeName": NODE, "containers": [{"name": "c", "image": "lab/web:1"}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "alone"}, "spec": spec}
    cluster.create(RESOURCES[Kind.PODS], pod, namespace="default")
    with pytest.raises(NotNow, match="default/alone: nothing makes it again") as caught:
        begin(scope, Options())
    assert caught.value.details["pods"][0]["name"] == "alone"
    assert not Drain.objects.exists()


def test_the_audit_and_the_timeline_tell_of_the_beginning_and_the_end(cluster, scope):
    begin(scope)
    run(cluster)
    events = AuditEvent.objects.order_by("pk").values_list("actor", "action", "target", "result")
    assert list(events) == [
        ("mara", "Drain", "node worker-a", "done"),
        ("mara", "Drain done", "node worker-a", "done"),
    ]
    assert Activity.objects.first().text.startswith("drained a node: ")


def test_old_drains_are_forgotten(cluster, scope, settings):
    begin(scope)
    run(cluster)
    assert reconcile(NOON + settings.ACTIVITY_KEEP * 2) == NOON + settings.ACTIVITY_KEEP * 2 + IDLE
    assert not Drain.objects.exists()

"""A real node is cordoned and drained, of the pods of our own namespace alone: others live there too."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from orchestrator.controllers.drains import reconcile
from orchestrator.models import AuditEvent
from tests.real.acted import ADMIN, AWAY, VIEWER, Caller, Workloads, contexts_of, kubeconfig
from tests.real.processes import wait_until
from tests.real.source import pod

pytestmark = [
    pytest.mark.needs("TEST_KUBECONFIG", "TEST_KUBECONFIG_VIEWER"),
    pytest.mark.django_db(transaction=True),
]
LATER = timedelta(seconds=30)  # A budget is asked again by then.


@pytest.fixture(scope="module")
def workloads(place):
    workloads = Workloads(place.name)
    workloads.deployment("web", replicas=2)
    yield workloads
    workloads.close()


@pytest.fixture
def node(workloads):
    """Give the lab's node, and let it take pods again whatever happens."""
    name = workloads.core.list_node().items[0].metadata.name
    yield name
    workloads.core.patch_node(name, {"spec": {"unschedulable": None}})
    wait_until(lambda: workloads.is_complete("web"), within_seconds=90)


@pytest.fixture
def budget(workloads):
    """Let no pod of the deployment be evicted; return a function that allows all of them to be."""
    policy = workloads.policy
    selector = {"matchLabels": {"app": "web"}}
    body = {"metadata": {"name": "web"}, "spec": {"minAvailable": 2, "selector": selector}}
    policy.create_namespaced_pod_disruption_budget(workloads.namespace, body)
    wait_until(lambda: _healthy(workloads) == 2)
    yield lambda: policy.patch_namespaced_pod_disruption_budget(
        "web", workloads.namespace, {"spec": {"minAvailable": 0}}
    )
    policy.delete_namespaced_pod_disruption_budget("web", workloads.namespace)


def _healthy(workloads) -> int:
    found = workloads.policy.read_namespaced_pod_disruption_budget("web", workloads.namespace)
    return found.status.current_healthy if found.status else 0


@pytest.fixture
def api(tmp_path, monkeypatch, settings, workloads):
    with contexts_of(kubeconfig(tmp_path, current=AWAY), monkeypatch, settings):
        yield Caller(workloads.namespace)


def drain(api, workloads, node, *, context=ADMIN, **more):
    return api.post(f"nodes/{node}/drain", {"namespace": workloads.namespace} | more, context=context)


def is_cordoned(workloads, node) -> bool:
    return bool(workloads.core.read_node(node).spec.unschedulable)


def test_a_budget_holds_a_drain_up_until_it_allows_it(api, workloads, node, budget):
    old = set(workloads.pods("web"))
    answer = drain(api, workloads, node)
    assert (answer.status_code, answer.json()["counts"]["waiting"]) == (202, 2)
    reconcile(now())
    held = api.get(f"nodes/{node}/drain", context=ADMIN).json()
    assert is_cordoned(workloads, node)
    assert {each["name"] for each in held["pods"]} == old
    assert {each["state"] for each in held["pods"]} == {"waiting"}
    assert "budget web needs 2 healthy pods" in held["pods"][0]["reason"]
    budget()
    wait_until(lambda: ended(api, node) == "done", within_seconds=60)
    assert not old & set(workloads.pods("web"))
    assert is_cordoned(workloads, node)
    assert api.post(f"nodes/{node}/uncordon", context=ADMIN).status_code == 200
    assert not is_cordoned(workloads, node)
    assert [each.result for each in AuditEvent.objects.order_by("pk")] == ["done", "done", "done"]


def ended(api, node) -> str:
    """Let the controller look again, after the time that a budget is given."""
    reconcile(now() + LATER)
    return api.get(f"nodes/{node}/drain", context=ADMIN).json()["state"]


def test_a_cancelled_drain_leaves_the_pods_and_the_cordon(api, workloads, node, budget):
    before = set(workloads.pods("web"))
    drain(api, workloads, node)
    reconcile(now())
    assert api.post(f"nodes/{node}/drain/cancel", context=ADMIN).json()["state"] == "cancelling"
    assert ended(api, node) == "cancelled"
    assert set(workloads.pods("web")) == before
    assert is_cordoned(workloads, node)


def test_a_plan_changes_nothing(api, workloads, node):
    answer = drain(api, workloads, node, dryRun=True)
    assert {each["name"] for each in answer.json()["pods"]} == set(workloads.pods("web"))
    assert not is_cordoned(workloads, node)


def test_a_pod_that_would_not_come_back_stops_a_drain_before_it_begins(api, workloads, node):
    body = {"metadata": {"name": "alone"}, "spec": pod(nodeName=node)}
    workloads.core.create_namespaced_pod(workloads.namespace, body)
    wait_until(lambda: "alone" in planned(api, workloads, node))
    answer = drain(api, workloads, node)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert [each["name"] for each in answer.json()["details"]["pods"]] == ["alone"]
    assert not is_cordoned(workloads, node)
    workloads.core.delete_namespaced_pod("alone", workloads.namespace, grace_period_seconds=0)


def planned(api, workloads, node) -> set[str]:
    return {each["name"] for each in drain(api, workloads, node, dryRun=True).json()["pods"]}


@pytest.mark.parametrize("act", ["cordon", "uncordon", "drain"])
def test_a_viewer_is_told_which_right_is_missing(api, node, workloads, act):
    answer = api.post(f"nodes/{node}/{act}", context=VIEWER)
    right = {"reason": "Forbidden", "verb": "patch", "resource": "nodes", "namespace": ""}
    assert (answer.status_code, answer.json()["details"]) == (403, right)
    assert not is_cordoned(workloads, node)


@pytest.mark.parametrize("act", ["cordon", "drain"])
def test_what_is_not_there_or_away_is_told(api, act):
    assert api.post(f"nodes/no-such-node/{act}", context=ADMIN).status_code == 404
    assert api.post(f"nodes/no-such-node/{act}", context=AWAY).status_code == 503

"""dashboard.overview and services.clusters.findings"""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from dashboard import overview
from orchestrator.backends.cluster.objects import Amounts, Node, NodeCondition, Pod
from orchestrator.backends.cluster.port import CacheState, Condition
from orchestrator.services import activity
from orchestrator.services.clusters import findings

BORN = "2025-01-28T07:00:00.000Z"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def signed_in(client, viewer):
    client.force_login(viewer)
    return client


def pod(name: str, *, status: str = "CrashLoopBackOff", labels: dict[str, str] | None = None, **more) -> Pod:
    values = {"namespace": "shop", "phase": "Running", "ready": "0/1"} | more
    return Pod(name=name, status=status, labels=labels or {}, created_at=BORN, **values)


def of_deployment(suffix: str, **more) -> Pod:
    return pod(f"checkout-api-6d5f9c7b84-{suffix}", labels={"pod-template-hash": "6d5f9c7b84"}, **more)


def test_the_overview_says_what_is_broken(signed_in):
    answer = signed_in.get(reverse("dashboard:overview"))
    assert "broken in demo-cluster" in answer.content.decode()
    assert "rabbitmq cannot pull its image" in answer.content.decode()


def test_each_finding_leads_to_its_object_or_to_its_rows(signed_in):
    for lead in signed_in.get(reverse("dashboard:overview")).context["leads"]:
        shown = signed_in.get(lead.href).context
        assert shown["row"].name == lead.finding.only if lead.finding.only else shown["rows"]


def test_tiles_lead_to_their_lists(signed_in):
    tiles = signed_in.get(reverse("dashboard:overview")).context["tiles"]
    assert [tile.label for tile in tiles] == ["Pods", "Nodes", "Namespaces", "Warning events, 24 h", "Stacks"]
    assert all(signed_in.get(tile.href).status_code == 200 for tile in tiles)


def test_sources_say_how_fresh_they_are(signed_in):
    signed_in.get(reverse("dashboard:overview"))
    sources = signed_in.get(reverse("dashboard:overview")).context["sources"]
    assert [(each.name, each.state.condition) for each in sources] == [("demo-cluster", Condition.LIVE)]


def test_the_overview_shows_the_latest_activity(signed_in):
    activity.add("signed in", actor="mara", area="access", at=now())
    assert "<b>mara</b>" in signed_in.get(reverse("dashboard:overview")).content.decode()


def test_what_is_on_the_screen_already_is_not_sent_again(signed_in):
    shown = signed_in.get(reverse("dashboard:overview"), headers=HTMX).context["etag"]
    again = signed_in.get(reverse("dashboard:overview"), headers=HTMX | {"If-None-Match": shown})
    assert again.status_code == 204


@pytest.mark.parametrize(
    ("row", "workload"),
    [
        (of_deployment("q8xkz"), "checkout-api"),
        (pod("rabbitmq-0", labels={"apps.kubernetes.io/pod-index": "0"}), "rabbitmq"),
        (pod("fluentd-x7k2p", labels={"controller-revision-hash": "abc"}), "fluentd"),
        (pod("nightly-28123-abcde", labels={"job-name": "nightly-28123"}), "nightly-28123"),
        (pod("alone-in-the-dark"), "alone-in-the-dark"),
    ],
)
def test_workload_of_a_pod(row, workload):
    assert findings.workload_of(row) == workload


def test_pods_with_one_cause_are_one_finding():
    rows = [of_deployment("q8xkz", restart_count=3), of_deployment("m2vtd", restart_count=4)]
    (found,) = findings.broken_pods(rows, context="prod-eu")
    assert found.title == "checkout-api restarts again and again: 2 pods"
    assert found.facts == ["prod-eu / shop", "CrashLoopBackOff", "7 restarts"]


def test_an_unknown_reason_is_shown_as_it_is():
    (found,) = findings.broken_pods([pod("a", status="ContainerStatusUnknown")], context="prod-eu")
    assert found.title == "a: 1 pod, ContainerStatusUnknown"


def test_healthy_pods_are_no_finding():
    assert findings.broken_pods([pod("a", status="Running", ready="1/1")], context="prod-eu") == []


def test_a_node_that_is_down_says_since_when():
    at = "2025-01-28T06:00:00Z"
    condition = NodeCondition(
        "Ready", "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.", at
    )
    node = Node(
        name="eu-w-3",
        status="NotReady",
        created_at=BORN,
        roles=("worker",),
        version="v1.34.0",
        capacity=Amounts(),
        allocatable=Amounts(),
        conditions=(NodeCondition("MemoryPressure", "Unknown"), condition),
    )
    (found,) = findings.broken_nodes([node], context="prod-eu")
    assert (found.level, found.why) == ("crit", "Kubelet stopped posting node status.")
    assert found.since is not None


def test_the_worst_cache_speaks_for_its_source():
    states = [CacheState(condition=each, since=now()) for each in (Condition.LIVE, Condition.RECONNECTING)]
    assert overview.worst(states).condition is Condition.RECONNECTING


def test_of_equal_caches_the_freshest_speaks():
    early, late = now() - timedelta(seconds=60), now()
    states = [CacheState(condition=Condition.LIVE, since=early, heard_at=at) for at in (late, early)]
    assert overview.worst(states).heard_at == late


def test_a_source_that_nobody_uses_says_nothing():
    assert overview.worst([]) is None

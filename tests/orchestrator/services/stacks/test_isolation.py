"""orchestrator.services.stacks.isolation: the policy is kept, and missed where it must not be"""

from datetime import timedelta

import pytest

from orchestrator.backends.cluster.port import RESOURCES, CacheState, Condition, Kind
from orchestrator.backends.errors import Forbidden
from orchestrator.models import Activity
from orchestrator.services import health
from orchestrator.services.stacks import isolation, manifests, policy
from tests.stack_rows import NOON, stack_row

pytestmark = pytest.mark.django_db
AT = NOON
POLICIES = RESOURCES[Kind.NETWORKPOLICIES]
REFUSED = Forbidden("You may not.", service="kubernetes", status=403)


@pytest.fixture
def used(cluster):
    """Give a cluster that has a stack."""
    cluster.add(stack_row(ports=(31001,)))
    cluster.calls.clear()
    return cluster


def spec(cluster) -> dict:
    return cluster.get(POLICIES, namespace="stacks", name=manifests.POLICY)["spec"]


def test_the_policy_is_made_once_there_are_stacks(used):
    assert isolation.look(at=AT)
    assert spec(used) == policy.manifest()["spec"]
    assert "smctf-stack-isolation" in Activity.objects.first().text


def test_nothing_is_made_in_a_cluster_that_has_no_stacks(cluster):
    assert not isolation.look(at=AT)
    assert (cluster.calls, isolation.gap()) == ([], "")


def test_nothing_is_made_if_it_is_not_ours_to_keep(used, settings):
    settings.STACK_MANAGE_NETWORK_POLICY = False
    assert not isolation.look(at=AT)
    assert used.calls == []


def test_nobody_is_asked_while_no_policy_changes(used):
    isolation.look(at=AT)
    isolation.look(at=AT)
    used.calls.clear()
    for _ in range(5):
        assert not isolation.look(at=AT)
    assert used.calls == []


def test_nobody_is_asked_when_policies_of_others_change(used):
    isolation.look(at=AT)
    isolation.look(at=AT)
    other = policy.manifest()["spec"]
    body = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "other"}}
    used.create(POLICIES, body | {"spec": other}, namespace="staging")
    used.calls.clear()
    assert not isolation.look(at=AT)
    assert used.calls == []


def test_what_others_change_is_put_right(used):
    isolation.look(at=AT)
    there = used.get(POLICIES, namespace="stacks", name=manifests.POLICY)
    used.replace(
        POLICIES,
        there | {"spec": there["spec"] | {"egress": [{}]}},
        namespace="stacks",
        name=manifests.POLICY,
    )
    assert isolation.look(at=AT)
    assert spec(used) == policy.manifest()["spec"]
    used.take(Kind.NETWORKPOLICIES, manifests.POLICY)
    assert isolation.gap()
    assert isolation.look(at=AT)
    assert not isolation.gap()


def test_other_settings_are_put_into_the_policy(used, settings):
    isolation.look(at=AT)
    isolation.look(at=AT)
    settings.STACK_EGRESS_DENY_CIDRS = ["10.0.0.0/8"]
    assert isolation.look(at=AT)
    assert spec(used)["egress"][1]["to"][0]["ipBlock"]["except"] == ["10.0.0.0/8"]


def test_what_is_refused_is_asked_for_ever_less_often(used):
    used.fails("create", "networkpolicies", error=REFUSED)
    assert not isolation.look(at=AT)
    used.calls.clear()
    assert not isolation.look(at=AT)
    assert used.calls == []
    used.works()
    assert isolation.look(at=AT + timedelta(seconds=2))


def test_a_policy_that_must_be_there_is_missed(cluster, settings):
    settings.STACK_MANAGE_NETWORK_POLICY = False
    assert "No network policy isolates the stacks in the namespace stacks." in isolation.gap()
    settings.STACK_REQUIRE_INGRESS_NETWORK_POLICY = False
    assert isolation.gap() == ""


def test_what_may_not_be_read_is_not_missed(cluster, settings, monkeypatch):
    settings.STACK_MANAGE_NETWORK_POLICY = False
    state = CacheState(condition=Condition.FORBIDDEN, since=AT)
    monkeypatch.setattr(cluster.cache(Kind.NETWORKPOLICIES), "state", lambda: state)
    assert isolation.gap() == ""


def test_the_probe_says_so(cluster, settings):
    settings.STACK_MANAGE_NETWORK_POLICY = False
    assert health.failures(at=AT)["stacks"] == isolation.gap()
    settings.STACK_MANAGE_NETWORK_POLICY = True
    assert "stacks" not in health.failures(at=AT)

"""orchestrator.services.stacks.creation and removal, on the demo cluster"""

from datetime import timedelta

import pytest

from orchestrator.backends.cluster.port import RESOURCES, Kind
from orchestrator.backends.errors import Cause, Conflict, Invalid, NotFound, TimedOut, Unreachable
from orchestrator.errors import Refused
from orchestrator.models import Activity, AuditEvent, HeldPort, Stack, StackPort
from orchestrator.services import access, stacks
from orchestrator.services.access import Caller
from orchestrator.services.stacks import policy
from orchestrator.services.stacks.errors import (
    ClusterSaturated,
    ClusterUnavailable,
    InvalidPodSpec,
    NetworkPolicyMissing,
    NoNodePort,
    StackNotFound,
    StackQuotaExceeded,
    TTLLimitExceeded,
)
from orchestrator.services.stacks.policy import POLICIES
from orchestrator.services.stacks.targets import Target
from tests.faulty import Faulty
from tests.stack_rows import NOON, SPEC

WRITER = Caller("shop", frozenset({"stacks:read", "stacks:write"}))
HTTP = (Target(80, "TCP"),)
AT = NOON
pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def cluster(catalogue, settings) -> Faulty:
    settings.STACK_SCHEDULING_TIMEOUT = timedelta(seconds=2)
    opened = catalogue()
    faulty = opened.clusters["demo-cluster"] = Faulty(opened.clusters["demo-cluster"])
    return faulty


def make(caller: Caller = WRITER, *, spec: str = SPEC, targets=HTTP, at=AT) -> stacks.View:
    return stacks.create(caller, pod_spec=spec, targets=targets, at=at).view


def there(cluster, kind: Kind, name: str) -> bool:
    try:
        cluster.get(RESOURCES[kind], namespace="stacks", name=name)
    except NotFound:
        return False
    return True


def nothing_left(cluster) -> bool:
    pods = cluster.cache(Kind.PODS).rows("stacks")
    return not (Stack.objects.exists() or StackPort.objects.exists() or pods)


def test_a_stack_is_a_row_a_pod_and_a_service(cluster):
    view = make()
    pod = cluster.get(RESOURCES[Kind.PODS], namespace="stacks", name=view.stack_id)
    service = cluster.get(RESOURCES[Kind.SERVICES], namespace="stacks", name=view.service_name)
    assert pod["metadata"]["labels"]["smctf.io/stack-id"] == view.stack_id
    assert pod["spec"]["nodeSelector"] == {"role": "stack"}
    assert pod["spec"]["activeDeadlineSeconds"] == 24 * 3600 + 600
    (port,) = service["spec"]["ports"]
    assert (port["name"], port["port"], port["targetPort"]) == ("p-80-tcp", 80, 80)
    assert port["nodePort"] == view.ports[0].node_port
    assert view.node_id
    assert view.updated_at == view.created_at == AT
    assert view.ttl_expires_at == AT + timedelta(hours=2)


def test_without_extensions_a_pod_ends_soon_after_its_stack(cluster, settings):
    settings.STACK_TTL_MAX = settings.STACK_TTL
    pod = cluster.get(RESOURCES[Kind.PODS], namespace="stacks", name=make().stack_id)
    assert pod["spec"]["activeDeadlineSeconds"] == 2 * 3600 + 600


def test_it_is_in_the_audit_and_the_timeline(cluster):
    view = make()
    event = AuditEvent.objects.get(action="Create")
    assert (event.actor, event.result, event.target) == ("shop", "done", f"stack {view.stack_id}")
    assert Activity.objects.get(text=f"created stack {view.stack_id}").actor == "shop"


def test_who_may_only_read_makes_nothing(cluster):
    with pytest.raises(Refused):
        make(Caller("reader", frozenset({"stacks:read"})))
    assert nothing_left(cluster)


def test_a_bad_spec_makes_nothing(cluster):
    with pytest.raises(InvalidPodSpec):
        make(spec="kind: Pod")
    assert nothing_left(cluster)
    assert not AuditEvent.objects.filter(action="Create").exists()


def test_the_namespace_and_its_policy_are_made_with_the_first_stack(cluster):
    make()
    policies = cluster.table(RESOURCES[Kind.NETWORKPOLICIES], namespace="stacks", limit=10)
    assert [row.name for row in policies.rows] == ["smctf-stack-isolation"]
    namespace = cluster.get(RESOURCES[Kind.NAMESPACES], namespace="", name="stacks")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "baseline"


def test_a_policy_that_somebody_changed_is_put_right(cluster):
    policy.keep(cluster)
    wanted = cluster.get(POLICIES, namespace="stacks", name="smctf-stack-isolation")
    changed = wanted | {"spec": {"podSelector": {}, "policyTypes": ["Ingress"]}}
    cluster.replace(POLICIES, changed, namespace="stacks", name="smctf-stack-isolation")
    assert policy.keep(cluster)
    assert not policy.keep(cluster)
    there = cluster.get(POLICIES, namespace="stacks", name="smctf-stack-isolation")
    assert there["spec"] == wanted["spec"]


def test_without_a_policy_nothing_is_made(cluster, settings):
    settings.STACK_MANAGE_NETWORK_POLICY = False
    with pytest.raises(NetworkPolicyMissing):
        make()
    settings.STACK_REQUIRE_INGRESS_NETWORK_POLICY = False
    assert make().status


def test_a_port_that_others_are_seen_to_hold_is_not_drawn(cluster, settings):
    settings.STACK_NODEPORT_MIN, settings.STACK_NODEPORT_MAX = 31001, 31002
    make()
    (free,) = {31001, 31002} - set(StackPort.objects.values_list("node_port", flat=True))
    hold(cluster, free)
    with pytest.raises(NoNodePort):
        make()
    assert StackPort.objects.count() == Stack.objects.count() == 1


def hold(cluster, number: int) -> None:
    """Let another service hold a node port."""
    manifest = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"other-{number}"},
        "spec": {"type": "NodePort", "selector": {"a": "b"}, "ports": [{"port": 80, "nodePort": number}]},
    }
    cluster.create(RESOURCES[Kind.SERVICES], manifest, namespace="default")


TAKEN = Invalid(
    "Service is invalid",
    service="kubernetes",
    status=422,
    reason="Invalid",
    causes=[Cause(field="spec.ports[0].nodePort", message="provided port is already allocated")],
)


def test_a_port_that_the_api_server_says_is_taken_is_set_aside_and_another_drawn(cluster):
    cluster.fail("create", "services", TAKEN)
    view = make()
    (aside,) = HeldPort.objects.values_list("node_port", flat=True)
    assert view.ports[0].node_port != aside
    assert cluster.calls.count(("create", "pods")) == 1
    assert cluster.calls.count(("create", "services")) == 2


def test_a_range_of_which_everything_is_taken_is_said(cluster, settings):
    settings.STACK_NODEPORT_MIN, settings.STACK_NODEPORT_MAX = 31001, 31003
    cluster.fail("create", "services", *[TAKEN] * 3)
    with pytest.raises(NoNodePort):
        make()
    assert nothing_left(cluster)


@pytest.mark.parametrize("plural", ["pods", "services"])
@pytest.mark.parametrize("after", [False, True])
def test_what_passes_is_tried_again(cluster, plural, after):
    cluster.fail("create", plural, TimedOut("no answer", service="kubernetes"), after=after)
    view = make()
    assert there(cluster, Kind.PODS, view.stack_id)
    assert there(cluster, Kind.SERVICES, view.service_name)


@pytest.mark.parametrize("plural", ["pods", "services"])
def test_what_does_not_pass_leaves_nothing(cluster, plural):
    cluster.fail("create", plural, *[Unreachable("down", service="kubernetes")] * 100)
    with pytest.raises(ClusterUnavailable):
        make()
    assert nothing_left(cluster)


def test_what_cannot_be_removed_now_is_left_to_the_controller(cluster):
    cluster.fail("create", "services", *[Unreachable("down", service="kubernetes")] * 100)
    cluster.fail("delete", "services", Unreachable("down", service="kubernetes"))
    with pytest.raises(ClusterUnavailable):
        make()
    row = Stack.objects.get()
    assert (row.wanted, row.problem) == ("absent", "down")
    assert row.ports.count() == 1
    with pytest.raises(StackNotFound):
        stacks.get(row.pk, at=AT)


def test_a_pod_that_no_node_takes_is_said_at_once(cluster):
    with pytest.raises(ClusterSaturated):
        make(spec=SPEC.replace("spec:\n", "spec:\n  nodeSelector: {nowhere: 'true'}\n"))
    assert nothing_left(cluster)


def test_a_key_has_no_more_stacks_than_it_may(cluster, settings):
    settings.STACK_LIMIT_PER_KEY = 1
    issued = access.issue_key("shop", scopes=["stacks:write"], owner=None, at=AT)
    caller = access.caller_of_key(issued.key, at=AT)
    first = make(caller)
    with pytest.raises(StackQuotaExceeded):
        make(caller)
    make()  # Somebody without a key has no such limit.
    stacks.delete(caller, first.stack_id, at=AT)
    assert make(caller).status


# --- how they end


def test_a_deleted_stack_leaves_nothing(cluster):
    view = make()
    stacks.delete(WRITER, view.stack_id, at=AT)
    assert nothing_left(cluster)
    with pytest.raises(StackNotFound):
        stacks.delete(WRITER, view.stack_id, at=AT)


def test_what_is_gone_already_is_no_error(cluster):
    view = make()
    cluster.delete(RESOURCES[Kind.SERVICES], namespace="stacks", name=view.service_name)
    stacks.delete(WRITER, view.stack_id, at=AT)
    assert nothing_left(cluster)


@pytest.mark.parametrize("plural", ["pods", "services"])
def test_a_delete_that_the_cluster_does_not_confirm_keeps_the_ports(cluster, plural):
    view = make()
    cluster.fail("delete", plural, Unreachable("down", service="kubernetes"))
    with pytest.raises(ClusterUnavailable):
        stacks.delete(WRITER, view.stack_id, at=AT)
    assert StackPort.objects.count() == 1
    assert Stack.objects.get().wanted == "absent"
    with pytest.raises(StackNotFound):
        stacks.get(view.stack_id, at=AT)


def test_a_service_that_lingers_keeps_its_ports(cluster):
    view = make()
    cluster.fail("delete", "services", Conflict("being deleted", service="kubernetes", status=409))
    with pytest.raises(ClusterUnavailable):
        stacks.delete(WRITER, view.stack_id, at=AT)
    assert StackPort.objects.count() == 1


def test_a_stopped_stack_stays_readable_without_ports(cluster):
    view = make()
    stopped = stacks.stop(WRITER, view.stack_id, at=AT)
    assert (stopped.status, stopped.ports, stopped.cleaned) == ("stopped", (), True)
    assert not there(cluster, Kind.PODS, view.stack_id)
    assert stacks.stop(WRITER, view.stack_id, at=AT + timedelta(minutes=1)) == stopped
    stacks.delete(WRITER, view.stack_id, at=AT)
    assert nothing_left(cluster)


def test_a_stack_is_extended_up_to_the_limit(cluster, settings):
    view = make()
    longer = stacks.extend(WRITER, view.stack_id, 3600, at=AT)
    assert longer.ttl_expires_at == view.ttl_expires_at + timedelta(hours=1)
    left = int((settings.STACK_TTL_MAX - timedelta(hours=3)).total_seconds())
    with pytest.raises(TTLLimitExceeded):
        stacks.extend(WRITER, view.stack_id, left + 1, at=AT)
    assert stacks.extend(WRITER, view.stack_id, left, at=AT).ttl_expires_at == AT + settings.STACK_TTL_MAX
    for bad in (0, -1, 1, 10**12):
        with pytest.raises(TTLLimitExceeded):
            stacks.extend(WRITER, view.stack_id, bad, at=AT)


@pytest.mark.parametrize("act", [stacks.delete, stacks.stop])
def test_who_may_only_read_ends_nothing(cluster, act):
    view = make()
    with pytest.raises(Refused):
        act(Caller("reader", frozenset({"stacks:read"})), view.stack_id, at=AT)
    assert stacks.get(view.stack_id, at=AT)

"""Stacks on a real cluster: made, reached, refused, and gone without a trace"""

from concurrent.futures import ThreadPoolExecutor
from urllib.request import urlopen

import pytest
from django.db import connection
from django.utils.timezone import now

from orchestrator.models import AuditEvent, Stack, StackPort
from orchestrator.services import stacks
from orchestrator.services.stacks.errors import (
    ClusterSaturated,
    InvalidPodSpec,
    LimitRangeViolation,
    NoNodePort,
    ResourceQuotaExceeded,
    StackNotFound,
)
from orchestrator.services.stacks.targets import Target
from tests.real.acted import ADMIN, contexts_of, kubeconfig
from tests.real.processes import wait_until
from tests.real.stacks import WRITER, Yard, spec, yard

pytestmark = [
    pytest.mark.needs("TEST_KUBECONFIG", "TEST_KUBECONFIG_VIEWER"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def place(tmp_path, monkeypatch, settings):
    with yard() as found:
        settings.STACK_NAMESPACE = found.name
        settings.STACK_NODE_IP_FALLBACK = "internal"
        with contexts_of(kubeconfig(tmp_path, current=ADMIN), monkeypatch, settings):
            yield found


def nothing_left(place: Yard) -> bool:
    return not (Stack.objects.exists() or StackPort.objects.exists() or place.pods() or place.services())


def answer(address: str, port: int) -> bytes:
    with urlopen(f"http://{address}:{port}/", timeout=5) as response:
        found: bytes = response.read()
    return found


def test_a_stack_answers_at_its_node_port_until_it_is_deleted(place):
    view = place.make()
    assert (view.status, view.node_id, view.node_public_ip) == ("creating", "lab-node", place.address())
    wait_until(lambda: stacks.get(view.stack_id, at=now()).status == "running", within_seconds=60)
    port = view.ports[0].node_port
    assert wait_for_answer(place.address(), port)
    stacks.delete(WRITER, view.stack_id, at=now())
    assert nothing_left(place)
    with pytest.raises(StackNotFound):
        stacks.get(view.stack_id, at=now())


def wait_for_answer(address: str, port: int) -> bytes:
    found: list[bytes] = []

    def answers() -> bool:
        try:
            found.append(answer(address, port))
        except OSError:
            return False
        return True

    wait_until(answers, within_seconds=30)
    return found[0]


def test_the_objects_are_as_documented(place):
    view = place.make(
        targets=(Target(8080, "TCP"), Target(8080, "UDP")),
        text=spec(ports="[{containerPort: 8080}, {containerPort: 8080, protocol: UDP}]"),
    )
    pod = place.core.read_namespaced_pod(view.pod_id, place.name)
    service = place.core.read_namespaced_service(view.service_name, place.name)
    labels = {
        "app.kubernetes.io/name": "smctf-stack",
        "app.kubernetes.io/instance": view.stack_id,
        "smctf.io/stack-id": view.stack_id,
    }
    assert pod.metadata.labels == labels == service.metadata.labels
    assert pod.spec.node_selector == {"role": "stack"}
    assert pod.spec.active_deadline_seconds == 24 * 3600 + 600
    assert pod.spec.automount_service_account_token is False
    assert service.spec.selector == {"smctf.io/stack-id": view.stack_id}
    told = [(port.name, port.protocol, port.port, port.node_port) for port in service.spec.ports]
    assert told == [
        ("p-8080-tcp", "TCP", 8080, view.ports[0].node_port),
        ("p-8080-udp", "UDP", 8080, view.ports[1].node_port),
    ]
    policy = place.network.read_namespaced_network_policy("smctf-stack-isolation", place.name)
    assert policy.spec.policy_types == ["Ingress", "Egress"]
    enforced = place.core.read_namespace(place.name).metadata.labels["pod-security.kubernetes.io/enforce"]
    assert enforced == "baseline"


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        (spec(more="  nodeSelector: {tests/nowhere: 'true'}\n"), ClusterSaturated, "cluster saturated"),
        (
            spec().replace("name: web\n    image", "name: Bad_Name\n    image"),
            InvalidPodSpec,
            "spec.containers[0].name",
        ),
        (
            spec(more="  priorityClassName: nothing-like-this\n"),
            InvalidPodSpec,
            "no PriorityClass",
        ),
    ],
)
def test_what_the_cluster_refuses_leaves_nothing(place, text, error, words):
    with pytest.raises(error) as caught:
        place.make(text)
    assert words in caught.value.message
    assert place.name not in caught.value.message
    assert nothing_left(place)
    assert AuditEvent.objects.get(action="Create").result == "failed"


def test_pod_security_is_told_in_one_sentence(place):
    place.make()
    label = {"pod-security.kubernetes.io/enforce": "restricted"}
    place.core.patch_namespace(place.name, {"metadata": {"labels": label}})
    with pytest.raises(InvalidPodSpec) as caught:
        place.make()
    assert caught.value.message == "invalid pod spec: rejected by admission policy"


def test_a_quota_is_told(place):
    place.core.create_namespace({"metadata": {"name": place.name}})
    place.core.create_namespaced_resource_quota(
        place.name, {"metadata": {"name": "compute"}, "spec": {"hard": {"requests.cpu": "5m"}}}
    )
    wait_until(lambda: quota_counts(place))
    with pytest.raises(ResourceQuotaExceeded) as caught:
        place.make()
    assert caught.value.details == {"resources": ["requests.cpu"]}
    assert nothing_left(place)


def quota_counts(place: Yard) -> bool:
    """Return True once the quota has been reckoned: before, everything is refused."""
    status = place.core.read_namespaced_resource_quota("compute", place.name).status
    return bool(status and status.used)


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ({"type": "Container", "max": {"cpu": "5m"}}, "maximum cpu usage per Container is 5m"),
        ({"type": "Container", "min": {"memory": "64Mi"}}, "minimum memory usage per Container is 64Mi"),
        ({"type": "Pod", "max": {"memory": "8Mi"}}, "maximum memory usage per Pod is 8Mi"),
    ],
)
def test_a_limit_range_is_told(place, limit, words):
    place.core.create_namespace({"metadata": {"name": place.name}})
    place.core.create_namespaced_limit_range(
        place.name, {"metadata": {"name": "limits"}, "spec": {"limits": [limit]}}
    )
    with pytest.raises(LimitRangeViolation) as caught:
        place.make()
    assert words in caught.value.message
    assert "stack-" not in caught.value.message
    assert nothing_left(place)


def test_a_node_port_that_others_hold_is_not_used(place, settings):
    """The service of another namespace is made behind our back, after our caches were read."""
    low = free_range(place, 2)
    settings.STACK_NODEPORT_MIN, settings.STACK_NODEPORT_MAX = low, low + 1
    place.core.create_namespace({"metadata": {"name": place.name}})
    hold(place, low)
    view = place.make()
    assert view.ports[0].node_port == low + 1
    with pytest.raises(NoNodePort):
        place.make()
    assert (Stack.objects.count(), StackPort.objects.count()) == (1, 1)


def hold(place: Yard, number: int) -> None:
    body = {
        "metadata": {"name": f"other-{number}"},
        "spec": {"type": "NodePort", "selector": {"a": "b"}, "ports": [{"port": 80, "nodePort": number}]},
    }
    place.core.create_namespaced_service(place.name, body)


def free_range(place: Yard, count: int) -> int:
    """Return the first of some node ports that nobody holds."""
    held = {
        port.node_port
        for service in place.core.list_service_for_all_namespaces().items
        for port in service.spec.ports
    }
    return next(low for low in range(32100, 32700, count) if not held & set(range(low, low + count)))


def test_many_creates_at_once_share_a_small_range(place, settings):
    low = free_range(place, 20)
    settings.STACK_NODEPORT_MIN, settings.STACK_NODEPORT_MAX = low, low + 19
    place.make()

    def one(_number: int) -> str:
        try:
            return place.make(spec("sleep", "3600", image="lab/busybox:1")).stack_id
        except NoNodePort:
            return ""
        finally:
            connection.close()

    with ThreadPoolExecutor(50) as pool:
        made = [each for each in pool.map(one, range(50)) if each]
    assert len(made) == len(set(made)) == 19
    held = set(StackPort.objects.values_list("node_port", flat=True))
    assert held == set(range(low, low + 20))
    assert len(place.pods()) == len(place.services()) == 20
    for view in stacks.page(stacks.Query(), at=now()).views:
        stacks.delete(WRITER, view.stack_id, at=now())
    assert nothing_left(place)

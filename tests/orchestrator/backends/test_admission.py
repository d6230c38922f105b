"""Every cluster adapter refuses pods for limits, quotas and Pod Security as 1.34 does.

The real one is that of TEST_KUBECONFIG.
"""

from contextlib import suppress

import pytest

from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import BackendError, Forbidden, Invalid
from tests.orchestrator.backends.acting import Bench, manifest
from tests.real.place import NOWHERE

LIMITS = [
    {
        "type": "Container",
        "max": {"cpu": "500m", "memory": "512Mi"},
        "min": {"cpu": "50m"},
        "maxLimitRequestRatio": {"cpu": "2"},
    },
    {"type": "Pod", "max": {"cpu": "800m"}},
]
HARD = {"requests.cpu": "500m", "requests.memory": "256Mi", "pods": "2", "services.nodeports": "1"}


def container(name: str = "c", *, cpu: str = "", memory: str = "", limit: str = "", **more) -> dict:
    requests = {key: value for key, value in (("cpu", cpu), ("memory", memory)) if value}
    limits = requests | ({"cpu": limit} if limit else {})
    return {
        "name": name,
        "image": "lab/busybox:1",
        "resources": {"requests": requests, "limits": limits},
    } | more


def pod(name: str, *containers: dict, **spec) -> dict:
    whole = {"containers": [*containers], "nodeSelector": NOWHERE, "restartPolicy": "Never"} | spec
    return manifest(Kind.PODS, name, spec=whole)


def service(name: str) -> dict:
    ports = [{"name": "p-80-tcp", "port": 80}]
    return manifest(Kind.SERVICES, name, spec={"type": "NodePort", "selector": {"a": "b"}, "ports": ports})


def refusal(bench: Bench, kind: Kind, body: dict) -> BackendError:
    with pytest.raises(BackendError) as caught:
        bench.create(kind, body)
    return caught.value


def sentence(bench: Bench, kind: Kind, body: dict) -> str:
    """Return why an object is forbidden, without its kind and name."""
    found = refusal(bench, kind, body)
    assert (type(found), found.status, found.reason, found.causes) == (Forbidden, 403, "Forbidden", ())
    return found.message.partition(" is forbidden: ")[2]


def takes_pods(bench: Bench) -> bool:
    """Return True once there is the service account that pods of a new namespace run as."""
    with suppress(Forbidden):
        return bool(bench.create(Kind.PODS, pod("try", container()), dry_run=True))
    return False


def another(bench: Bench, **labels: str) -> Bench:
    """Return a bench in a namespace of its own."""
    fresh = type(bench)()
    fresh.begin()
    fresh.wait_until(lambda: takes_pods(fresh))
    fresh.patch(Kind.NAMESPACES, fresh.namespace, {"metadata": {"labels": labels}})
    return fresh


def refuses(bench: Bench, body: dict) -> bool:
    with suppress(Forbidden):
        bench.create(Kind.PODS, body, dry_run=True)
        return False
    return True


@pytest.fixture(scope="module")
def limited(bench):
    fresh = another(bench)
    fresh.create(Kind.LIMITRANGES, manifest(Kind.LIMITRANGES, "limits", spec={"limits": LIMITS}))
    fresh.wait_until(lambda: refuses(fresh, pod("big", container(cpu="9", memory="1Gi"))))
    yield fresh
    fresh.end()


@pytest.fixture(scope="module")
def rationed(bench):
    fresh = another(bench)
    fresh.create(Kind.RESOURCEQUOTAS, manifest(Kind.RESOURCEQUOTAS, "quota", spec={"hard": HARD}))
    fresh.wait_until(lambda: fresh.get(Kind.RESOURCEQUOTAS, "quota").get("status", {}).get("used"))
    fresh.wait_until(lambda: refuses(fresh, pod("big", container(cpu="9", memory="1Gi"))))
    yield fresh
    fresh.end()


@pytest.fixture(scope="module")
def guarded(bench):
    fresh = another(bench, **{"pod-security.kubernetes.io/enforce": "baseline"})
    fresh.wait_until(lambda: refuses(fresh, pod("root", container(), hostNetwork=True)))
    yield fresh
    fresh.end()


TOO_MUCH = [
    (
        [container(cpu="600m", memory="1Gi")],
        [
            "maximum memory usage per Container is 512Mi, but limit is 1Gi",
            "maximum cpu usage per Container is 500m, but limit is 600m",
        ],
    ),
    ([container(cpu="10m", memory="1Mi")], ["minimum cpu usage per Container is 50m, but request is 10m"]),
    (
        [container(cpu="100m", memory="1Mi", limit="400m")],
        ["cpu max limit to request ratio per Container is 2, but provided ratio is 4.000000"],
    ),
    (
        [container("a", cpu="500m", memory="1Mi"), container("b", cpu="500m", memory="1Mi")],
        ["maximum cpu usage per Pod is 800m, but limit is 1"],
    ),
]


@pytest.mark.parametrize(("containers", "why"), TOO_MUCH)
def test_a_pod_beyond_its_limits_is_forbidden_with_the_limit(limited, containers, why):
    said = sentence(limited, Kind.PODS, pod("p", *containers))
    assert all(each in said for each in why)  # It tells of cpu and memory in any order.
    assert said.count(" per ") == len(why)


def test_containers_that_name_no_resources_get_those_of_the_limit_range(limited):
    made = limited.create(Kind.PODS, pod("p", container()), dry_run=True)
    amounts = {"cpu": "500m", "memory": "512Mi"}
    assert made["spec"]["containers"][0]["resources"] == {"limits": amounts, "requests": amounts}


def test_a_limit_range_says_what_it_gives(limited):
    (item, _) = limited.get(Kind.LIMITRANGES, "limits")["spec"]["limits"]
    assert item["default"] == item["defaultRequest"] == {"cpu": "500m", "memory": "512Mi"}


def test_what_is_limited_is_asked_for_where_no_range_says_more(bench):
    bench.wait_until(lambda: takes_pods(bench))
    made = bench.create(Kind.PODS, pod("p", container(limit="100m")), dry_run=True)
    assert made["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "100m"}


def test_a_quota_without_room_is_named_with_what_is_used(rationed):
    body = pod("p", container(cpu="600m", memory="300Mi"))
    assert sentence(rationed, Kind.PODS, body) == (
        "exceeded quota: quota, requested: requests.cpu=600m,requests.memory=300Mi, "
        "used: requests.cpu=0,requests.memory=0, limited: requests.cpu=500m,requests.memory=256Mi"
    )


def test_a_quota_wants_to_be_told_what_it_counts(rationed):
    why = "failed quota: quota: must specify requests.cpu for: c; requests.memory for: c"
    assert sentence(rationed, Kind.PODS, pod("p", container())) == why


def test_what_is_created_counts_and_what_is_deleted_counts_no_more(rationed):
    body = container(cpu="300m", memory="10Mi")
    rationed.create(Kind.PODS, pod("first", body))
    why = sentence(rationed, Kind.PODS, pod("second", body))
    used = "requested: requests.cpu=300m, used: requests.cpu=300m, limited: requests.cpu=500m"
    assert why == f"exceeded quota: quota, {used}"
    status = rationed.get(Kind.RESOURCEQUOTAS, "quota")["status"]
    assert (status["used"]["requests.cpu"], status["used"]["pods"]) == ("300m", "1")
    rationed.delete(Kind.PODS, "first", grace_seconds=0)
    rationed.wait_until(lambda: rationed.get(Kind.RESOURCEQUOTAS, "quota")["status"]["used"]["pods"] == "0")
    rationed.create(Kind.PODS, pod("second", body), dry_run=True)


def test_node_ports_count_too(rationed):
    rationed.create(Kind.SERVICES, service("one"))
    used = "requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1"
    assert sentence(rationed, Kind.SERVICES, service("two")) == f"exceeded quota: quota, {used}"


FORBIDDEN = [
    (
        pod("p", container(securityContext={"privileged": True})),
        'privileged (container "c" must not set securityContext.privileged=true)',
    ),
    (pod("p", container(), hostNetwork=True), "host namespaces (hostNetwork=true)"),
    (
        pod("p", container(), volumes=[{"name": "v", "hostPath": {"path": "/etc"}}]),
        'hostPath volumes (volume "v")',
    ),
    (
        pod("p", container(ports=[{"containerPort": 80, "hostPort": 80}]), hostIPC=True),
        'host namespaces (hostIPC=true), hostPort (container "c" uses hostPort 80)',
    ),
    (
        pod("p", container(securityContext={"capabilities": {"add": ["SYS_ADMIN", "NET_RAW"]}})),
        'non-default capabilities (container "c" must not include "NET_RAW", "SYS_ADMIN" in '
        "securityContext.capabilities.add)",
    ),
]


@pytest.mark.parametrize(("body", "why"), FORBIDDEN)
def test_pod_security_says_all_that_it_does_not_let_in(guarded, body, why):
    assert sentence(guarded, Kind.PODS, body) == f'violates PodSecurity "baseline:latest": {why}'


def test_pod_security_lets_in_what_is_harmless(guarded):
    assert guarded.create(Kind.PODS, pod("p", container()), dry_run=True)["metadata"]["name"] == "p"


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"priorityClassName": "nope"}, "no PriorityClass with name nope was found"),
        ({"priority": 5}, "the integer value of priority (5) must not be provided in pod spec; "),
        ({"serviceAccountName": "nope"}, 'serviceaccount "nope" not found'),
    ],
)
def test_what_other_plugins_refuse_is_forbidden_too(bench, spec, why):
    assert why in sentence(bench, Kind.PODS, pod("p", container(), **spec))


def test_what_is_invalid_is_told_before_what_is_forbidden(guarded):
    found = refusal(guarded, Kind.PODS, pod("p", container("Bad_Name"), hostNetwork=True))
    assert (type(found), [each.field for each in found.causes]) == (Invalid, ["spec.containers[0].name"])


def test_a_namespace_that_ends_takes_nothing_new(bench):
    fresh = another(bench)
    held = manifest(Kind.CONFIGMAPS, "held")
    held["metadata"]["finalizers"] = ["example.com/hold"]  # Or a real one might be gone too soon.
    fresh.create(Kind.CONFIGMAPS, held)
    fresh.delete(Kind.NAMESPACES, fresh.namespace)
    try:
        fresh.wait_until(lambda: refuses(fresh, pod("p", container())))
        (cause,) = refusal(fresh, Kind.PODS, pod("p", container())).causes
        assert (cause.field, cause.reason) == ("metadata.namespace", "NamespaceTerminating")
    finally:
        fresh.patch(Kind.CONFIGMAPS, "held", {"metadata": {"finalizers": None}})
        fresh.cluster.close()

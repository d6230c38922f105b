"""The demo world has what it promises and agrees with itself at every minute."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.backends.cluster import rows
from orchestrator.backends.cluster.demo import world
from orchestrator.backends.cluster.port import Kind

START = datetime(2026, 3, 4, tzinfo=UTC)
MINUTES = [0, 1, 2, 61, 719, 1439]
WORKLOADS = {
    "ReplicaSet": "replicasets",
    "Deployment": "deployments",
    "StatefulSet": "statefulsets",
    "DaemonSet": "daemonsets",
    "Job": "jobs",
    "CronJob": "cronjobs",
}
COUNTS = {
    "nodes": 3,
    "namespaces": 4,
    "deployments": 15,
    "pods": 42,
    "statefulsets": 2,
    "daemonsets": 3,
    "jobs": 5,
    "cronjobs": 2,
    "events": 150,
    "services": 10,
    "ingresses": 3,
    "horizontalpodautoscalers": 5,
    "persistentvolumes": 8,
    "persistentvolumeclaims": 5,
    "resourcequotas": 2,
    "limitranges": 2,
    "serviceaccounts": 9,
    "endpointslices.discovery.k8s.io": 10,
    "backupschedules.backup.example.com": 2,
}


@pytest.fixture(params=MINUTES)
def moment(request) -> datetime:
    return START + timedelta(minutes=request.param)


@pytest.fixture
def objects(moment) -> world.World:
    return world.build(42, start=START, minute=(moment - START) // timedelta(minutes=1))


def stamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def owned(objects: world.World) -> list[str]:
    """The kinds whose objects the API server keeps."""
    return [kind for kind in objects if "metrics" not in kind]


def named(objects: list) -> dict:
    return {(each["metadata"].get("namespace", ""), each["metadata"]["name"]): each for each in objects}


@pytest.mark.parametrize(("kind", "number"), COUNTS.items())
def test_there_are_so_many_objects(objects, kind, number):
    assert len(named(objects[kind])) == len(objects[kind]) == number


def test_config_maps_and_secrets_are_25_together(objects):
    assert len(objects["configmaps"]) + len(objects["secrets"]) == 25


def test_events_are_120_normal_ones_and_30_warnings_of_one_day(objects, moment):
    assert Counter(each["type"] for each in objects["events"]) == {"Normal": 120, "Warning": 30}
    happened = [each["lastTimestamp"] for each in objects["events"]]
    assert stamp(moment - timedelta(hours=23)) < min(happened) <= max(happened) <= stamp(moment)


def test_every_owner_exists(objects):
    for kind in ("pods", "replicasets", "jobs"):
        for each in objects[kind]:
            for owner in each["metadata"].get("ownerReferences", []):
                found = named(objects[WORKLOADS[owner["kind"]]])[each["metadata"]["namespace"], owner["name"]]
                assert found["metadata"]["uid"] == owner["uid"]


def test_every_pod_has_an_owner(objects):
    assert all(each["metadata"]["ownerReferences"] for each in objects["pods"])


def test_selectors_find_as_many_pods_as_workloads_have(objects):
    for kind in ("deployments", "replicasets", "statefulsets"):
        for each in objects[kind]:
            place, wanted = each["metadata"]["namespace"], each["spec"]["selector"]["matchLabels"].items()
            pods = [pod for pod in objects["pods"] if pod["metadata"]["namespace"] == place]
            assert (
                sum(wanted <= pod["metadata"]["labels"].items() for pod in pods) == each["spec"]["replicas"]
            )


def test_every_service_and_ingress_leads_to_a_pod(objects):
    services = named(objects["services"])
    for each in objects["ingresses"]:
        backend = each["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
        assert (each["metadata"]["namespace"], backend["name"]) in services
    labels = [pod["metadata"]["labels"].items() for pod in objects["pods"]]
    assert all(
        any(each["spec"]["selector"].items() <= found for found in labels) for each in services.values()
    )


def test_pods_run_on_nodes_that_exist(objects):
    nodes = {each["metadata"]["name"] for each in objects["nodes"]}
    without = [each["metadata"]["name"] for each in objects["pods"] if "nodeName" not in each["spec"]]
    assert {each["spec"]["nodeName"] for each in objects["pods"] if "nodeName" in each["spec"]} == nodes
    assert without == ["postgres-2"]


def test_each_daemon_set_matches_one_node(objects):
    labels = [each["metadata"]["labels"].items() for each in objects["nodes"]]
    for each in objects["daemonsets"]:
        selector = each["spec"]["template"]["spec"]["nodeSelector"].items()
        assert sum(selector <= found for found in labels) == 1


def test_everything_a_pod_mentions_exists(objects):
    configs, secrets = named(objects["configmaps"]), named(objects["secrets"])
    for row in [rows.from_object(Kind.PODS, pod) for pod in objects["pods"]]:
        assert all((row.namespace, name) in configs for name in row.config_maps)
        assert all((row.namespace, name) in secrets for name in row.secrets)


def test_claims_and_volumes_agree(objects):
    claims, volumes = named(objects["persistentvolumeclaims"]), named(objects["persistentvolumes"])
    for (place, name), claim in claims.items():
        reference = volumes["", claim["spec"]["volumeName"]]["spec"]["claimRef"]
        assert (reference["namespace"], reference["name"]) == (place, name)
    mounted = [
        (pod["metadata"]["namespace"], volume["persistentVolumeClaim"]["claimName"])
        for pod in objects["pods"]
        for volume in pod["spec"].get("volumes", [])
        if "persistentVolumeClaim" in volume
    ]
    assert sorted(mounted) == sorted(claims)


def test_every_binding_gives_a_role_that_exists_to_an_account_that_exists(objects):
    accounts = named(objects["serviceaccounts"])
    for plural in ("rolebindings", "clusterrolebindings"):
        for each in objects[f"{plural}.rbac.authorization.k8s.io"]:
            place, role = each["metadata"].get("namespace", ""), each["roleRef"]
            roles = objects[f"{role['kind'].lower()}s.rbac.authorization.k8s.io"]
            assert (place, role["name"]) in named(roles)
            people = [subject for subject in each["subjects"] if subject["kind"] == "ServiceAccount"]
            assert all((subject["namespace"], subject["name"]) in accounts for subject in people)


def test_endpoints_are_pods_with_their_addresses(objects):
    pods = named(objects["pods"])
    for each in objects["endpointslices.discovery.k8s.io"]:
        for endpoint in each["endpoints"]:
            target = endpoint["targetRef"]
            pod = pods[target["namespace"], target["name"]]
            assert endpoint["addresses"] == [pod["status"]["podIP"]]
            assert endpoint["nodeName"] == pod["spec"]["nodeName"]


def test_budgets_count_the_pods_they_select(objects):
    for each in objects["poddisruptionbudgets.policy"]:
        wanted = each["spec"]["selector"]["matchLabels"].items()
        pods = [pod for pod in objects["pods"] if wanted <= pod["metadata"]["labels"].items()]
        assert len(pods) == each["status"]["expectedPods"]


def test_uids_are_unique(objects):
    uids = [each["metadata"]["uid"] for kind in owned(objects) for each in objects[kind]]
    assert len(uids) == len(set(uids))


def test_nothing_is_from_the_future(objects, moment):
    created = [each["metadata"]["creationTimestamp"] for kind in owned(objects) for each in objects[kind]]
    assert max(created) <= stamp(moment)


def test_usage_at_the_start_is_as_promised():
    nodes = world.build(42, start=START, minute=0)["nodes.metrics.k8s.io"]
    assert [each["usage"]["cpu"] for each in nodes] == ["3600m", "5600m", "2400m"]


def test_the_same_seed_gives_the_same_world():
    first = json.dumps(world.build(7, start=START, minute=3))
    world.build.cache_clear()
    assert json.dumps(world.build(7, start=START, minute=3)) == first
    assert json.dumps(world.build(8, start=START, minute=3)) != first

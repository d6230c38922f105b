"""orchestrator.backends.cluster.rows"""

import json
import logging

import msgspec
import pytest
from msgspec import UNSET

from orchestrator.backends.cluster import objects, rows
from orchestrator.backends.cluster.caches import WatchCache
from orchestrator.backends.cluster.port import Kind

METADATA = {"name": "web", "namespace": "shop", "creationTimestamp": "2026-01-02T03:04:05Z"}


def pod(spec=None, **status) -> objects.Pod:
    return rows.from_object(Kind.PODS, {"metadata": METADATA, "spec": spec or {}, "status": status})


def event(**members) -> objects.Event:
    metadata = METADATA | {"name": "web.17a"}
    involved = {"kind": "Pod", "name": "web", "namespace": "shop"}
    return rows.from_object(Kind.EVENTS, {"metadata": metadata, "involvedObject": involved, **members})


def shown(row: objects.Row) -> dict:
    return json.loads(objects.to_json([row]))[0]


@pytest.mark.parametrize(
    ("time", "written"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"),
        ("2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.678Z"),
        (None, ""),
        ("", ""),
    ],
)
def test_times_have_milliseconds(time, written):
    assert rows.iso(time) == written


def test_a_pod_mentions_config_maps_and_secrets_in_every_way():
    container = {
        "envFrom": [{"configMapRef": {"name": "all-env"}}, {"secretRef": {"name": "all-secrets"}}],
        "env": [
            {"name": "A", "value": "plain"},
            {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "one-env", "key": "k"}}},
            {"name": "C", "valueFrom": {"secretKeyRef": {"name": "one-secret", "key": "k"}}},
            {"name": "D", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        ],
    }
    projected = [
        {"configMap": {"name": "joined"}},
        {"secret": {"name": "joined-secret"}},
        {"downwardAPI": {}},
    ]
    row = pod(
        {
            "initContainers": [{"name": "i", "envFrom": [{"configMapRef": {"name": "init"}}]}],
            "containers": [container | {"name": "a"}, container | {"name": "b"}],
            "volumes": [
                {"name": "1", "configMap": {"name": "files"}},
                {"name": "2", "secret": {"secretName": "keys"}},
                {"name": "3", "projected": {"sources": projected}},
                {"name": "4", "emptyDir": {}},
            ],
            "imagePullSecrets": [{"name": "registry"}, {"name": ""}],
        }
    )
    assert row.config_maps == ("init", "all-env", "one-env", "files", "joined")
    assert row.secrets == ("registry", "all-secrets", "one-secret", "keys", "joined-secret")


@pytest.mark.parametrize(("controls", "kind"), [(True, "ReplicaSet"), (False, "")])
def test_only_a_controller_makes_a_pod_again(controls, kind):
    owner = {"kind": "ReplicaSet", "name": "web", "uid": "1", "controller": controls}
    item = {"metadata": {"name": "web", "namespace": "shop", "uid": "2", "ownerReferences": [owner]}}
    row = rows.from_object(Kind.PODS, item)
    assert (row.uid, row.controller) == ("2", kind)


@pytest.mark.parametrize(("volume", "lost"), [({"emptyDir": {}}, True), ({"configMap": {}}, False)])
def test_a_pod_says_if_something_goes_with_it(volume, lost):
    assert pod({"volumes": [{"name": "v"} | volume]}).empty_dir is lost


def test_containers_of_the_spec_carry_what_their_status_says():
    row = pod(
        {
            "nodeName": "worker-a",
            "containers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}],
        },
        phase="Running",
        podIP="10.0.0.1",
        containerStatuses=[{"name": "b", "ready": True, "restartCount": 2}],
    )
    assert row.containers == (
        objects.Container("a", "a:1", ready=False, restart_count=0),
        objects.Container("b", "b:1", ready=True, restart_count=2),
    )
    assert (row.ready, row.restart_count, row.node_name, row.ip) == ("1/2", 2, "worker-a", "10.0.0.1")


def test_a_bare_pod_has_every_member_that_the_contract_promises():
    assert shown(pod()) == {
        "name": "web",
        "namespace": "shop",
        "status": "Unknown",
        "phase": "Unknown",
        "createdAt": "2026-01-02T03:04:05.000Z",
        "labels": {},
        "ready": "0/0",
        "nodeName": "Unknown",
        "ip": "Unknown",
        "restartCount": 0,
        "containers": [],
        "configMaps": [],
        "secrets": [],
    }


def test_no_labels_and_no_references_stay_what_they_are():
    pool = rows.Pool()
    assert pool.share(()) == ()
    assert pool.labels({}) == {}
    assert pool.share(()) == ()


def test_equal_values_are_one_object():
    labels = {"app": "web", "tier": "front"}
    spec = {"nodeName": "worker-a", "containers": [{"name": "a", "image": "registry.example.com/web:1.2"}]}
    item = {"metadata": METADATA | {"labels": labels}, "spec": spec, "status": {"phase": "Running"}}
    body = json.dumps(item).encode()
    first, second = rows.from_json(Kind.PODS, body), rows.from_json(Kind.PODS, body)
    for name in ("namespace", "status", "phase", "labels", "node_name", "containers", "created_at"):
        assert getattr(first, name) is getattr(second, name), name


def test_a_pool_that_grew_too_large_begins_again(monkeypatch):
    monkeypatch.setattr(rows.shared, "POOL_LIMIT", 2)
    pool = rows.Pool()
    for number in range(10):
        assert pool.share(f"value {number}") == f"value {number}"
        assert pool.labels({"n": str(number)}) == {"n": str(number)}


def test_an_event_of_the_older_kind():
    row = event(
        type="Warning",
        reason="BackOff",
        message="Back-off restarting",
        count=7,
        firstTimestamp="2026-01-02T03:00:00Z",
        lastTimestamp="2026-01-02T04:00:00Z",
        eventTime=None,
        source={"component": "kubelet", "host": "worker-a"},
        reportingComponent="kubelet",
    )
    assert row.key == ("shop", "web.17a")
    assert (row.count, row.source) == (7, objects.Source("kubelet", "worker-a"))
    assert row.first_timestamp == "2026-01-02T03:00:00.000Z"
    assert row.last_timestamp == row.counts_at == "2026-01-02T04:00:00.000Z"


def test_an_event_of_the_newer_kind():
    row = event(
        eventTime="2026-01-02T03:00:00.123456Z",
        series={"count": 3, "lastObservedTime": "2026-01-02T05:00:00.654321Z"},
        firstTimestamp=None,
        lastTimestamp=None,
        source={},
        reportingComponent="default-scheduler",
        reportingInstance="scheduler-1",
    )
    assert (row.count, row.source) == (3, objects.Source("default-scheduler", "scheduler-1"))
    assert row.first_timestamp == "2026-01-02T03:00:00.123Z"
    assert row.last_timestamp == row.counts_at == "2026-01-02T05:00:00.654Z"


def test_an_event_without_times_counts_from_its_creation():
    row = event()
    assert (row.first_timestamp, row.last_timestamp) == ("", "")
    assert row.counts_at == "2026-01-02T03:04:05.000Z"
    assert "countsAt" not in shown(row)
    assert "id" not in shown(row)


def test_an_event_about_a_node_has_no_namespace_of_its_object():
    row = event(involvedObject={"kind": "Node", "name": "worker-a"})
    assert (row.name, row.namespace, row.kind) == ("worker-a", "", "Node")
    assert row.key == ("shop", "web.17a")


def test_a_node():
    row = rows.from_object(
        Kind.NODES,
        {
            "metadata": {"name": "worker-a", "labels": {"node-role.kubernetes.io/worker": ""}},
            "spec": {"unschedulable": True, "taints": [{"key": "gpu", "effect": "NoSchedule"}]},
            "status": {
                "capacity": {"cpu": "8", "memory": "32Gi", "pods": "110", "ephemeral-storage": "1Ti"},
                "conditions": [
                    {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-02T03:04:05Z"}
                ],
                "addresses": [{"type": "InternalIP", "address": "10.0.0.7"}],
                "nodeInfo": {"kubeletVersion": "v1.34.4", "osImage": "Debian"},
            },
        },
    )
    assert (row.status, row.roles, row.version, row.os_image) == ("Ready", ("worker",), "v1.34.4", "Debian")
    assert row.capacity == objects.Amounts("8", "32Gi", "110")
    assert row.allocatable == objects.Amounts()
    assert row.conditions[0].last_transition_time == "2026-01-02T03:04:05.000Z"
    assert row.unschedulable
    assert row.namespace is UNSET
    assert row.key == ("", "worker-a")


def test_a_namespace():
    row = rows.from_object(
        Kind.NAMESPACES, {"metadata": {"name": "shop"}, "status": {"phase": "Terminating"}}
    )
    assert (row.status, row.key) == ("Terminating", ("", "shop"))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"metadata":{}}', b'{"metadata":{"name":3}}'])
@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_no_object_is_refused(kind, body):
    with pytest.raises(msgspec.DecodeError):
        rows.from_json(kind, body)


def test_one_bad_object_is_left_out_of_a_list_and_logged(caplog):
    cache = WatchCache(None, Kind.PODS, context="c", listener=lambda change: None, namespaces=())
    items = [
        b'{"metadata":{"name":"good"}}',
        b'{"metadata":{"name":"bad"},"spec":7}',
        b'{"metadata":{"name":"fine"}}',
    ]
    with caplog.at_level(logging.WARNING, "orchestrator.backends.cluster.caches"):
        found = cache.project(msgspec.Raw(item) for item in items)
    assert [row.name for row in found] == ["good", "fine"]
    assert "makes no sense" in caplog.text

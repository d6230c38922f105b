"""orchestrator.backends.cluster.rows of workloads, services, config maps and secrets; masks; details"""

import json
from base64 import b64encode

import pytest
from msgspec import UNSET

from orchestrator.backends.cluster import as_detail, as_row, masks, objects, rows
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import BackendError

METADATA = {"name": "web", "namespace": "shop", "uid": "u-1", "creationTimestamp": "2026-01-02T03:04:05Z"}
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
PASSWORD = b64encode(b"hunter2").decode()
OWNER = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "u-2", "controller": True}


def shown(row: objects.Row) -> dict:
    return json.loads(objects.to_json([row]))[0]


def detail(kind: Kind, **members) -> dict:
    manifest = {"metadata": METADATA, **members}
    return shown(as_detail(kind, as_row(kind, manifest), manifest))


def secret(**annotations: str) -> dict:
    return {"metadata": METADATA | {"annotations": annotations}, "data": {"password": PASSWORD}}


# --- Lists


def test_pods_of_one_owner_share_what_says_so():
    made = [
        rows.from_object(Kind.PODS, {"metadata": METADATA | {"name": name, "ownerReferences": [OWNER]}})
        for name in ("a", "b")
    ]
    assert made[0].owner_references == (objects.OwnerReference("ReplicaSet", "web-1", "u-2"),)
    assert made[0].owner_references is made[1].owner_references
    assert "ownerReferences" not in shown(made[0])


def test_a_replica_set_knows_its_deployment():
    owner = OWNER | {"kind": "Deployment", "name": "web", "uid": "u-9"}
    row = rows.from_object(Kind.REPLICASETS, {"metadata": METADATA | {"ownerReferences": [owner]}})
    assert (row.uid, row.owner, row.owner_uid) == ("u-1", "web", "u-9")


def test_a_network_policy_says_which_pods_it_is_for():
    stack = {"key": "tier", "operator": "In", "values": ["a", "b"]}
    spec = {
        "podSelector": {"matchLabels": {"app": "web"}, "matchExpressions": [stack]},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{}],
    }
    row = rows.from_object(Kind.NETWORKPOLICIES, {"metadata": METADATA, "spec": spec})
    assert (row.key, row.uid) == (("shop", "web"), "u-1")
    assert row.match_labels == {"app": "web"}
    assert row.match_expressions == (objects.Expression("tier", "In", ("a", "b")),)
    assert row.policy_types == ("Ingress", "Egress")
    assert (row.ingress_rules, row.egress_rules) == (1, 0)


def test_a_network_policy_for_all_pods_selects_by_nothing():
    spec = {"podSelector": {}, "policyTypes": ["Ingress"]}
    row = rows.from_object(Kind.NETWORKPOLICIES, {"metadata": METADATA, "spec": spec})
    assert (row.match_labels, row.match_expressions, row.ingress_rules) == ({}, (), 0)


def test_a_service_knows_its_node_ports_and_its_uid():
    ports = [{"port": 80, "protocol": "TCP", "nodePort": 31001}, {"port": 53, "protocol": "UDP"}]
    row = rows.from_object(
        Kind.SERVICES, {"metadata": METADATA, "spec": {"type": "NodePort", "ports": ports}}
    )
    assert [(each.protocol, each.node_port) for each in row.ports] == [("TCP", 31001), ("UDP", UNSET)]
    assert row.uid == "u-1"
    assert "uid" not in shown(row)


@pytest.mark.parametrize("kind", [Kind.PODS, Kind.SERVICES, Kind.CONFIGMAPS, Kind.JOBS, Kind.STATEFULSETS])
def test_annotations_are_kept_short_and_never_listed(kind):
    notes = {"team": "shop", "long": "x" * 2000, APPLIED: "{}"}
    row = rows.from_object(kind, {"metadata": METADATA | {"annotations": notes}})
    assert row.annotations == {"team": "shop", "long": "x" * 1024}
    assert "annotations" not in shown(row)


def test_annotations_of_a_deployment_are_listed():
    row = rows.from_object(Kind.DEPLOYMENTS, {"metadata": METADATA | {"annotations": {"team": "shop"}}})
    assert shown(row)["annotations"] == {"team": "shop"}


def test_a_row_of_a_secret_holds_no_value_at_all():
    notes = {"team": "shop", APPLIED: "{}", "in-base64": f"<{PASSWORD}>", "plain": "pw=hunter2;"}
    row = rows.from_object(Kind.SECRETS, secret(**notes))
    assert row.annotations == {"team": "shop"}
    assert (row.data, row.sizes) == ({"password": ""}, {"password": 7})


# --- Masks


@pytest.mark.parametrize(
    ("annotation", "copy"),
    [
        (APPLIED, True),
        ("objectset.rio.cattle.io/applied", True),
        ("kapp.k14s.io/original", True),
        ("cert-manager.io/issuer", False),
        ("applied.example.com/team", False),
    ],
)
def test_copies_of_the_object_are_known_by_their_names(annotation, copy):
    assert masks.is_copy(annotation) is copy


def test_values_that_are_no_base64_are_only_looked_for_as_they_are():
    assert masks.plain(["not base64!", b64encode(b"\xff\xfe\xfd").decode(), "YQ=="]) == {
        "not base64!",
        "//79",
        "YQ==",
    }


def test_a_masked_secret_has_its_keys_and_no_value():
    manifest = secret(**{APPLIED: "{...}", "team": "shop", "plain": "hunter2"})
    found = masks.masked(manifest)
    assert found["data"] == {"password": masks.MASK}
    assert found["metadata"]["annotations"] == {APPLIED: masks.MASK, "team": "shop", "plain": masks.MASK}
    assert manifest["data"] == {"password": PASSWORD}


def test_a_secret_without_values_stays_as_it_is():
    assert masks.masked({"metadata": METADATA}) == {"metadata": METADATA}


# --- Details


@pytest.mark.parametrize(
    ("probe", "written"),
    [
        (
            {"httpGet": {"port": "http"}, "periodSeconds": 5},
            {
                "type": "httpGet",
                "httpGet": {"path": "/", "port": "http", "scheme": "HTTP"},
                "periodSeconds": 5,
            },
        ),
        ({"tcpSocket": {"port": 80}}, {"type": "tcpSocket", "tcpSocket": {"port": 80}}),
        (
            {"exec": {"command": ["true"]}, "initialDelaySeconds": 0},
            {"type": "exec", "exec": {"command": ["true"]}, "initialDelaySeconds": 0},
        ),
        ({"grpc": {"port": 9}}, {"type": "grpc", "grpc": {"port": 9}}),
        (
            {"grpc": {"port": 9, "service": "health"}, "failureThreshold": 3},
            {"type": "grpc", "grpc": {"port": 9, "service": "health"}, "failureThreshold": 3},
        ),
    ],
)
def test_a_probe_is_of_one_of_four_types(probe, written):
    found = detail(Kind.PODS, spec={"containers": [{"name": "c", "image": "i", "startupProbe": probe}]})
    assert found["containers"] == [
        {"name": "c", "image": "i", "ready": False, "restartCount": 0, "startupProbe": written}
    ]


@pytest.mark.parametrize(
    ("state", "written"),
    [
        ({}, {}),
        (
            {"running": {"startedAt": "2026-01-02T03:04:05Z"}},
            {"running": {"startedAt": "2026-01-02T03:04:05.000Z"}},
        ),
        ({"waiting": {"reason": "ErrImagePull"}}, {"waiting": {"reason": "ErrImagePull"}}),
        (
            {"terminated": {"exitCode": 1, "reason": "Error", "message": "m", "startedAt": None}},
            {
                "terminated": {
                    "exitCode": 1,
                    "reason": "Error",
                    "message": "m",
                    "startedAt": "",
                    "finishedAt": "",
                }
            },
        ),
    ],
)
def test_a_container_is_in_one_of_three_states(state, written):
    status = {"name": "c", "ready": False, "restartCount": 2, "state": state, "lastState": state}
    found = detail(Kind.PODS, status={"containerStatuses": [status]})["containerStatuses"][0]
    assert found["state"] == written
    assert found.get("lastState", {}) == written
    assert ("lastState" in found) == bool(written)


def test_init_containers_have_what_their_statuses_say():
    status = {"name": "first", "ready": True, "restartCount": 4}
    found = detail(
        Kind.PODS,
        spec={"initContainers": [{"name": "first", "image": "i"}]},
        status={"initContainerStatuses": [status]},
    )
    assert found["initContainers"] == [{"name": "first", "image": "i", "ready": True, "restartCount": 4}]


def test_a_deployment_that_recreates_has_no_rolling_update():
    found = detail(Kind.DEPLOYMENTS, spec={"strategy": {"type": "Recreate"}})
    assert found["strategyDetail"] == {"type": "Recreate"}
    assert found["template"] == {"labels": {}, "containers": []}


def test_a_long_value_is_cut_in_lists_and_whole_in_the_object():
    manifest = {"metadata": METADATA, "data": {"long": "x" * 2000, "short": "y"}}
    row = as_row(Kind.CONFIGMAPS, manifest)
    assert (len(row.data["long"]), row.truncated_keys) == (1024, ("long",))
    found = shown(as_detail(Kind.CONFIGMAPS, row, manifest))
    assert found["data"] == manifest["data"]
    assert "truncatedKeys" not in found


def test_a_secret_shows_a_mask_for_every_value():
    assert detail(Kind.SECRETS, data={"password": PASSWORD})["data"] == {"password": "********"}


def test_what_makes_no_sense_is_an_error_of_the_cluster():
    manifest = {"metadata": METADATA, "spec": {"containers": [{"livenessProbe": 5}]}}
    with pytest.raises(BackendError):
        as_detail(Kind.PODS, as_row(Kind.PODS, manifest), manifest)

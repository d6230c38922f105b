"""Every cluster adapter changes objects as its port promises. The real one is that of TEST_KUBECONFIG."""

import pytest

from orchestrator.backends.cluster.port import RESOURCES, Kind, Patch, Propagation
from orchestrator.backends.errors import Conflict, Forbidden, Invalid, NotFound
from tests.orchestrator.backends.acting import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    NAMESPACES,
    deployment,
    manifest,
)

STALE = "the object has been modified; please apply your changes to the latest version and try again"


@pytest.fixture
def web(bench):
    """A deployment without pods."""
    yield bench.create(DEPLOYMENTS, deployment())
    if not bench.is_gone(DEPLOYMENTS, "web"):
        bench.delete(DEPLOYMENTS, "web")


@pytest.fixture
def config(bench):
    yield bench.create(CONFIG_MAPS, manifest(CONFIG_MAPS, "settings", data={"a": "1", "b": "2"}))
    if not bench.is_gone(CONFIG_MAPS, "settings"):
        bench.delete(CONFIG_MAPS, "settings")


def test_what_is_created_is_there_with_what_a_server_adds(bench, web):
    assert web["metadata"]["namespace"] == bench.namespace
    assert {"uid", "resourceVersion", "creationTimestamp"} <= web["metadata"].keys()
    assert (web["metadata"]["generation"], web["spec"]["replicas"]) == (1, 0)
    found = bench.get(DEPLOYMENTS, "web")
    assert (found["metadata"]["uid"], found["spec"]) == (web["metadata"]["uid"], web["spec"])
    bench.wait_until(lambda: [row.name for row in bench.rows(DEPLOYMENTS)] == ["web"])


def test_what_exists_is_not_created_again(bench, web):
    with pytest.raises(Conflict) as caught:
        bench.create(DEPLOYMENTS, deployment())
    assert caught.value.reason == "AlreadyExists"
    assert caught.value.message == 'deployments.apps "web" already exists'


def test_a_name_is_generated(bench):
    body = manifest(CONFIG_MAPS, "") | {"metadata": {"generateName": "some-"}}
    name = bench.create(CONFIG_MAPS, body)["metadata"]["name"]
    assert name.startswith("some-")
    assert len(name) == 10


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"metadata": {"name": "Web_1"}}, 422, "metadata.name: Invalid value"),
        ({"metadata": {}}, 422, "metadata.name: Required value: name or generateName is required"),
        ({"metadata": {"name": "x", "namespace": "default"}}, 400, "does not match the namespace sent"),
        ({"apiVersion": "v1"}, 400, 'no kind "Deployment" is registered for version "v1"'),
    ],
)
def test_what_is_wrong_is_not_created(bench, change, status, sentence):
    with pytest.raises(Invalid) as caught:
        bench.create(DEPLOYMENTS, deployment("x") | change)
    assert caught.value.status == status
    assert sentence in caught.value.message


def test_nothing_is_created_in_an_unknown_namespace(bench):
    with pytest.raises(NotFound) as caught:
        bench.cluster.create(RESOURCES[CONFIG_MAPS], manifest(CONFIG_MAPS, "x"), namespace="nobody-made-this")
    assert caught.value.message == 'namespaces "nobody-made-this" not found'


def test_a_merge_patch_changes_and_removes(bench, config):
    after = bench.patch(CONFIG_MAPS, "settings", {"data": {"a": "9", "b": None, "c": "3"}})
    assert after["data"] == {"a": "9", "c": "3"}
    assert after["metadata"]["resourceVersion"] != config["metadata"]["resourceVersion"]


def test_a_strategic_patch_merges_lists_by_their_keys(bench, web):
    wanted = {"name": "web", "env": [{"name": "A", "value": "1"}], "ports": [{"containerPort": 80}]}
    change = {
        "spec": {"template": {"spec": {"containers": [wanted, {"name": "side", "image": "lab/web:1"}]}}}
    }
    after = bench.patch(DEPLOYMENTS, "web", change, how=Patch.STRATEGIC)
    containers = {each["name"]: each for each in after["spec"]["template"]["spec"]["containers"]}
    assert containers.keys() == {"web", "side"}
    assert containers["web"]["image"] == "lab/web:1"
    assert containers["web"]["env"] == [{"name": "A", "value": "1"}]
    gone = {"spec": {"template": {"spec": {"containers": [{"name": "side", "$patch": "delete"}]}}}}
    after = bench.patch(DEPLOYMENTS, "web", gone, how=Patch.STRATEGIC)
    assert [each["name"] for each in after["spec"]["template"]["spec"]["containers"]] == ["web"]


def test_a_json_patch_is_done_step_by_step(bench, config):
    steps = [
        {"op": "test", "path": "/data/a", "value": "1"},
        {"op": "replace", "path": "/data/a", "value": "9"},
        {"op": "add", "path": "/metadata/labels", "value": {"x/y": "1"}},
        {"op": "remove", "path": "/data/b"},
    ]
    after = bench.patch(CONFIG_MAPS, "settings", steps, how=Patch.JSON)
    assert (after["data"], after["metadata"]["labels"]) == ({"a": "9"}, {"x/y": "1"})


@pytest.mark.parametrize(
    ("body", "how"),
    [
        ([{"op": "test", "path": "/data/a", "value": "other"}], Patch.JSON),
        ([{"op": "remove", "path": "/data/nope"}], Patch.JSON),
        ([1, 2], Patch.MERGE),
        ({"metadata": {"name": "other"}}, Patch.MERGE),
        ({"metadata": {"uid": "other"}}, Patch.MERGE),
    ],
)
def test_a_patch_that_makes_no_sense_changes_nothing(bench, config, body, how):
    with pytest.raises(Invalid):
        bench.patch(CONFIG_MAPS, "settings", body, how=how)
    assert bench.get(CONFIG_MAPS, "settings") == config


def test_a_stale_version_is_a_conflict(bench, config):
    version = config["metadata"]["resourceVersion"]
    bench.patch(CONFIG_MAPS, "settings", {"metadata": {"resourceVersion": version}, "data": {"a": "2"}})
    for write in (
        lambda body: bench.patch(CONFIG_MAPS, "settings", body),
        lambda body: bench.replace(CONFIG_MAPS, manifest(CONFIG_MAPS, "settings") | body),
    ):
        with pytest.raises(Conflict) as caught:
            write({"metadata": {"name": "settings", "resourceVersion": version}, "data": {"a": "3"}})
        assert caught.value.message == f'Operation cannot be fulfilled on configmaps "settings": {STALE}'
    assert bench.get(CONFIG_MAPS, "settings")["data"] == {"a": "2", "b": "2"}


def test_an_object_is_replaced_as_a_whole(bench, config):
    body = config | {"data": {"z": "26"}}
    after = bench.replace(CONFIG_MAPS, body)
    assert (after["data"], after["metadata"]["uid"]) == ({"z": "26"}, config["metadata"]["uid"])


def test_replacing_without_a_version_replaces_what_is_there(bench, config):
    assert bench.replace(CONFIG_MAPS, manifest(CONFIG_MAPS, "settings", data={"y": "1"}))["data"] == {
        "y": "1"
    }


def test_an_immutable_field_is_refused_with_its_reason(bench, web):
    body = {"spec": {"selector": {"matchLabels": {"app": "b"}}}}
    with pytest.raises(Invalid) as caught:
        bench.patch(DEPLOYMENTS, "web", body)
    assert (caught.value.status, caught.value.reason) == (422, "Invalid")
    assert caught.value.message.startswith('Deployment.apps "web" is invalid: ')
    reason = 'spec.selector: Invalid value: {"matchLabels":{"app":"b"}}: field is immutable'
    assert reason in caught.value.message


def test_a_generation_counts_changes_of_the_spec_alone(bench, web):
    generation = web["metadata"]["generation"]
    after = bench.patch(DEPLOYMENTS, "web", {"metadata": {"labels": {"a": "b"}}})
    assert after["metadata"]["generation"] == generation
    after = bench.patch(DEPLOYMENTS, "web", {"spec": {"minReadySeconds": 1}})
    assert after["metadata"]["generation"] == generation + 1


def test_a_dry_run_answers_and_changes_nothing(bench, config):
    assert bench.patch(CONFIG_MAPS, "settings", {"data": {"a": "9"}}, dry_run=True)["data"]["a"] == "9"
    assert bench.replace(CONFIG_MAPS, config | {"data": {"x": "y"}}, dry_run=True)["data"] == {"x": "y"}
    bench.create(CONFIG_MAPS, manifest(CONFIG_MAPS, "tried"), dry_run=True)
    bench.delete(CONFIG_MAPS, "settings", dry_run=True)
    assert bench.is_gone(CONFIG_MAPS, "tried")
    assert bench.get(CONFIG_MAPS, "settings") == config


def test_a_scale_is_read_and_changed(bench, web):
    shown = bench.get(DEPLOYMENTS, "web", subresource="scale")
    assert (shown["kind"], shown["status"]["selector"]) == ("Scale", "app=web")
    assert shown["spec"].get("replicas", 0) == 0
    after = bench.patch(DEPLOYMENTS, "web", {"spec": {"replicas": 1}}, subresource="scale")
    assert after["spec"]["replicas"] == 1
    assert bench.get(DEPLOYMENTS, "web")["spec"]["replicas"] == 1


def test_a_scale_below_nothing_is_refused(bench, web):
    with pytest.raises(Invalid) as caught:
        bench.patch(DEPLOYMENTS, "web", {"spec": {"replicas": -1}}, subresource="scale")
    why = "spec.replicas: Invalid value: -1: must be greater than or equal to 0"
    assert caught.value.message == f'Scale.autoscaling "web" is invalid: {why}'


def test_a_kind_without_scale_says_so(bench, config):
    with pytest.raises(NotFound):
        bench.get(CONFIG_MAPS, "settings", subresource="scale")


def test_what_is_not_there_is_not_found(bench):
    for act in (
        lambda: bench.get(DEPLOYMENTS, "nope"),
        lambda: bench.get(DEPLOYMENTS, "nope", subresource="scale"),
        lambda: bench.patch(DEPLOYMENTS, "nope", {}),
        lambda: bench.replace(DEPLOYMENTS, deployment("nope")),
        lambda: bench.delete(DEPLOYMENTS, "nope"),
    ):
        with pytest.raises(NotFound) as caught:
            act()
        assert caught.value.message == 'deployments.apps "nope" not found'
    with pytest.raises(NotFound):
        bench.cluster.evict("nope", namespace=bench.namespace)


def test_only_the_object_that_was_seen_is_deleted(bench, config):
    with pytest.raises(Conflict) as caught:
        bench.delete(CONFIG_MAPS, "settings", uid="another")
    assert "the UID in the precondition (another) does not match" in caught.value.message
    bench.delete(CONFIG_MAPS, "settings", uid=config["metadata"]["uid"])
    assert bench.is_gone(CONFIG_MAPS, "settings")
    bench.wait_until(lambda: "settings" not in [row.name for row in bench.rows(CONFIG_MAPS)])


@pytest.mark.parametrize("propagation", list(Propagation))
def test_what_an_object_owns_goes_with_it_or_stays(bench, propagation):
    owner = bench.create(CONFIG_MAPS, manifest(CONFIG_MAPS, "owner"))
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    owned = manifest(CONFIG_MAPS, "owned") | {
        "metadata": {"name": "owned", "ownerReferences": [reference | {"blockOwnerDeletion": True}]}
    }
    bench.create(CONFIG_MAPS, owned)
    bench.delete(CONFIG_MAPS, "owner", propagation=propagation)
    bench.wait_until_gone(CONFIG_MAPS, "owner")
    if propagation is Propagation.ORPHAN:
        bench.wait_until(lambda: not bench.get(CONFIG_MAPS, "owned")["metadata"].get("ownerReferences"))
        bench.delete(CONFIG_MAPS, "owned")
    bench.wait_until_gone(CONFIG_MAPS, "owned")


def test_the_default_namespace_stays(bench):
    with pytest.raises(Forbidden) as caught:
        bench.delete(NAMESPACES, "default")
    assert caught.value.message == 'namespaces "default" is forbidden: this namespace may not be deleted'


def test_a_scaled_deployment_gets_pods_and_gives_them_up(bench, web):
    bench.patch(DEPLOYMENTS, "web", {"spec": {"replicas": 1}}, subresource="scale")
    bench.wait_until(lambda: bench.get(DEPLOYMENTS, "web")["status"].get("availableReplicas") == 1)
    (pod,) = bench.rows(Kind.PODS)
    assert (pod.status, pod.ready, pod.controller) == ("Running", "1/1", "ReplicaSet")
    bench.cluster.evict(pod.name, namespace=bench.namespace, uid=pod.uid)
    bench.wait_until(
        lambda: [row.status for row in bench.rows(Kind.PODS) if row.uid != pod.uid] == ["Running"]
    )
    bench.delete(DEPLOYMENTS, "web", propagation=Propagation.BACKGROUND)
    bench.wait_until(lambda: not bench.rows(Kind.PODS))

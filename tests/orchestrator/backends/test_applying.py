"""Every cluster adapter applies configurations, and knows who manages which field."""

import copy
import json

import pytest

from orchestrator.backends.cluster.port import Kind, Patch
from orchestrator.backends.errors import BackendError, Conflict, Invalid
from tests.orchestrator.backends.acting import CONFIG_MAPS, DEPLOYMENTS, deployment, manifest


@pytest.fixture
def applied(bench):
    yield bench.apply(DEPLOYMENTS, deployment())
    bench.delete(DEPLOYMENTS, "web")


def container(found: dict) -> dict:
    return found["spec"]["template"]["spec"]["containers"][0]


def with_container(**members) -> dict:
    body = copy.deepcopy(deployment())
    container(body).update(members)
    return body


def managers(found: dict) -> dict[tuple[str, str], dict]:
    return {
        (each["manager"], each["operation"]): each["fieldsV1"] for each in found["metadata"]["managedFields"]
    }


def test_what_is_applied_is_created_and_its_fields_are_ours(bench, applied):
    mine = managers(applied)["orchestrator", "Apply"]
    web = mine["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"web"}']
    assert {".", "f:image", "f:name"} <= web.keys()
    assert "f:replicas" in mine["f:spec"]
    assert applied["spec"]["template"]["spec"]["restartPolicy"] == "Always"


def test_applying_the_same_again_changes_nothing(bench, applied):
    bench.wait_until(lambda: bench.get(DEPLOYMENTS, "web")["status"].get("observedGeneration") == 1)
    before = bench.get(DEPLOYMENTS, "web")["metadata"]["resourceVersion"]
    assert bench.apply(DEPLOYMENTS, deployment())["metadata"]["resourceVersion"] == before


def test_what_is_left_out_of_a_configuration_goes(bench, applied):
    env = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    assert container(bench.apply(DEPLOYMENTS, with_container(env=env)))["env"] == env
    assert container(bench.apply(DEPLOYMENTS, with_container(env=env[1:])))["env"] == env[1:]
    assert not container(bench.apply(DEPLOYMENTS, deployment())).get("env")


def test_fields_of_others_stay(bench, applied):
    bench.patch(DEPLOYMENTS, "web", {"spec": {"minReadySeconds": 3}, "metadata": {"labels": {"a": "b"}}})
    after = bench.apply(DEPLOYMENTS, with_container(image="lab/busybox:1"))
    assert (after["spec"]["minReadySeconds"], after["metadata"]["labels"]) == (3, {"a": "b"})
    assert ("orchestrator", "Update") in managers(after)


def test_a_field_that_another_manager_changed_is_a_conflict(bench, applied):
    body = {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "lab/busybox:1"}]}}}}
    bench.patch(DEPLOYMENTS, "web", body, how=Patch.STRATEGIC)
    with pytest.raises(Conflict) as caught:
        bench.apply(DEPLOYMENTS, with_container(image="nginx:alpine"))
    assert caught.value.message == (
        'Apply failed with 1 conflict: conflict with "orchestrator" using apps/v1: '
        '.spec.template.spec.containers[name="web"].image'
    )
    assert container(bench.get(DEPLOYMENTS, "web"))["image"] == "lab/busybox:1"
    after = bench.apply(DEPLOYMENTS, with_container(image="nginx:alpine"), force=True)
    assert container(after)["image"] == "nginx:alpine"
    bench.apply(DEPLOYMENTS, with_container(image="nginx:latest"))


def test_several_conflicts_are_named_one_by_one(bench, applied):
    bench.patch(DEPLOYMENTS, "web", {"spec": {"minReadySeconds": 3}, "metadata": {"labels": {"a": "b"}}})
    body = deployment(minReadySeconds=4)
    body["metadata"]["labels"] = {"a": "c"}
    with pytest.raises(Conflict) as caught:
        bench.apply(DEPLOYMENTS, body)
    assert caught.value.message == (
        'Apply failed with 2 conflicts: conflicts with "orchestrator" using apps/v1:\n'
        "- .metadata.labels.a\n- .spec.minReadySeconds"
    )


def test_agreeing_with_another_manager_is_no_conflict(bench, applied):
    bench.patch(DEPLOYMENTS, "web", {"spec": {"minReadySeconds": 3}})
    assert bench.apply(DEPLOYMENTS, deployment(minReadySeconds=3))["spec"]["minReadySeconds"] == 3


def test_a_scale_makes_the_number_of_replicas_another_managers(bench, applied):
    bench.patch(DEPLOYMENTS, "web", {"spec": {"replicas": 1}}, subresource="scale")
    with pytest.raises(Conflict) as caught:
        bench.apply(DEPLOYMENTS, deployment())
    assert caught.value.message == (
        'Apply failed with 1 conflict: conflict with "orchestrator" with subresource "scale" using apps/v1: '
        ".spec.replicas"
    )


def test_a_dry_run_of_an_apply_changes_nothing(bench):
    body = manifest(CONFIG_MAPS, "tried", data={"a": "1"})
    assert bench.apply(CONFIG_MAPS, body, dry_run=True)["data"] == {"a": "1"}
    assert bench.is_gone(CONFIG_MAPS, "tried")


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({"foo": 1}, ".spec.foo: field not declared in schema"),
        ({"replicas": "x"}, ".spec.replicas: expected numeric (int or float), got string"),
    ],
)
def test_what_does_not_fit_its_kind_is_not_applied(bench, spec, sentence):
    with pytest.raises(BackendError) as caught:
        bench.apply(DEPLOYMENTS, deployment("x", **spec))
    kind = "(/x; apps/v1, Kind=Deployment)"
    assert caught.value.message == f"failed to create typed patch object {kind}: {sentence}"


def test_managers_cannot_be_applied(bench):
    body = manifest(CONFIG_MAPS, "x") | {"metadata": {"name": "x", "managedFields": []}}
    with pytest.raises(Invalid) as caught:
        bench.apply(CONFIG_MAPS, body)
    assert caught.value.message == "metadata.managedFields must be nil"


@pytest.mark.parametrize(
    ("spec", "status", "sentence"),
    [
        ({"replicas": "x"}, 400, "cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas"),
        ({"replicas": -1}, 422, "spec.replicas: Invalid value: -1: must be greater than or equal to 0"),
        ({"selector": {"matchLabels": {"a": "b"}}}, 422, "`selector` does not match template `labels`"),
        ({"template": {"metadata": {"labels": {"app": "x"}}, "spec": {}}}, 422, "containers: Required value"),
    ],
)
def test_a_deployment_that_makes_no_sense_is_refused(bench, spec, status, sentence):
    with pytest.raises(Invalid) as caught:
        bench.create(DEPLOYMENTS, deployment("x", **spec))
    assert caught.value.status == status
    assert sentence in caught.value.message


@pytest.mark.parametrize("how", [Patch.MERGE, Patch.STRATEGIC])
def test_a_patch_with_an_unknown_field_is_refused(bench, applied, how):
    with pytest.raises(Invalid) as caught:
        bench.patch(DEPLOYMENTS, "web", {"spec": {"foo": "x"}}, how=how)
    (cause,) = caught.value.causes
    assert (caught.value.status, cause.field) == (422, "patch")
    assert cause.message.endswith('strict decoding error: unknown field "spec.foo"')


def test_an_unknown_field_of_a_whole_object_is_refused(bench, applied):
    for write in (bench.create, bench.replace):
        with pytest.raises(Invalid) as caught:
            write(DEPLOYMENTS, deployment(foo=1))
        assert caught.value.message == (
            'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: '
            'unknown field "spec.foo"'
        )


def test_reasons_are_told_one_by_one(bench, applied):
    with pytest.raises(Invalid) as caught:
        bench.patch(DEPLOYMENTS, "web", {"spec": {"selector": {"matchLabels": {"app": "b"}}}})
    assert {(cause.field, cause.reason) for cause in caught.value.causes} == {
        ("spec.template.metadata.labels", "FieldValueInvalid"),
        ("spec.selector", "FieldValueInvalid"),
    }


def test_conflicts_name_the_field_of_each(bench, applied):
    bench.patch(DEPLOYMENTS, "web", {"spec": {"minReadySeconds": 3}})
    with pytest.raises(Conflict) as caught:
        bench.apply(DEPLOYMENTS, deployment(minReadySeconds=4))
    (cause,) = caught.value.causes
    assert (cause.field, cause.reason) == (".spec.minReadySeconds", "FieldManagerConflict")
    assert cause.message == 'conflict with "orchestrator" using apps/v1'


def test_a_running_pod_takes_no_other_variables(bench):
    spec = {"nodeSelector": {"tests/nowhere": "true"}, "containers": [{"name": "c", "image": "lab/web:1"}]}
    bench.create(Kind.PODS, manifest(Kind.PODS, "fixed", spec=spec))
    change = {"spec": {"containers": [{"name": "c", "env": [{"name": "A", "value": "b"}]}]}}
    with pytest.raises(Invalid) as caught:
        bench.patch(Kind.PODS, "fixed", change, how=Patch.STRATEGIC)
    assert "spec: Forbidden: pod updates may not change fields other than" in caught.value.message
    bench.delete(Kind.PODS, "fixed", grace_seconds=0)


def test_every_object_says_who_manages_it(bench, applied):
    found = managers(bench.get(DEPLOYMENTS, "web"))
    assert json.dumps(found[("orchestrator", "Apply")], sort_keys=True) == json.dumps(
        managers(applied)[("orchestrator", "Apply")], sort_keys=True
    )

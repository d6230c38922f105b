"""orchestrator.services.clusters.managers"""

import pytest

from orchestrator.services.clusters import managers
from orchestrator.services.clusters.threeway import changes

SPEC = {
    "replicas": 2,
    "template": {
        "spec": {
            "containers": [
                {"name": "app", "image": "web:1", "ports": [{"name": "http", "containerPort": 80}]}
            ]
        }
    },
}
CONTAINER = {
    ".": {},
    "f:image": {},
    "f:name": {},
    "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}, "f:name": {}}},
}
KUBECTL = {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"app"}': CONTAINER}}}}}


def entry(manager: str, fields: dict, **more) -> dict:
    return {"manager": manager, "operation": "Update", "fieldsV1": fields} | more


def manifest(*entries: dict, **metadata) -> dict:
    return {"metadata": {"name": "web", "managedFields": list(entries), **metadata}, "spec": SPEC}


def managed_of(found: dict, after: dict) -> dict[str, tuple[str, ...]]:
    paths = [each.path for each in changes({"spec": SPEC}, {"spec": after})]
    return {each.field: each.managers for each in managers.of(found, paths)}


def with_container(**more) -> dict:
    container = SPEC["template"]["spec"]["containers"][0] | more
    return SPEC | {"template": {"spec": {"containers": [container]}}}


def test_a_changed_field_has_the_manager_that_the_server_names():
    found = manifest(entry("kubectl", KUBECTL), entry("argocd-controller", {"f:spec": {"f:replicas": {}}}))
    assert managed_of(found, with_container(image="web:2") | {"replicas": 3}) == {
        "spec.replicas": ("argocd-controller",),
        "spec.template.spec.containers[name=app].image": ("kubectl",),
    }


def test_an_item_is_found_by_whatever_the_server_names_it_by():
    after = with_container(ports=[{"name": "http", "containerPort": 81}])
    found = manifest(entry("kubectl", KUBECTL))
    assert list(managed_of(found, after).values()) == [()]  # port 81 is not the port that it manages
    renamed = with_container(ports=[{"name": "web", "containerPort": 80}])
    assert ("kubectl",) in managed_of(found, renamed).values()


def test_a_new_field_has_no_manager():
    assert managed_of(manifest(entry("kubectl", KUBECTL)), SPEC | {"paused": True}) == {"spec.paused": ()}


def test_a_field_within_one_that_is_managed_as_a_whole_has_its_manager():
    found = manifest(entry("kubectl", {"f:spec": {"f:template": {}}}))
    assert list(managed_of(found, with_container(image="b")).values()) == [("kubectl",)]


def test_the_autoscaler_is_called_by_its_name():
    scale = entry("kube-controller-manager", {"f:spec": {"f:replicas": {}}}, subresource="scale")
    assert managed_of(manifest(scale), SPEC | {"replicas": 3}) == {
        "spec.replicas": ("horizontal-pod-autoscaler",)
    }


def test_an_overview_goes_down_as_far_as_managers_differ():
    scale = entry("hpa", {"f:spec": {"f:replicas": {}}})
    status = entry("controller", {"f:status": {"f:replicas": {}}}, subresource="status")
    found = manifest(entry("kubectl", KUBECTL), scale, status)
    assert [(each.field, each.managers) for each in managers.overview(found)] == [
        ("spec.template", ("kubectl",)),
        ("spec.replicas", ("hpa",)),
    ]


def test_shared_fields_name_all_their_managers():
    fields = {"f:metadata": {"f:labels": {"f:app.kubernetes.io/name": {}}}}
    found = manifest(entry("kubectl", fields), entry("helm", fields))
    assert [(each.field, each.managers) for each in managers.overview(found)] == [
        ('metadata.labels["app.kubernetes.io/name"]', ("kubectl", "helm"))
    ]


@pytest.mark.parametrize("bad", [None, [], ["x"], [{"fieldsV1": 3}], [{"fieldsV1": {"f:spec": {"k:{": {}}}}]])
def test_a_strange_book_of_managers_is_no_failure(bad):
    found = {"metadata": {"managedFields": bad}, "spec": SPEC}
    managers.overview(found)
    assert managed_of(found, SPEC | {"replicas": 3}) == {"spec.replicas": ()}


@pytest.mark.parametrize(
    ("metadata", "tool"),
    [
        ({"labels": {"argocd.argoproj.io/instance": "shop"}}, "Argo CD"),
        ({"annotations": {"argocd.argoproj.io/tracking-id": "shop:apps"}}, "Argo CD"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}, "Flux"),
        ({"annotations": {"meta.helm.sh/release-name": "web"}}, "Helm"),
        ({"managedFields": [entry("argocd-application-controller", {})]}, "Argo CD"),
        ({"managedFields": [entry("kustomize-controller", {})]}, "Flux"),
        ({"labels": {"app": "argo"}, "managedFields": [entry("kubectl", {})]}, ""),
        ({}, ""),
    ],
)
def test_the_tool_that_keeps_an_object_is_named(metadata, tool):
    assert managers.tool({"metadata": metadata}) == tool

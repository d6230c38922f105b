"""orchestrator.backends.cluster.discovery"""

import pytest
from kubernetes import client

from orchestrator.backends import errors
from orchestrator.backends.cluster import discovery
from orchestrator.backends.cluster.discovery import Discovery, served
from orchestrator.backends.cluster.transport import Transport

VERBS = ["get", "list", "watch"]


@pytest.fixture
def transport(httpserver) -> Transport:
    return Transport(lambda: client.Configuration(host=httpserver.url_for("").rstrip("/")))


def told(plural: str, kind: str, *, scope: str = "Namespaced", verbs=VERBS, **more) -> dict:
    return {"resource": plural, "responseKind": {"kind": kind}, "scope": scope, "verbs": verbs, **more}


def group(name: str, **versions: list) -> dict:
    found = [{"version": version, "resources": resources} for version, resources in versions.items()]
    return {"metadata": {"name": name} if name else {}, "versions": found}


def tells(httpserver, path: str, *groups: dict) -> None:
    httpserver.expect_request(path).respond_with_json({"kind": "APIGroupDiscoveryList", "items": [*groups]})


CORE = group(
    "",
    v1=[
        told("pods", "Pod", shortNames=["po"]),
        told("nodes", "Node", scope="Cluster", shortNames=["no"]),
        told("bindings", "Binding", verbs=["create"]),
        {"resource": "odd", "verbs": VERBS},
    ],
)


def test_what_can_be_listed_is_told_with_its_names(transport, httpserver):
    tells(httpserver, "/api", CORE)
    tells(httpserver, "/apis", group("apps", v1=[told("deployments", "Deployment")]))
    found = served(transport)
    assert [each.id for each in found] == ["nodes", "pods", "deployments.apps"]
    assert [each.namespaced for each in found] == [False, True, True]
    pod = found[1]
    assert (pod.api_version, pod.kind, pod.short_names, pod.verbs) == ("v1", "Pod", ("po",), tuple(VERBS))


def test_the_preferred_version_comes_first_and_others_bring_what_it_lacks(transport, httpserver):
    tells(httpserver, "/api")
    widgets, gadgets = told("widgets", "Widget"), told("gadgets", "Gadget")
    tells(httpserver, "/apis", group("example.com", v2=[widgets], v1=[widgets, gadgets]))
    assert [(each.plural, each.version) for each in served(transport)] == [
        ("gadgets", "v1"),
        ("widgets", "v2"),
    ]


def test_a_group_whose_server_does_not_answer_is_left_out(transport, httpserver):
    broken = group("metrics.k8s.io", v1beta1=[told("pods", "PodMetrics")])
    broken["versions"][0]["freshness"] = "Stale"
    tells(httpserver, "/api", CORE)
    tells(httpserver, "/apis", broken)
    assert [each.id for each in served(transport)] == ["nodes", "pods"]


def listed(httpserver, path: str, *resources: dict) -> None:
    httpserver.expect_request(path).respond_with_json({"kind": "APIResourceList", "resources": [*resources]})


def test_an_older_server_is_asked_group_by_group(transport, httpserver):
    pod = {"name": "pods", "kind": "Pod", "namespaced": True, "verbs": VERBS, "shortNames": ["po"]}
    log = {"name": "pods/log", "kind": "Pod", "namespaced": True, "verbs": ["get"]}
    widget = {"name": "widgets", "kind": "Widget", "namespaced": True, "verbs": VERBS}
    versions = [{"version": "v1"}, {"version": "v2"}]
    groups = [
        {"name": "example.com", "versions": versions, "preferredVersion": {"version": "v2"}},
        {"name": "broken.example.com", "versions": [{"version": "v1"}]},
    ]
    httpserver.expect_request("/api").respond_with_json({"kind": "APIVersions", "versions": ["v1"]})
    httpserver.expect_request("/apis").respond_with_json({"kind": "APIGroupList", "groups": groups})
    listed(httpserver, "/api/v1", pod, log)
    listed(httpserver, "/apis/example.com/v1", widget)
    listed(httpserver, "/apis/example.com/v2", widget)
    httpserver.expect_request("/apis/broken.example.com/v1").respond_with_data(status=503)
    assert [(each.id, each.version) for each in served(transport)] == [
        ("pods", "v1"),
        ("widgets.example.com", "v2"),
    ]


def test_the_server_is_asked_once_a_minute(transport, httpserver):
    tells(httpserver, "/api", CORE)
    tells(httpserver, "/apis")
    known = Discovery(transport)
    assert known.resources() == known.resources() == known.resources(again=True)
    assert len(httpserver.log) == 2


def test_it_is_asked_again_for_what_may_be_new(transport, httpserver, monkeypatch):
    tells(httpserver, "/api", CORE)
    tells(httpserver, "/apis")
    known = Discovery(transport)
    known.resources()
    monkeypatch.setattr(discovery, "AGAIN_SECONDS", 0.0)
    known.resources()
    assert len(httpserver.log) == 2
    known.resources(again=True)
    assert len(httpserver.log) == 4


@pytest.mark.parametrize(("status", "again"), [(403, True), (503, False)])
def test_a_failure_is_told_to_whoever_asks_soon_after(transport, httpserver, status, again):
    httpserver.expect_request("/api").respond_with_data(status=status)
    known = Discovery(transport)
    for _ in range(3):
        with pytest.raises(errors.BackendError):
            known.resources(again=again)
    assert len(httpserver.log) == 1


def test_what_is_no_discovery_at_all_makes_no_sense(transport, httpserver):
    httpserver.expect_request("/api").respond_with_data("<html>")
    with pytest.raises(errors.Unreachable):
        served(transport)

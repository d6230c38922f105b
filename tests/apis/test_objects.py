"""apis.objects: one object, and what hangs on it"""

import pytest
import yaml

from orchestrator.backends.errors import Forbidden
from tests.apis.reading import error_of

PLACES = {
    "deployments": "nginx-deployment?namespace=default",
    "statefulsets": "postgres?namespace=production",
    "daemonsets": "gpu-device-plugin?namespace=kube-system",
    "cronjobs": "hourly-report?namespace=default",
    "services": "api-gateway?namespace=default",
    "ingress": "api?namespace=default",
    "configmaps": "app-config?namespace=default",
    "secrets": "db-credentials?namespace=default",
    "nodes": "worker-a",
    "namespaces": "production",
}
SECRET = "/api/secrets/db-credentials"
IN_DEFAULT = "?namespace=default"


@pytest.fixture
def get(api):
    """Return a function that gives the body of a good answer."""

    def get(path: str):
        response = api.get(f"/api/{path}")
        assert response.status_code == 200, response.content
        return response.json()

    return get


@pytest.fixture
def pod_of(get):
    """Return a function that gives the place of a pod by its status."""

    def pod_of(status: str) -> str:
        pod = next(each for each in get("pods") if each["status"] == status)
        return f"{pod['name']}?namespace={pod['namespace']}"

    return pod_of


@pytest.mark.parametrize("kinds", PLACES)
def test_an_object_says_at_least_what_its_list_says(get, kinds):
    found = get(f"{kinds}/{PLACES[kinds]}")
    listed = next(
        each
        for each in get(kinds)
        if (each["name"], each.get("namespace")) == (found["name"], found.get("namespace"))
    )
    values = {"data"} if kinds == "secrets" else set()
    assert {name: found[name] for name in listed.keys() - values} == {
        name: listed[name] for name in listed.keys() - values
    }


def test_a_job_has_its_conditions(get):
    job = next(each for each in get("jobs") if each["status"] == "Failed")
    found = get(f"jobs/{job['name']}?namespace={job['namespace']}")
    assert found["conditions"][0]["reason"] == "BackoffLimitExceeded"


def test_a_deployment_shows_its_template_and_strategy(get):
    found = get(f"deployments/api-gateway{IN_DEFAULT}")
    assert found["template"]["labels"] == {"app": "api-gateway"}
    container = found["template"]["containers"][0]
    assert container.keys() == {"name", "image", "ports", "resources"}
    assert found["strategyDetail"]["type"] == found["strategy"] == "RollingUpdate"
    assert found["strategyDetail"]["rollingUpdate"].keys() == {"maxSurge", "maxUnavailable"}


def test_a_pod_shows_probes_states_conditions_and_owners(get, pod_of):
    found = get(f"pods/{pod_of('CrashLoopBackOff')}")
    probe = found["containers"][0]["livenessProbe"]
    assert (probe["type"], probe["tcpSocket"], probe["initialDelaySeconds"]) == (
        "tcpSocket",
        {"port": 8080},
        15,
    )
    status = found["containerStatuses"][0]
    assert status["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert status["lastState"]["terminated"]["exitCode"] == 137
    assert {each["type"] for each in found["conditions"]} >= {"Ready", "PodScheduled"}
    assert [each.keys() for each in found["ownerReferences"]] == [{"kind", "name", "uid"}]
    assert found["initContainers"] == []


def test_a_running_container_says_since_when(get, pod_of):
    status = get(f"pods/{pod_of('Running')}")["containerStatuses"][0]
    assert status["state"]["running"]["startedAt"].endswith(".000Z")


def test_sets_are_looked_for_in_default_if_no_namespace_is_named(api):
    for kinds in ("statefulsets", "daemonsets"):
        body = error_of(api.get(f"/api/{kinds}/nope"))
        assert body["details"]["namespace"] == "default"


@pytest.mark.parametrize(
    "path", ["deployments/x", "deployments/x/pods", "pods/x/events", "resources/secrets/x/yaml", "services/x"]
)
def test_other_objects_need_a_namespace(api, path):
    for query in ("", "?namespace=", "?namespace=_all"):
        body = error_of(api.get(f"/api/{path}{query}"))
        assert (body["error"], body["code"]) == ("Namespace parameter is required", "validation_error")
        assert body["fields"] == {"namespace": ["Namespace parameter is required"]}


@pytest.mark.parametrize("name", ["Bad", "-x", "x-", "a_b", "x" * 254, "%20"])
def test_a_bad_name_is_refused(api, name):
    assert error_of(api.get(f"/api/pods/{name}{IN_DEFAULT}"))["details"][0]["path"] == "name"


@pytest.mark.parametrize("name", ["kube-root-ca.crt", "ip-10-0-1-2.ec2.internal", "x" * 253])
def test_a_dotted_or_long_name_is_only_not_there(api, name):
    assert api.get(f"/api/configmaps/{name}{IN_DEFAULT}").status_code in (200, 404)


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("deployments/nope", "Deployment"),
        ("deployments/nope/pods", "Deployment"),
        ("deployments/nope/events", "Deployment"),
        ("pods/nope", "Pod"),
        ("secrets/nope/events", "Secret"),
        ("jobs/nope", "Job"),
    ],
)
def test_an_object_that_is_not_there_is_named(api, path, word):
    response = api.get(f"/api/{path}{IN_DEFAULT}")
    body = error_of(response)
    assert (response.status_code, body["code"]) == (404, "not_found")
    assert body["error"] == f"{word} not found: nope"
    assert body["details"] == {"resource": word, "identifier": "nope", "name": "nope", "namespace": "default"}


@pytest.mark.parametrize("path", ["nodes/nope", "nodes/nope/pods", "nodes/nope/events"])
def test_a_node_is_in_no_namespace(api, path):
    details = error_of(api.get(f"/api/{path}"))["details"]
    assert details == {"resource": "Node", "identifier": "nope", "name": "nope"}


def test_what_the_cluster_forbids_is_said(api, demo, monkeypatch):
    def read(*_place, **_named):
        raise Forbidden("No.", service="kubernetes", status=403, reason="Forbidden")

    monkeypatch.setattr(demo, "read", read)
    response = api.get(f"{SECRET}{IN_DEFAULT}")
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert response.json()["details"] == {
        "reason": "Forbidden",
        "verb": "get",
        "resource": "secrets",
        "namespace": "default",
    }


# --- What hangs on an object


def test_the_pods_of_a_deployment_are_those_it_owns(get):
    found = get(f"deployments/api-gateway/pods{IN_DEFAULT}")
    expected = [each["name"] for each in get("pods") if each["labels"].get("app") == "api-gateway"]
    assert [each["name"] for each in found] == expected
    assert {each["ownerReferences"][0]["kind"] for each in found} == {"ReplicaSet"}


def test_the_pods_of_a_node_are_of_one_namespace_or_of_all(get):
    everywhere = [each for each in get("pods") if each["nodeName"] == "worker-a"]
    assert get("nodes/worker-a/pods") == everywhere
    inside = [each for each in everywhere if each["namespace"] == "default"]
    assert get(f"nodes/worker-a/pods{IN_DEFAULT}") == inside


def test_the_events_of_a_pod_are_its_own_newest_first(get, pod_of):
    place = pod_of("CrashLoopBackOff")
    name = place.partition("?")[0]
    found = get(f"pods/{name}/events{IN_DEFAULT}")
    assert found
    assert {(each["kind"], each["name"]) for each in found} == {("Pod", name)}
    times = [each["lastTimestamp"] for each in found]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("kinds", ["deployments", "configmaps", "secrets", "nodes"])
def test_an_object_without_events_has_an_empty_list(get, kinds):
    name, _, query = PLACES[kinds].partition("?")
    found = get(f"{kinds}/{name}/events?{query}")
    assert all(each["name"] == name for each in found)


def test_sub_lists_say_how_current_they_are_and_have_a_tag(api):
    response = api.get("/api/nodes/worker-a/pods")
    assert response.headers["X-Data-State"] == "live"
    assert int(response.headers["X-Total-Count"]) == len(response.json())
    again = api.get("/api/nodes/worker-a/pods", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304


# --- YAML


@pytest.mark.parametrize("kinds", ["deployments", "configmaps", "secrets"])
def test_yaml_is_the_object_with_sorted_keys(get, kinds):
    name, _, query = PLACES[kinds].partition("?")
    text = get(f"resources/{kinds}/{name}/yaml?{query}")["yaml"]
    found = yaml.safe_load(text)
    assert found["metadata"]["name"] == name
    assert list(found) == sorted(found)
    assert "&id" not in text


def test_yaml_is_of_three_types(api):
    assert error_of(api.get(f"/api/resources/pods/x/yaml{IN_DEFAULT}"))["details"][0]["path"] == "type"


def test_yaml_of_nothing_is_not_found_by_its_type(api):
    body = error_of(api.get(f"/api/resources/deployments/nope/yaml{IN_DEFAULT}"))
    assert body["details"] == {
        "resource": "deployments",
        "identifier": "default/nope",
        "name": "nope",
        "namespace": "default",
    }

"""Every documented kind of a running server agrees with the API server, object by object."""

import json
import os
from http.client import HTTPConnection
from typing import Any

import pytest
import yaml

from tests.real.expected import EXPECTED, stamp
from tests.real.place import Place
from tests.real.processes import started, wait_until
from tests.real.product import Product
from tests.real.source import DOTTED, ENCODED, PASSWORD, PATHS, made_in

pytestmark = pytest.mark.needs("TEST_KUBECONFIG")
Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def source(place: Place):
    with made_in(place.name, os.environ["TEST_KUBECONFIG"]) as source:
        yield source


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kinds")
    real = {"CLUSTER_BACKEND": "auto", "KUBECONFIG": os.environ["TEST_KUBECONFIG"], "LOG_LEVEL": "info"}
    with started(f"sqlite:///{folder}/kinds.sqlite3", **real) as processes:
        yield processes


@pytest.fixture(scope="module")
def product(processes):
    return Product(processes)


@pytest.fixture
def get(product, place, source):
    """Return a function that gives the body of a good answer about our namespace."""

    def get(path: str) -> Any:
        reply = product.get(f"/api/{path}?namespace={place.name}")
        assert reply.status == 200, reply.body
        return reply.json

    return get


def plain(found: Manifest) -> Manifest:
    """Return an object of ours with its conditions as pairs: what else is in them has its own tests."""
    if "conditions" not in found:
        return found
    return found | {"conditions": sorted((each["type"], each["status"]) for each in found["conditions"])}


@pytest.mark.parametrize("kinds", PATHS)
def test_a_list_agrees_with_the_api_server(get, source, kinds):
    def agree() -> bool:
        # Things move between the two questions, so they are asked until nothing did.
        known = source.of(kinds)
        found = {each["name"]: plain(each) for each in get(kinds)}
        if found.keys() != known.keys() or any(
            "status" not in each for each in known.values() if kinds == "pvcs"
        ):
            return False
        for name, each in known.items():
            metadata = each["metadata"]
            common = {
                "labels": metadata.get("labels") or {},
                "createdAt": stamp(metadata["creationTimestamp"]),
            }
            if not (common | EXPECTED[kinds](each)).items() <= found[name].items():
                return False
        return True

    wait_until(agree, within_seconds=60)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("deployments/web", "Available"),
        ("statefulsets/db", "Available"),
        ("daemonsets/agent", "Healthy"),
        ("jobs/done", "Complete"),
        ("jobs/broken", "Failed"),
        ("cronjobs/nightly", "Suspended"),
    ],
)
def test_what_runs_comes_to_its_status(get, path, status):
    wait_until(lambda: get(path)["status"] == status, within_seconds=120)


def test_a_claim_is_bound_to_a_volume(get, product):
    wait_until(lambda: get("pvcs")[0]["status"] == "Bound", within_seconds=120)
    claim = get("pvcs")[0]
    volumes = {each["name"]: each for each in product.get("/api/pvs").json}
    volume = volumes[claim["volume"]]
    assert (volume["status"], volume["claim"]) == ("Bound", f"{claim['namespace']}/disk")


def test_the_pods_of_a_deployment_are_its_own(get, place):
    def own() -> list[Manifest]:
        return list(get("deployments/web/pods"))

    wait_until(lambda: len(own()) == 2)
    expected = {
        each.metadata.name: each
        for each in place.api.list_namespaced_pod(place.name, label_selector="app=web").items
    }
    for each in own():
        owner = expected[each["name"]].metadata.owner_references[0]
        assert each["ownerReferences"] == [{"kind": "ReplicaSet", "name": owner.name, "uid": owner.uid}]


def test_a_pod_shows_its_probe_state_and_references(get):
    wait_until(lambda: get("deployments/web")["status"] == "Available", within_seconds=120)
    found = get(f"pods/{get('deployments/web/pods')[0]['name']}")
    probe = found["containers"][0]["livenessProbe"]
    assert (probe["type"], probe["exec"], probe["periodSeconds"]) == ("exec", {"command": ["true"]}, 60)
    assert found["containerStatuses"][0]["state"]["running"]["startedAt"]
    assert (found["configMaps"], found["secrets"]) == ([DOTTED], ["login"])


def test_events_of_an_object_are_those_the_api_server_has(get, place):
    def agree() -> bool:
        about = "involvedObject.kind=Deployment,involvedObject.name=web"
        known = place.api.list_namespaced_event(place.name, field_selector=about).items
        found = get("deployments/web/events")
        return bool(known) and sorted(each["reason"] for each in found) == sorted(
            each.reason for each in known
        )

    wait_until(agree)


def test_the_pods_of_a_node_are_those_it_runs(product, place, source):
    def agree() -> bool:
        node = product.get("/api/nodes").json[0]["name"]
        known = place.api.list_pod_for_all_namespaces(field_selector=f"spec.nodeName={node}").items
        found = {(each["namespace"], each["name"]) for each in product.get(f"/api/nodes/{node}/pods").json}
        return found == {(each.metadata.namespace, each.metadata.name) for each in known}

    wait_until(agree, within_seconds=60)


def test_a_config_map_with_a_dot_in_its_name_is_whole(get):
    assert get("configmaps/kube-root-ca.crt")["keys"] == ["ca.crt"]
    assert get(f"configmaps/{DOTTED}")["data"] == {"LEVEL": "info", "long": "x" * 2000}
    listed = next(each for each in get("configmaps") if each["name"] == DOTTED)
    assert (len(listed["data"]["long"]), listed["truncatedKeys"]) == (1024, ["long"])


@pytest.mark.parametrize("place_of", ["deployments/web", f"configmaps/{DOTTED}"])
def test_yaml_is_the_object_of_the_api_server(get, source, place_of):
    kinds, _, name = place_of.partition("/")

    def agree() -> bool:
        known = source.of(kinds)[name]
        del known["metadata"]["managedFields"]
        found = yaml.safe_load(get(f"resources/{place_of}/yaml")["yaml"])
        return bool({**known, "kind": found["kind"], "apiVersion": found["apiVersion"]} == found)

    wait_until(agree)


@pytest.mark.parametrize(
    "path", ["secrets", "secrets/login", "resources/secrets/login/yaml", "labels", "secrets/login/events"]
)
def test_no_value_of_a_secret_is_in_an_answer(product, place, source, path):
    content = product.get(f"/api/{path}?namespace={place.name}").body.decode()
    assert PASSWORD not in content
    assert ENCODED not in content


def test_a_reveal_reads_the_api_server_and_stays_out_of_the_log(processes, product, place, source):
    made = processes.manage("create_api_key", "--name", "see", "--scope", "clusters:secrets")
    key = next(word for word in made.wait_for("orc_").split() if word.startswith("orc_"))
    connection = HTTPConnection("127.0.0.1", product.port, timeout=20)
    body = json.dumps({"namespace": place.name, "keys": ["password"], "reason": "test"})
    connection.request("POST", "/api/secrets/login/reveal", body=body, headers={"X-API-Key": key})
    response = connection.getresponse()
    found = json.loads(response.read())
    connection.close()
    assert (response.status, response.headers["Cache-Control"]) == (200, "no-store")
    assert found["data"] == {"password": ENCODED}
    assert not product.process.says(PASSWORD)
    assert not product.process.says(ENCODED)

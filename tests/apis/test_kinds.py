"""apis.clusters: the list of every documented kind, and labels"""

import pytest

from orchestrator.backends.cluster.port import CacheState, Condition, Kind
from orchestrator.backends.errors import Forbidden

# Of contracts/clusters 5.1: what every object has, and what only some have.
MEMBERS = {
    "deployments": (
        "name namespace status replicas strategy age labels selector configMaps secrets images conditions "
        "uid annotations",
        "",
    ),
    "statefulsets": (
        "name namespace replicas status age labels selector serviceName updateStrategy podManagementPolicy "
        "persistentVolumeClaims configMaps secrets images",
        "",
    ),
    "daemonsets": (
        "name namespace desired current ready upToDate available status age labels selector updateStrategy "
        "configMaps secrets images",
        "",
    ),
    "services": (
        "name namespace type clusterIP ports selector age labels loadBalancer",
        "externalIPs externalName",
    ),
    "configmaps": ("name namespace data age labels keys binaryKeys", "truncatedKeys"),
    "secrets": ("name namespace type keys data age labels masked sizes", ""),
    "hpa": (
        "name namespace targetRef minReplicas maxReplicas currentReplicas desiredReplicas metrics age labels",
        "",
    ),
    "jobs": (
        "name namespace status completions succeeded failed active age labels conditions",
        "startTime completionTime duration",
    ),
    "cronjobs": (
        "name namespace status schedule suspend active age labels",
        "lastSchedule lastSuccessfulTime",
    ),
    "ingress": (
        "name namespace hosts rules age labels addresses annotations",
        "className tls defaultBackend",
    ),
    "pvs": ("name capacity accessModes reclaimPolicy status claim storageClass age labels", ""),
    "pvcs": ("name namespace status volume capacity accessModes storageClass age labels", ""),
    "resourcequotas": ("name namespace age hard used labels", ""),
    "limitranges": ("name namespace age limits labels", ""),
}
# Of contracts/clusters 7: how many there are in the demo world.
COUNTS = {
    "deployments": 15,
    "statefulsets": 2,
    "daemonsets": 3,
    "services": 10,
    "hpa": 5,
    "jobs": 5,
    "cronjobs": 2,
    "ingress": 3,
    "pvs": 8,
    "pvcs": 5,
    "resourcequotas": 2,
    "limitranges": 2,
}
CLUSTER_WIDE = {"pvs"}


@pytest.fixture
def rows(api):
    """Return a function that gives the objects of a list."""

    def rows(kinds: str, **query) -> list[dict]:
        response = api.get(f"/api/{kinds}", query)
        assert response.status_code == 200, response.content
        return response.json()

    return rows


@pytest.fixture
def refuse(demo, monkeypatch):
    """Return a function that makes the API server refuse to list a kind."""

    def refuse(kind: Kind) -> None:
        cache = demo.cache(kind)
        state = cache.state()
        error = Forbidden("You may not.", service="kubernetes", status=403, reason="Forbidden")
        refused = CacheState(condition=Condition.FORBIDDEN, since=state.since, error=error, refused=("",))
        monkeypatch.setattr(cache, "state", lambda: refused)
        cache.replace([])

    return refuse


def names(found) -> list[str]:
    return [each["name"] for each in found]


@pytest.mark.parametrize("kinds", MEMBERS)
def test_objects_have_the_documented_members(rows, kinds):
    always, sometimes = (set(words.split()) for words in MEMBERS[kinds])
    found = rows(kinds)
    assert found
    for each in found:
        assert always | {"createdAt"} <= each.keys() <= always | sometimes | {"createdAt"}


@pytest.mark.parametrize("kinds", COUNTS)
def test_the_demo_world_has_as_many_as_documented(rows, kinds):
    assert len(rows(kinds)) == COUNTS[kinds]


def test_config_maps_and_secrets_are_25_together(rows):
    assert len(rows("configmaps")) + len(rows("secrets")) == 25


@pytest.mark.parametrize("kinds", sorted(MEMBERS.keys() - CLUSTER_WIDE))
def test_a_namespace_chooses_what_is_in_it(rows, kinds):
    everywhere = rows(kinds)
    place = everywhere[-1]["namespace"]
    assert rows(kinds, namespace=place) == [each for each in everywhere if each["namespace"] == place]
    assert rows(kinds, namespace="_all") == everywhere
    assert rows(kinds, namespace="nowhere") == []


def test_volumes_are_in_no_namespace(rows):
    assert rows("pvs", namespace="nowhere") == rows("pvs")


@pytest.mark.parametrize("kinds", MEMBERS)
def test_every_list_has_pages_totals_and_a_tag(api, kinds):
    response = api.get(f"/api/{kinds}", {"limit": 1, "offset": 1, "sort": "-name"})
    total = int(response.headers["X-Total-Count"])
    assert len(response.json()) == min(1, total - 1)
    assert 'rel="first"' in response.headers["Link"]
    again = api.get(
        f"/api/{kinds}",
        {"limit": 1, "offset": 1, "sort": "-name"},
        headers={"If-None-Match": response.headers["ETag"]},
    )
    assert again.status_code == 304


def test_deployments_can_be_chosen_by_status(rows):
    assert names(rows("deployments", status="Degraded")) == ["api-gateway"]
    assert len(rows("deployments", status="Progressing")) == 2
    assert len(rows("deployments", status="Available")) == 12


def test_other_kinds_have_no_status_to_choose_by(api):
    assert api.get("/api/jobs", {"status": "Failed"}).json()["details"][0]["path"] == "status"


def test_services_can_be_chosen_by_type(rows):
    found = rows("services", fieldSelector="spec.type=LoadBalancer")
    assert found
    assert {each["type"] for each in found} == {"LoadBalancer"}


def test_secrets_can_be_chosen_by_type(rows):
    found = rows("secrets", fieldSelector="type=kubernetes.io/tls")
    assert found
    assert {each["type"] for each in found} == {"kubernetes.io/tls"}


@pytest.mark.parametrize("private", ["annotations", "ownerReferences"])
def test_what_is_for_ourselves_cannot_be_sorted_by(api, private):
    assert api.get("/api/pods", {"sort": private}).status_code == 400


def test_no_value_of_a_secret_is_listed(rows):
    for each in rows("secrets"):
        assert each["masked"] is True
        assert set(each["data"].values()) <= {""}
        assert each["data"].keys() == each["sizes"].keys() == set(each["keys"])


def test_cpu_is_the_first_metric_of_an_autoscaler(rows):
    metric = {each["name"]: each for each in rows("hpa")}["api-gateway"]["metrics"][0]
    assert metric["resource"]["name"] == "cpu"
    assert metric["resource"]["target"] == {"type": "Utilization", "averageUtilization": 80}
    assert metric["resource"]["current"].keys() == {"averageUtilization"}


def test_a_kind_that_may_not_be_read_is_refused_alone(api, refuse):
    refuse(Kind.SECRETS)
    response = api.get("/api/secrets")
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert api.get("/api/configmaps").status_code == 200


# --- Labels


def test_labels_are_counted_the_most_frequent_first(api, rows):
    found = api.get("/api/labels").json()
    assert found.keys() == {"labels", "resources", "totalResources"}
    totals = [each["totalCount"] for each in found["labels"]]
    assert totals == sorted(totals, reverse=True)
    app = found["labels"][0]
    assert (app["key"], app.keys()) == ("app", {"key", "values", "totalCount", "resourceTypes"})
    counts = [each["count"] for each in app["values"]]
    assert (counts, sum(counts)) == (sorted(counts, reverse=True), app["totalCount"])
    assert {"Deployment", "Pod", "Service"} <= set(app["resourceTypes"])
    assert found["totalResources"] == len(found["resources"])
    assert sum(each["kind"] == "Pod" for each in found["resources"]) == len(rows("pods"))


def test_labels_can_be_chosen(api):
    found = api.get("/api/labels", {"selector": "app=postgres", "namespace": "production"}).json()
    assert {each["labels"]["app"] for each in found["resources"]} == {"postgres"}
    assert {each["kind"] for each in found["resources"]} == {"StatefulSet", "Pod", "Service"}
    resource = found["resources"][0]
    assert resource.keys() == {"name", "namespace", "kind", "labels", "annotations"}


def test_a_bad_selector_is_refused(api):
    response = api.get("/api/labels", {"selector": "a=(b"})
    assert response.status_code == 400
    assert response.json()["details"][0]["path"] == "selector"


def test_a_refused_kind_is_left_out_of_the_labels(api, refuse):
    assert "X-Partial" not in api.get("/api/labels").headers
    refuse(Kind.SECRETS)
    response = api.get("/api/labels")
    assert (response.status_code, response.headers["X-Partial"]) == (200, "true")
    assert "Secret" not in {each["kind"] for each in response.json()["resources"]}

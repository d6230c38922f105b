"""/api/resources: any kind that a cluster serves"""

import pytest

from apis.generic import camel
from orchestrator.backends.errors import Forbidden, Unreachable

SCHEDULES = "/api/resources/backupschedules.backup.example.com"
ACCOUNTS = "/api/resources/serviceaccounts"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Name", "name"),
        ("Last Schedule", "lastSchedule"),
        ("Cluster-IP", "clusterIP"),
        ("OS-Image", "osImage"),
        ("Port(s)", "ports"),
        ("Up-to-date", "upToDate"),
        ("CIDRs", "cidrs"),
        ("PV", "pv"),
        ("MinPods", "minPods"),
        ("cpu", "cpu"),
        ("%", "%"),
    ],
)
def test_titles_of_columns_become_names(title, name):
    assert camel(title) == name


def test_every_kind_is_told(api):
    answer = api.get("/api/resources")
    kinds = {each["id"]: each for each in answer.json()}
    assert answer.headers["X-Context"] == "demo-cluster"
    assert kinds["deployments.apps"] | {"verbs": []} == {
        "id": "deployments.apps",
        "group": "apps",
        "version": "v1",
        "kind": "Deployment",
        "plural": "deployments",
        "namespaced": True,
        "shortNames": ["deploy"],
        "verbs": [],
    }


def test_a_kind_is_found_by_a_word(api):
    assert [each["id"] for each in api.get("/api/resources?search=netpol").json()] == [
        "networkpolicies.networking.k8s.io"
    ]


def test_objects_come_with_what_their_kind_prints(api):
    answer = api.get(SCHEDULES)
    rows = answer.json()
    assert answer.headers["X-Total-Count"] == "2"
    assert rows[0].keys() == {"name", "namespace", "uid", "age", "createdAt", "labels", "columns"}
    assert rows[0]["columns"] | {"lastBackup": "", "age": ""} == {
        "name": "backup-data",
        "schedule": "0 */6 * * *",
        "claim": "backup-data",
        "keep": 28,
        "state": "Succeeded",
        "lastBackup": "",
        "age": "",
    }


def test_kinds_without_namespaces_say_none(api):
    rows = api.get("/api/resources/storageclasses.storage.k8s.io?namespace=production").json()
    assert [row["name"] for row in rows] == ["fast", "standard"]
    assert all("namespace" not in row for row in rows)


def test_pages_lead_on_until_the_end(api):
    names, address, pages = [], f"{ACCOUNTS}?limit=4", 0
    while address:
        answer = api.get(address)
        names += [(row["namespace"], row["name"]) for row in answer.json()]
        token = answer.headers.get("X-Continue")
        assert ("Link" in answer.headers) is bool(token)
        address = answer.headers["Link"].partition(">")[0][1:] if token else ""
        pages += 1
    assert (pages, len(names), names) == (3, 9, sorted(names))


def test_a_namespace_a_search_and_selectors_narrow_a_list(api):
    assert len(api.get(f"{ACCOUNTS}?namespace=production").json()) == 2
    assert len(api.get(f"{ACCOUNTS}?search=postgres").json()) == 1
    assert len(api.get(f"{SCHEDULES}?labelSelector=team=platform").json()) == 2
    assert len(api.get(f"{SCHEDULES}?fieldSelector=metadata.name=backup-data").json()) == 1


def test_who_has_the_list_is_told_so(api):
    tag = api.get(ACCOUNTS).headers["ETag"]
    assert api.get(ACCOUNTS, headers={"If-None-Match": tag}).status_code == 304


def test_an_object_is_whole(api):
    found = api.get(f"{SCHEDULES}/backup-data?namespace=default").json()
    assert found["spec"]["schedule"] == "0 */6 * * *"
    assert "managedFields" not in found["metadata"]


def test_names_may_hold_what_their_kind_allows(api):
    address = "/api/resources/clusterroles.rbac.authorization.k8s.io/system:node-problem-detector"
    assert api.get(address).json()["kind"] == "ClusterRole"


def test_values_of_secrets_are_masked(api):
    found = api.get("/api/resources/secrets/db-credentials?namespace=default").json()
    assert set(found["data"].values()) == {"********"}


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/api/resources/Nothing", 400, "validation_error"),
        ("/api/resources/things.example.com", 404, "not_found"),
        (f"{ACCOUNTS}?limit=0", 400, "validation_error"),
        (f"{ACCOUNTS}?limit=1001", 400, "validation_error"),
        (f"{ACCOUNTS}?limit=1.5", 400, "validation_error"),
        (f"{ACCOUNTS}?continue=nonsense", 400, "validation_error"),
        (f"{ACCOUNTS}?labelSelector=a=b=c", 400, "validation_error"),
        (f"{ACCOUNTS}?fieldSelector=spec.size=1", 400, "k8s_api_error"),
        (f"{ACCOUNTS}?namespace=No", 400, "validation_error"),
        (f"{ACCOUNTS}/default", 400, "validation_error"),
        (f"{ACCOUNTS}/..%20?namespace=default", 400, "validation_error"),
        (f"{ACCOUNTS}/nobody?namespace=default", 404, "not_found"),
        (f"{ACCOUNTS}?context=nowhere", 404, "context_not_found"),
    ],
)
def test_what_is_wrong_is_said(api, address, status, code):
    answer = api.get(address)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("address", ["/api/resources", ACCOUNTS, f"{ACCOUNTS}/default"])
def test_they_only_read(api, address):
    assert api.post(address).status_code == 405


@pytest.mark.parametrize("address", ["/api/resources", ACCOUNTS, f"{ACCOUNTS}/default"])
def test_strangers_sign_in_first(api, address):
    assert api.get(address, REMOTE_ADDR="192.0.2.1").status_code == 401


def test_a_refused_kind_is_named(api, demo, monkeypatch):
    def refuse(resource, **asked):
        raise Forbidden("You may not.", service="kubernetes", status=403)

    monkeypatch.setattr(demo, "table", refuse)
    answer = api.get(f"{ACCOUNTS}?namespace=production")
    assert (answer.status_code, answer.json()["details"]) == (
        403,
        {"reason": "Forbidden", "verb": "list", "resource": "serviceaccounts", "namespace": "production"},
    )


def test_a_cluster_that_does_not_answer_is_503(api, demo, monkeypatch):
    def refuse(again=False):
        raise Unreachable("No answer.", service="kubernetes", reason="ECONNREFUSED")

    monkeypatch.setattr(demo, "resources", refuse)
    assert api.get("/api/resources").status_code == 503
    assert api.get(ACCOUNTS).status_code == 503

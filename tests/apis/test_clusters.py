"""apis.clusters"""

import re
from datetime import datetime

import pytest
import time_machine

from orchestrator.backends.cluster.port import CacheState, Condition, Kind
from tests.orchestrator.services.clusters import make

LISTS = ["/api/pods", "/api/nodes", "/api/namespaces", "/api/events"]
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

# Of contracts/clusters 5.1: what every object has, and what only some have.
MEMBERS = {
    "/api/pods": (
        "name namespace status nodeName ip restartCount age labels containers configMaps secrets phase ready",
        "reason message",
    ),
    "/api/nodes": (
        "name status roles version capacity allocatable age labels conditions unschedulable taints addresses "
        "osImage",
        "usage",
    ),
    "/api/namespaces": ("name status age labels annotations", ""),
    "/api/events": (
        "type reason message kind name namespace count firstTimestamp lastTimestamp involvedObject source "
        "age labels",
        "",
    ),
}


@pytest.fixture
def rows(api):
    """Return a function that gives the objects of a list."""

    def rows(path: str = "/api/pods", **query):
        response = api.get(path, query)
        assert response.status_code == 200, response.content
        return response.json()

    return rows


def names(found) -> list[str]:
    return [each["name"] for each in found]


def links(response) -> dict[str, str]:
    return {rel: url for url, rel in re.findall(r'<([^>]*)>; rel="(\w+)"', response.headers.get("Link", ""))}


# --- Objects


@pytest.mark.parametrize("path", LISTS)
def test_objects_have_the_documented_members(rows, path):
    always, sometimes = (set(words.split()) for words in MEMBERS[path])
    for each in rows(path):
        assert always | {"createdAt"} <= each.keys() <= always | sometimes | {"createdAt"}


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_a_bare_array_without_nulls(api, path):
    response = api.get(path)
    assert response.headers["Content-Type"] == "application/json"
    assert isinstance(response.json(), list)
    assert b"null" not in response.content


@pytest.mark.parametrize("path", LISTS)
def test_times_are_utc_with_milliseconds_and_ages_follow(rows, path):
    for each in rows(path):
        assert STAMP.fullmatch(each["createdAt"])
        assert re.fullmatch(r"\d+[dhm]", each["age"])


def test_events_have_iso_times(rows):
    for each in rows("/api/events"):
        assert all(
            each[name] == "" or STAMP.fullmatch(each[name]) for name in ("firstTimestamp", "lastTimestamp")
        )
        assert each["involvedObject"].keys() == {"kind", "name", "namespace"}
        assert each["source"].keys() == {"component", "host"}


@pytest.mark.parametrize("path", LISTS)
def test_labels_are_a_map_also_when_there_are_none(rows, path):
    assert all(isinstance(each["labels"], dict) for each in rows(path))


def test_pods_have_the_containers_of_their_spec(rows):
    for each in rows():
        assert all(one.keys() == {"name", "image", "ready", "restartCount"} for one in each["containers"])
        ready = sum(one["ready"] for one in each["containers"])
        assert each["ready"] == f"{ready}/{len(each['containers'])}"
        assert each["restartCount"] == sum(one["restartCount"] for one in each["containers"])


def test_nodes_have_quantities_and_conditions(rows):
    worker = rows("/api/nodes")[0]
    assert worker["capacity"] == {"cpu": "8", "memory": "32Gi", "pods": "110"}
    assert worker["allocatable"].keys() == {"cpu", "memory", "pods"}
    assert worker["addresses"]
    for each in worker["conditions"]:
        assert each.keys() == {"type", "status", "reason", "message", "lastTransitionTime"}
        assert STAMP.fullmatch(each["lastTransitionTime"])


def test_the_demo_world_is_as_large_as_documented(rows):
    assert [len(rows(path)) for path in LISTS] == [42, 3, 4, 150]


def test_an_object_without_a_time_has_an_unknown_age(api, demo, rows):
    demo.cache(Kind.PODS).replace([make.pod("a", created_at="")])
    (only,) = rows()
    assert (only["age"], only["createdAt"]) == ("Unknown", "")


# --- Order and filters


def test_objects_come_by_namespace_and_name(rows):
    found = rows()
    assert found == sorted(found, key=lambda each: (each["namespace"], each["name"]))


def test_events_come_newest_first(rows):
    times = [each["lastTimestamp"] for each in rows("/api/events")]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("namespace", ["", "*", "_all"])
def test_no_namespace_means_all(rows, namespace):
    assert rows(namespace=namespace) == rows()


def test_a_namespace_takes_its_own_objects(rows):
    found = rows(namespace="kube-system")
    assert {each["namespace"] for each in found} == {"kube-system"}
    assert rows(namespace="no-such-namespace") == []


@pytest.mark.parametrize("path", ["/api/nodes", "/api/namespaces"])
def test_a_namespace_means_nothing_to_what_has_none(rows, path):
    assert rows(path, namespace="default") == rows(path)


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ({"labelSelector": "app=frontend"}, 4),
        ({"labelSelector": "app in (frontend,backend)"}, 7),
        ({"labelSelector": "app!=frontend,pod-template-hash"}, 30),
        ({"fieldSelector": "status.phase=Pending"}, 4),
        ({"fieldSelector": "metadata.namespace=default", "search": "API-GATEWAY"}, 5),
        ({"status": "Running"}, 35),
        ({"status": "running"}, 0),
        ({"search": "worker-b", "limit": "1000"}, None),
        ({"labelSelector": " ", "fieldSelector": "", "search": "", "sort": "", "status": ""}, 42),
    ],
)
def test_filters_choose(rows, query, number):
    found = rows(**query)
    assert len(found) == number if number is not None else 0 < len(found) < 42


def test_sorts_order(rows):
    ages = [each["createdAt"] for each in rows(sort="age")]
    assert ages == sorted(ages)
    assert [each["createdAt"] for each in rows(sort="-age")] == ages[::-1]
    restarts = [each["restartCount"] for each in rows(sort="-restartCount,name")]
    assert restarts == sorted(restarts, reverse=True)


def test_events_are_of_a_type_and_of_some_hours(rows):
    warnings = rows("/api/events", type="Warning")
    assert len(warnings) == 30
    recent = rows("/api/events", timeRange="1")
    assert 0 < len(recent) < 150


@pytest.mark.parametrize("hours", ["", "0", "-1", "25", "abc", "nan", "inf", "1e400", "9" * 400])
def test_a_time_range_that_makes_no_sense_is_a_day(rows, hours):
    assert len(rows("/api/events", timeRange=hours)) == 150


# --- Pages


def test_a_page_says_how_many_there_are_and_where_the_others_are(api):
    response = api.get("/api/pods", {"limit": "10", "offset": "20", "search": "a&b=c é", "sort": "-age"})
    assert response.headers["X-Total-Count"] == "0"
    response = api.get("/api/pods", {"limit": "10", "offset": "20", "sort": "-age"})
    assert (len(response.json()), response.headers["X-Total-Count"]) == (10, "42")
    page = "/api/pods?limit=10&offset={}&sort=-age"
    found = {"first": 0, "prev": 10, "next": 30, "last": 40}
    assert links(response) == {name: page.format(offset) for name, offset in found.items()}


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        ("0", {"first": 0, "next": 20, "last": 40}),
        ("5", {"first": 0, "prev": 0, "next": 25, "last": 40}),
        ("40", {"first": 0, "prev": 20, "last": 40}),
        ("22", {"first": 0, "prev": 2, "last": 40}),
        ("1000", {"first": 0, "prev": 980, "last": 40}),
    ],
)
def test_links_lead_to_pages_that_exist(api, offset, expected):
    response = api.get(f"/api/pods?limit=20&offset={offset}")
    assert links(response) == {
        name: f"/api/pods?limit=20&offset={number}" for name, number in expected.items()
    }


def test_following_next_shows_everything_once(api, rows):
    seen, url = [], "/api/pods?limit=11"
    while url:
        response = api.get(url)
        seen += response.json()
        url = links(response).get("next")
    assert seen == rows()


def test_links_hold_the_query_but_no_key_and_no_host(api, settings):
    response = api.get("/api/pods?limit=1&search=%C3%A9%26&api_key=", HTTP_HOST="localhost:8000")
    assert links(response)["first"] == "/api/pods?limit=1&search=%C3%A9%26&offset=0"
    assert "api_key" not in response.headers["Link"]
    assert "localhost" not in response.headers["Link"]


def test_without_a_limit_there_are_no_links(api):
    assert "Link" not in api.get("/api/pods").headers


# --- Headers


def test_an_answer_says_where_it_is_from_and_how_current(api):
    headers = api.get("/api/pods").headers
    assert (headers["X-Context"], headers["X-Backend"]) == ("demo-cluster", "demo")
    assert headers["X-Data-State"] == "live"
    assert float(headers["X-Data-Age"]) >= 0
    assert "X-Partial" not in headers


def test_old_rows_are_shown_with_their_age(api, demo, monkeypatch):
    cache = demo.cache(Kind.PODS)
    heard = cache.state().heard_at
    state = CacheState(condition=Condition.RECONNECTING, since=heard, heard_at=heard, synced=True)
    monkeypatch.setattr(cache, "state", lambda: state)
    with time_machine.travel(heard.timestamp() + 75, tick=False):
        response = api.get("/api/pods")
    assert response.status_code == 200
    assert (response.headers["X-Data-State"], response.headers["X-Data-Age"]) == ("reconnecting", "75.0")


def test_an_incomplete_list_says_so(api, demo, monkeypatch):
    cache = demo.cache(Kind.PODS)
    state = CacheState(condition=Condition.LIVE, since=datetime.now(), synced=True, refused=("",))  # noqa: DTZ005
    monkeypatch.setattr(cache, "state", lambda: state)
    assert api.get("/api/pods").headers["X-Partial"] == "true"


@pytest.mark.parametrize("path", LISTS)
def test_a_list_that_did_not_change_is_not_sent_again(api, path):
    with time_machine.travel("2026-05-05T12:34:30Z", tick=False):
        first = api.get(path)
        again = api.get(path, HTTP_IF_NONE_MATCH=first.headers["ETag"])
        other = api.get(path, HTTP_IF_NONE_MATCH='W/"other"')
    assert first.headers["ETag"].startswith('W/"')
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["X-Total-Count"] == first.headers["X-Total-Count"]
    assert other.status_code == 200


def test_the_etag_follows_the_content(api, demo):
    first = api.get("/api/pods").headers["ETag"]
    assert api.get("/api/pods?limit=1").headers["ETag"] != first
    demo.cache(Kind.PODS).put(make.pod("new"))
    assert api.get("/api/pods").headers["ETag"] != first


@pytest.mark.parametrize("path", LISTS)
def test_head_answers_without_a_body(api, path):
    with time_machine.travel("2026-05-05T12:34:30Z", tick=False):
        whole, head = api.get(path), api.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("ETag", "X-Total-Count", "X-Context", "X-Backend", "Content-Type"):
        assert head.headers[name] == whole.headers[name]

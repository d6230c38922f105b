"""orchestrator.services.clusters.query"""

from dataclasses import replace

import pytest

from orchestrator.backends.cluster.port import Kind
from orchestrator.errors import InvalidInput
from orchestrator.services.clusters import lists
from orchestrator.services.clusters.lists import Query
from tests.orchestrator.services.clusters import make


def test_the_total_counts_what_the_filters_left(put, everywhere):
    put(Kind.PODS, make.pod("web"), make.pod("db"), make.pod("web-2"))
    found = lists.listing(Kind.PODS, everywhere, Query(search="web", limit=1))
    assert (len(found.rows), found.total, found.everything) == (1, 2, 3)


@pytest.mark.parametrize(
    "text",
    [
        "web",
        "WEB-1",
        "  web ",
        "shop",
        "CRASHLOOP",
        "team",
        "Blue",
        "TEAM=bl",
        "nginx:1",
        "worker-A",
        "oomki",
    ],
)
def test_a_search_looks_wherever_a_person_would(put, names, text):
    found = {"labels": {"Team": "blue"}, "node_name": "worker-a", "images": ("Registry/nginx:1.27",)}
    put(
        Kind.PODS,
        make.pod("web-1", status="CrashLoopBackOff", reason="OOMKilled", **found),
        make.pod("other", namespace="elsewhere", labels={"a": "b"}, images=("redis:7",)),
    )
    assert names(search=text) == ["web-1"]


def test_a_search_that_finds_nothing_is_an_empty_list(names):
    assert names(search="no such thing") == []


def test_a_search_of_events_looks_at_what_they_say(put, names):
    put(
        Kind.EVENTS,
        make.event("a", message="Back-off restarting", reason="BackOff", counts_at=""),
        make.event("b", kind="Node", counts_at=""),
    )
    assert names(Kind.EVENTS, search="restarting") == names(Kind.EVENTS, search="backoff") == ["about-a"]
    assert names(Kind.EVENTS, search="node") == names(Kind.EVENTS, search="ABOUT-B") == ["about-b"]


def test_a_search_of_nodes_looks_at_roles_and_versions(put, names):
    put(Kind.NODES, make.node("a", roles=("control-plane",)), make.node("b", version="v1.33.9"))
    assert names(Kind.NODES, search="Control") == ["a"]
    assert names(Kind.NODES, search="1.33") == ["b"]


def test_a_status_must_match_exactly(put, names):
    put(Kind.PODS, make.pod("a"), make.pod("b", status="Init:Error"), make.pod("c", status="Error"))
    assert names(status="Error") == ["c"]
    assert names(status="error") == []


def test_all_filters_must_hold(put, names):
    put(
        Kind.PODS,
        make.pod("web-1", labels={"app": "web"}),
        make.pod("web-2", labels={"app": "web"}, status="Failed"),
        make.pod("db-1", labels={"app": "db"}),
    )
    asked = {"search": "web", "label_selector": "app=web", "field_selector": "metadata.name!=web-9"}
    assert names(status="Running", **asked) == ["web-1"]


def test_a_namespace_takes_its_own_rows_only(put, names, everywhere):
    put(Kind.PODS, make.pod("a"), make.pod("b", namespace="shop-2"), make.pod("c", namespace="sho"))
    assert names(scope=replace(everywhere, namespace="shop")) == ["a"]
    assert names(scope=replace(everywhere, namespace="absent")) == []


@pytest.mark.parametrize("kind", [Kind.NODES, Kind.NAMESPACES])
def test_a_namespace_means_nothing_to_what_has_none(names, everywhere, kind):
    assert names(kind, replace(everywhere, namespace="default")) == names(kind)


@pytest.mark.parametrize(
    ("kind", "asked", "path"),
    [
        (Kind.PODS, {"limit": 0}, "limit"),
        (Kind.PODS, {"limit": -1}, "limit"),
        (Kind.PODS, {"limit": 1001}, "limit"),
        (Kind.PODS, {"limit": 10**30}, "limit"),
        (Kind.PODS, {"offset": -1}, "offset"),
        (Kind.PODS, {"search": "a" * 254}, "search"),
        (Kind.PODS, {"sort": "nope"}, "sort"),
        (Kind.PODS, {"sort": "name,-"}, "sort"),
        (Kind.PODS, {"sort": "--name"}, "sort"),
        (Kind.PODS, {"sort": "name desc"}, "sort"),
        (Kind.PODS, {"sort": "node_name"}, "sort"),
        (Kind.EVENTS, {"sort": "countsAt"}, "sort"),
        (Kind.EVENTS, {"sort": "id"}, "sort"),
        (Kind.NODES, {"sort": "phase"}, "sort"),
        (Kind.EVENTS, {"type": "normal"}, "type"),
        (Kind.NAMESPACES, {"status": "Active"}, "status"),
        (Kind.EVENTS, {"status": "x"}, "status"),
        (Kind.PODS, {"state": "nope"}, "state"),
        (Kind.PODS, {"label_selector": "=a"}, "labelSelector"),
        (Kind.PODS, {"field_selector": "a=b"}, "fieldSelector"),
    ],
)
def test_a_bad_value_is_refused_by_its_name(everywhere, kind, asked, path):
    with pytest.raises(InvalidInput) as caught:
        lists.listing(kind, everywhere, Query(**asked))
    assert [each.path for each in caught.value.problems] == [path]


def test_values_at_their_bounds_are_taken(everywhere):
    asked = Query(search="a" * 253, limit=1000, offset=0, label_selector="a=")
    assert lists.listing(Kind.PODS, everywhere, asked).rows == []


def test_every_bad_value_is_told_at_once(everywhere):
    asked = Query(limit=0, offset=-1, sort="x,y,z", label_selector="=", field_selector="=", type="x")
    with pytest.raises(InvalidInput) as caught:
        lists.listing(Kind.PODS, everywhere, asked)
    paths = [each.path for each in caught.value.problems]
    assert paths == ["limit", "offset", "sort", "type", "labelSelector", "fieldSelector"]

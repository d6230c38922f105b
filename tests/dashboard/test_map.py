"""dashboard.map and dashboard.map_lines"""

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from dashboard import map_lines
from dashboard.links import Links
from orchestrator.backends.cluster.port import CacheState, Condition, Kind
from orchestrator.backends.errors import Forbidden, Unreachable
from orchestrator.services.clusters import contexts
from orchestrator.services.clusters.topology import MapEdge, MapNode, Topology

PLACE = {"context": "demo-cluster", "namespace": "default"}


@pytest.fixture
def signed_in(client, viewer):
    client.force_login(viewer)
    return client


@pytest.fixture
def fail(monkeypatch):
    """Return a function that keeps the rows of some kinds away."""

    def fail(condition: Condition, *kinds: Kind) -> None:
        for kind in kinds:
            cache = contexts.scope(context="demo-cluster").cluster.cache(kind)
            error = (Forbidden if condition is Condition.FORBIDDEN else Unreachable)(
                "No.", service="kubernetes"
            )
            state = CacheState(condition=condition, since=cache.state().since, error=error, problem="No.")
            monkeypatch.setattr(cache, "state", lambda state=state: state)

    return fail


def html_of(client: Client, **query: str) -> str:
    response = client.get(reverse("dashboard:map"), PLACE | query)
    assert response.status_code == 200
    return response.content.decode()


def drawing_of(html: str) -> dict:
    found = re.search(r'<script id="map-data" type="application/json">(.*?)</script>', html)
    assert found
    return json.loads(found[1])


def line_of(node: MapNode, *others: MapNode, edges=()) -> map_lines.Line:
    found = Topology((node, *others), tuple(edges), True, "workload", 9)
    return map_lines.lines(found, Links("lab"), here="/dashboard/map")[0]


# --- The page


def test_the_list_and_the_drawing_have_the_same_nodes(signed_in):
    html = html_of(signed_in)
    drawing = drawing_of(html)
    total = re.search(r'of <span class="strong">(\d+)</span>', html)
    assert total
    assert len(drawing["nodes"]) == int(total[1])
    ids = {node["id"] for node in drawing["nodes"]}
    assert {each for source, target, _ in drawing["edges"] for each in (source, target)} <= ids


def test_what_is_broken_stands_first_with_the_way_to_it(signed_in):
    first = re.search(r"<tbody>.*?</tr>", html_of(signed_in), re.DOTALL)
    assert first
    assert "CrashLoopBackOff" in first[0]
    assert "/dashboard/pods/default/api-gateway-" in first[0]
    assert "made by" in first[0]


def test_kinds_are_switched_by_the_address(signed_in):
    html = html_of(signed_in, kinds="deployments")
    assert {node["kind"] for node in drawing_of(html)["nodes"]} == {"Deployment"}
    checked = re.findall(r'value="(\w+)"\s+checked', html)
    assert checked == ["deployments"]


def test_kinds_nobody_knows_are_the_usual_ones(signed_in):
    kinds = {node["kind"] for node in drawing_of(html_of(signed_in, kinds="things"))["nodes"]}
    assert "Pod" in kinds
    assert not kinds & {"Node", "ReplicaSet", "PersistentVolume"}


def test_a_filter_shows_matches_and_what_is_connected_with_them(signed_in):
    names = {node["name"] for node in drawing_of(html_of(signed_in, q="user-service"))["nodes"]}
    assert {"user-service", "app-config"} <= names
    assert "frontend" not in names


def test_a_filter_without_a_match_says_so(signed_in):
    html = html_of(signed_in, q="nothing-is-called-so")
    assert "Nothing matches “nothing-is-called-so”" in html
    assert "Clear filter" in html


def test_an_empty_namespace_says_so(signed_in):
    assert "Nothing in empty" in html_of(signed_in, namespace="empty")


def test_a_page_beyond_the_last_is_the_last(signed_in):
    html = html_of(signed_in, page="99")
    assert re.search(r"51–\d+ of", html)


def test_what_may_not_be_read_is_named(signed_in, fail):
    fail(Condition.FORBIDDEN, Kind.SECRETS)
    html = html_of(signed_in)
    assert re.search(r"You may not list\s+<b>secrets</b> here", html)
    assert {node["glyph"] for node in drawing_of(html)["nodes"] if node["kind"] == "Secret"} == {"unk"}


def test_what_is_not_read_yet_is_named_and_asked_for_again(signed_in, fail):
    fail(Condition.SYNCING, Kind.SECRETS)
    html = html_of(signed_in)
    assert "Not read yet: secrets." in html
    assert "every 1s" in html


@pytest.mark.parametrize(
    ("condition", "words"),
    [(Condition.FORBIDDEN, "You may not read objects"), (Condition.UNREACHABLE, "does not answer")],
)
def test_a_cluster_that_shows_nothing_says_why(signed_in, fail, condition, words):
    fail(condition, *Kind)
    html = html_of(signed_in)
    assert words in html
    assert "map-data" not in html


def test_a_fragment_that_is_on_the_screen_is_not_sent_again(signed_in):
    tag = re.search(r'data-etag="(\w+)"', html_of(signed_in))
    assert tag
    headers = {"HX-Request": "true"}
    fresh = signed_in.get(reverse("dashboard:map"), PLACE, headers=headers)
    assert (fresh.status_code, b"<html" in fresh.content) == (200, False)
    same = signed_in.get(reverse("dashboard:map"), PLACE, headers=headers | {"If-None-Match": tag[1]})
    assert same.status_code == 204


def test_other_methods_and_strangers_are_refused(client, signed_in):
    assert signed_in.post(reverse("dashboard:map")).status_code == 405
    assert Client().get(reverse("dashboard:map")).status_code == 302


def test_who_has_no_role_is_told(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("nobody"))
    assert client.get(reverse("dashboard:map"), PLACE).status_code == 403


@pytest.mark.parametrize("query", [{"namespace": "Bad_NS"}, {"context": "a b"}])
def test_bad_places_are_refused(signed_in, query):
    assert signed_in.get(reverse("dashboard:map"), PLACE | query).status_code == 422


# --- Words


@pytest.mark.parametrize(
    ("node", "title", "note", "href"),
    [
        (
            MapNode(
                "x",
                "Pods",
                "web",
                "shop",
                "failing",
                counts={"failing": 1, "running": 2},
                workload="Deployment",
            ),
            "web",
            "3 pods of a deployment",
            "/dashboard/deployments/shop/web?context=lab",
        ),
        (
            MapNode("x", "App", "web", "shop", objects=5),
            "web",
            "App, 5 objects",
            "/dashboard/map?context=lab&namespace=shop&q=web",
        ),
        (
            MapNode("x", "App", "", "shop", objects=1),
            "Without an app label",
            "App, 1 object",
            "/dashboard/map?context=lab&namespace=shop",
        ),
        (
            MapNode("x", "Namespace", "shop", objects=7),
            "shop",
            "Namespace, 7 objects",
            "/dashboard/map?context=lab&namespace=shop",
        ),
        (MapNode("x", "Nodes", "", objects=3), "3 nodes", "Group", "/dashboard/nodes?context=lab"),
        (MapNode("x", "Node", "n1", state="ready"), "n1", "Node", "/dashboard/nodes/-/n1?context=lab"),
    ],
)
def test_what_a_node_is_called_and_where_it_leads(node, title, note, href):
    line = line_of(node)
    assert (line.title, line.note, line.href) == (title, note, href)


def test_a_group_says_how_its_pods_are():
    node = MapNode("x", "Pods", "web", "shop", "failing", counts={"failing": 1, "running": 2}, workload="Job")
    line = line_of(node)
    assert (line.glyph, "1 failing, 2 running" in line.badge) == ("crit", True)


@pytest.mark.parametrize(("state", "words"), [("missing", "Does not exist"), ("unread", "Not known")])
def test_what_is_not_known_says_so(state, words):
    line = line_of(MapNode("x", "Secret", "db", "shop", state))
    assert (line.glyph, words in line.badge) == ("unk", True)


def test_connections_are_links_and_the_rest_a_number():
    others = [MapNode(f"p{number}", "Pod", f"web-{number}", "shop") for number in range(5)]
    line = line_of(
        MapNode("s", "Service", "web", "shop"),
        *others,
        edges=[MapEdge("s", other.id, "selects") for other in others],
    )
    assert line.connections.startswith("selects <a href=")
    assert line.connections.count("<a ") == 3
    assert line.connections.endswith("and 2 more")

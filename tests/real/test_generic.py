"""Kinds that nobody foresaw, of a running server before a real API server."""

import os
from contextlib import ExitStack, closing

import pytest

from tests.real.crd import defined
from tests.real.processes import started
from tests.real.product import Product, Reply
from tests.real.proxy import Proxy

pytestmark = [
    pytest.mark.needs("TEST_KUBECONFIG", "TEST_KUBECONFIG_VIEWER", "TEST_KUBECONFIG_NOBODY"),
]


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    """A server that was asked for its kinds before ours was one of them."""
    folder = tmp_path_factory.mktemp("generic")
    real = {"CLUSTER_BACKEND": "auto", "KUBECONFIG": os.environ["TEST_KUBECONFIG"]}
    with started(f"sqlite:///{folder}/generic.sqlite3", **real) as processes:
        product = Product(processes)
        assert product.get("/api/resources").status == 200
        yield product


@pytest.fixture(scope="module")
def widgets(product, place):
    with defined(os.environ["TEST_KUBECONFIG"], place.name) as widgets:
        yield widgets


@pytest.fixture
def rows(product, place, widgets):
    """Return a function that gives what the list of widgets answers."""

    def rows(**asked: str) -> Reply:
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        reply = product.get(f"/api/resources/{widgets.id}?namespace={place.name}&{query}")
        assert reply.status == 200, reply.body
        return reply

    return rows


def test_a_kind_that_was_just_defined_is_listed_as_it_prints(rows, widgets):
    reply = rows()
    assert [row["columns"] | {"age": ""} for row in reply.json] == [
        row | {"age": ""} for row in widgets.table()
    ]
    assert [row["columns"].get("colour") for row in reply.json] == ["blue", None]
    assert reply.headers["x-total-count"] == "2"


def test_it_is_found_by_its_short_name(product, widgets):
    # What is known is a minute old at most; the list before has asked again.
    product.get(f"/api/resources/{widgets.id}")
    found = product.get("/api/resources?search=wdg").json
    assert widgets.id in [each["id"] for each in found]


def test_pages_and_selectors_are_those_of_the_api_server(rows):
    first = rows(limit="1")
    assert [row["name"] for row in first.json] == ["one"]
    following = rows(limit="1", **{"continue": first.headers["x-continue"]})
    assert [row["name"] for row in following.json] == ["two"]
    assert "x-continue" not in following.headers
    assert [row["name"] for row in rows(fieldSelector="metadata.name=two").json] == ["two"]
    assert rows(labelSelector="tests/kind=other").json == []
    assert [row["name"] for row in rows(search="blue").json] == ["one"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("continue=~nonsense", "k8s_api_error"),
        ("continue=nonsense", "validation_error"),
        ("fieldSelector=spec.size=3", "k8s_api_error"),
        ("labelSelector=a=b=c", "validation_error"),
    ],
)
def test_what_makes_no_sense_is_400(product, widgets, asked, code):
    reply = product.get(f"/api/resources/{widgets.id}?{asked}")
    assert (reply.status, reply.json["code"]) == (400, code), reply.body


def test_an_object_is_as_the_api_server_has_it(product, place, widgets):
    reply = product.get(f"/api/resources/{widgets.id}/one?namespace={place.name}")
    assert reply.json["spec"] == {"size": 3, "colour": "blue", "note": "first"}
    assert "managedFields" not in reply.json["metadata"]


def test_every_kind_of_the_cluster_can_be_listed(product):
    for kind in product.get("/api/resources").json:
        reply = product.get(f"/api/resources/{kind['id']}?limit=5")
        # Others of this machine may take their own kinds away meanwhile.
        assert reply.status == 200 or kind["id"].endswith(".example.com"), (kind["id"], reply.body)


@pytest.fixture
def proxied(tmp_path):
    """Return a function that gives a server for another user, and the proxy that it asks."""
    with ExitStack() as stack:

        def proxied(variable: str) -> tuple[Product, Proxy]:
            proxy = stack.enter_context(closing(Proxy(os.environ[variable])))
            kubeconfig = proxy.kubeconfig(tmp_path / "kubeconfig")
            real = {"CLUSTER_BACKEND": "auto", "KUBECONFIG": str(kubeconfig)}
            database = f"sqlite:///{tmp_path}/generic.sqlite3"
            return Product(stack.enter_context(started(database, **real))), proxy

        yield proxied


def test_a_viewer_sees_what_it_may_and_hears_what_it_may_not(proxied, place, widgets):
    product, proxy = proxied("TEST_KUBECONFIG_VIEWER")
    assert product.get("/api/resources/storageclasses.storage.k8s.io").json
    for _ in range(5):
        reply = product.get(f"/api/resources/{widgets.id}?namespace={place.name}")
        assert (reply.status, reply.json["details"]["resource"]) == (403, widgets.id)
        reply = product.get(f"/api/resources/secrets?namespace={place.name}")
        assert (reply.status, reply.json["code"]) == (403, "forbidden")
    assert len(proxy.asked("widgets")) == len(proxy.asked("secrets", watch=False)) == 1


def test_nobody_is_refused_everything_and_asks_but_once(proxied, place, widgets):
    product, proxy = proxied("TEST_KUBECONFIG_NOBODY")
    for _ in range(5):
        reply = product.get(f"/api/resources/{widgets.id}")
        assert reply.status == 403
        assert "one" not in reply.body.decode().split()
        assert product.get(f"/api/resources/{widgets.id}/one?namespace={place.name}").status == 403
    # In all namespaces, then in that of the context.
    assert len(proxy.asked("widgets")) <= 2
    assert len(proxy.asked("one")) == 1

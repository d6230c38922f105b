"""orchestrator.services.clusters.printed and refused"""

from dataclasses import replace

import pytest

from orchestrator.backends.errors import Forbidden
from orchestrator.errors import InvalidInput
from orchestrator.services.clusters import printed, refused, served
from orchestrator.services.clusters.printed import Query


@pytest.fixture
def accounts(everywhere):
    return served.kind(everywhere, "serviceaccounts")


@pytest.fixture
def only(everywhere, monkeypatch):
    """Return a function that forbids all lists but those of some namespaces, and gives what is asked for."""

    def only(*namespaces: str) -> list[str | None]:
        asked: list[str | None] = []
        table = everywhere.cluster.table

        def restricted(resource, *, namespace, **more):
            asked.append(namespace)
            if namespace not in namespaces:
                raise Forbidden("You may not.", service="kubernetes", status=403)
            return table(resource, namespace=namespace, **more)

        monkeypatch.setattr(everywhere.cluster, "table", restricted)
        return asked

    return only


def names(page: printed.Page) -> list[tuple[str, str]]:
    return [(row.namespace, row.name) for row in page.rows]


def every_page(scope, resource, **asked) -> list[list[tuple[str, str]]]:
    token, found = "", []
    while True:
        page = printed.page(scope, resource, Query(token=token, **asked))
        found.append(names(page))
        token = page.token
        if not token:
            return found


def test_a_list_that_fits_is_one_page(everywhere, accounts):
    page = printed.page(everywhere, accounts, Query())
    assert (len(page.rows), page.total, page.token) == (9, 9, "")
    assert [each.name for each in page.columns] == ["Name", "Secrets", "Age"]


def test_pages_make_up_the_list(everywhere, accounts):
    pages = every_page(everywhere, accounts, limit=4)
    assert [len(page) for page in pages] == [4, 4, 1]
    assert sum(pages, []) == names(printed.page(everywhere, accounts, Query()))


def test_the_first_page_knows_how_many_there_are(everywhere, accounts):
    assert printed.page(everywhere, accounts, Query(limit=4)).total == 9


def test_one_namespace_shows_its_own(everywhere, accounts):
    page = printed.page(replace(everywhere, namespace="production"), accounts, Query())
    assert {row.namespace for row in page.rows} == {"production"}


def test_a_kind_without_namespaces_does_not_care_for_one(everywhere):
    classes = served.kind(everywhere, "storageclasses.storage.k8s.io")
    assert len(printed.page(replace(everywhere, namespace="production"), classes, Query()).rows) == 2


@pytest.mark.parametrize(
    ("search", "hits"), [("postgres", 1), ("KUBE-SYSTEM", 4), ("default", 5), ("nobody", 0)]
)
def test_a_search_looks_at_names_places_and_cells(everywhere, accounts, search, hits):
    page = printed.page(everywhere, accounts, Query(search=search))
    assert (len(page.rows), page.total, page.searched, page.more) == (hits, hits, 9, False)


def test_a_search_has_pages_too(everywhere, accounts):
    assert [len(page) for page in every_page(everywhere, accounts, search="default", limit=2)] == [2, 2, 1]


def test_a_search_says_how_far_it_looked(everywhere, accounts, monkeypatch):
    monkeypatch.setattr(printed, "AT_ONCE", 2)
    monkeypatch.setattr(printed, "MOST_SEARCHED", 4)
    page = printed.page(everywhere, accounts, Query(search="a"))
    assert (page.searched, page.more) == (4, True)


def test_selectors_are_those_of_the_api_server(everywhere):
    nodes = served.kind(everywhere, "nodes")
    page = printed.page(everywhere, nodes, Query(labels="example.com/edge", fields="metadata.name=worker-a"))
    assert [row.name for row in page.rows] == ["worker-a"]


BAD = [
    ({"limit": 0}, "limit"),
    ({"limit": 1001}, "limit"),
    ({"search": "a" * 254}, "search"),
    ({"labels": "a=b=c"}, "labelSelector"),
    ({"fields": "a" * 1001}, "fieldSelector"),
    ({"token": "a" * 5000}, "continue"),
    ({"token": "never ours"}, "continue"),
    ({"token": "elsewhere~1"}, "continue"),
    ({"token": "~1", "search": "a"}, "continue"),
    ({"token": "@x", "search": "a"}, "continue"),
]


@pytest.mark.parametrize(("asked", "path"), BAD)
def test_a_bad_value_is_named(everywhere, accounts, asked, path):
    with pytest.raises(InvalidInput) as caught:
        printed.page(everywhere, accounts, Query(**asked))
    assert [each.path for each in caught.value.problems] == [path]


def test_where_not_all_may_be_read_the_namespaces_of_the_settings_are(everywhere, accounts, only, settings):
    settings.CLUSTER_NAMESPACES = ["production", "staging", "default"]
    only("production", "default")
    page = printed.page(everywhere, accounts, Query())
    assert {row.namespace for row in page.rows} == {"production", "default"}
    assert (page.only, page.refused) == (["production", "staging", "default"], ("staging",))


def test_their_pages_make_up_the_list_too(everywhere, accounts, only, settings):
    settings.CLUSTER_NAMESPACES = ["production", "kube-system", "staging"]
    only("production", "kube-system", "staging")
    pages = every_page(everywhere, accounts, limit=2)
    assert sum(pages, []) == [
        ("production", "default"),
        ("production", "postgres-backup"),
        ("kube-system", "default"),
        ("kube-system", "gpu-device-plugin"),
        ("kube-system", "ingress-nginx"),
        ("kube-system", "node-problem-detector"),
        ("staging", "default"),
    ]
    assert all(len(page) <= 2 for page in pages)


def test_nothing_that_may_be_read_is_forbidden(everywhere, accounts, only):
    only()
    with pytest.raises(Forbidden) as caught:
        printed.page(everywhere, accounts, Query())
    assert caught.value.details == {
        "reason": "Forbidden",
        "verb": "list",
        "resource": "serviceaccounts",
        "namespace": "default",
    }


def test_what_was_refused_is_not_asked_for_again_at_once(everywhere, accounts, only):
    asked = only()
    for _ in range(3):
        with pytest.raises(Forbidden):
            printed.page(everywhere, accounts, Query())
    assert asked == [None, "default"]


def test_it_is_asked_for_again_after_a_while(everywhere, accounts, only, monkeypatch):
    asked = only()
    monkeypatch.setattr(refused, "SECONDS", 0.0)
    for _ in range(2):
        with pytest.raises(Forbidden):
            printed.page(everywhere, accounts, Query())
    assert asked == [None, "default"] * 2


def test_a_refusal_holds_for_one_cluster_and_one_namespace(everywhere, accounts, only):
    only("default")
    with pytest.raises(Forbidden):
        printed.page(replace(everywhere, namespace="staging"), accounts, Query())
    assert printed.page(replace(everywhere, namespace="default"), accounts, Query()).rows


def test_refusals_do_not_pile_up(everywhere, monkeypatch):
    monkeypatch.setattr(refused, "MOST", 3)

    def refuse():
        raise Forbidden("You may not.", service="kubernetes")

    for number in range(10):
        with pytest.raises(Forbidden):
            refused.unless(everywhere.cluster, f"list {number}", refuse)
    assert len(refused._known[everywhere.cluster]) <= 3

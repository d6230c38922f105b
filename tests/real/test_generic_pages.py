"""The pages of every kind that a real cluster serves, for those who may read it and those who may not."""

import os
from functools import cache
from urllib.parse import quote

import pytest

from orchestrator.backends.cluster import open_catalogue
from orchestrator.services.clusters import contexts, feed, served

pytestmark = [
    pytest.mark.needs("TEST_KUBECONFIG", "TEST_KUBECONFIG_VIEWER", "TEST_KUBECONFIG_NOBODY"),
]
TABS = ("", "/events", "/yaml")
OURS = ".example.com"  # kinds that tests define, and take away at any time


@pytest.fixture
def open_as(client, viewer, settings, monkeypatch):
    """Return a function that gives a signed-in client of a cluster, reached with a kubeconfig."""
    opened = []

    def open_as(variable: str):
        settings.CLUSTER_BACKEND, settings.KUBECONFIG = "auto", os.environ[variable]
        catalogue = cache(lambda: open_catalogue(feed.heard))
        monkeypatch.setattr(contexts, "catalogue", catalogue)
        opened.extend(catalogue().clusters.values())
        client.force_login(viewer)
        return client

    yield open_as
    for cluster in opened:
        cluster.close()


def lists(client):
    """Give each kind that has no list of its own, with the answer to who looks at it."""
    assert client.get("/dashboard/kinds").status_code == 200
    for resource in served.kinds(contexts.scope()):
        if resource.id in served.KIND_OF or resource.id.endswith(OURS):
            continue
        answer = client.get(f"/dashboard/kinds/{resource.id}")
        assert answer.status_code == 200, resource.id
        yield resource, answer


def test_every_kind_and_its_objects_have_pages(open_as):
    client = open_as("TEST_KUBECONFIG")
    for resource, answer in lists(client):
        for row in answer.context["found"].rows[:2]:
            place = f"/dashboard/kinds/{resource.id}/{row.namespace or '-'}/{quote(row.name)}"
            # What there are a thousand of comes and goes.
            seen = [client.get(place + tab).status_code for tab in TABS]
            assert set(seen) <= {200, 404}, place


@pytest.mark.parametrize(
    ("who", "id_", "trouble"),
    [
        ("TEST_KUBECONFIG_VIEWER", "storageclasses.storage.k8s.io", ""),
        ("TEST_KUBECONFIG_VIEWER", "clusterroles.rbac.authorization.k8s.io", "forbidden"),
        ("TEST_KUBECONFIG_NOBODY", "storageclasses.storage.k8s.io", "forbidden"),
        ("TEST_KUBECONFIG_NOBODY", "serviceaccounts", "forbidden"),
    ],
)
def test_a_refused_kind_says_so_in_its_place(open_as, who, id_, trouble):
    answer = open_as(who).get(f"/dashboard/kinds/{id_}")
    assert (answer.status_code, answer.context.get("trouble", "")) == (200, trouble)
    assert ("rows" in answer.context) is not bool(trouble)

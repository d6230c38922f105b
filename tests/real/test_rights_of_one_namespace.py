"""A user of one namespace reads that one, and is told that the others are not read."""

import os
from functools import cache

import pytest

from orchestrator.backends.cluster import open_catalogue
from orchestrator.services.clusters import contexts, feed
from tests.real.place import made
from tests.real.processes import wait_until

pytestmark = pytest.mark.needs("TEST_KUBECONFIG", "TEST_KUBECONFIG_NOBODY")
PLANTED = "planted-for-its-user"


@pytest.fixture
def of_one_namespace(client, admin, settings, monkeypatch):
    """Return a signed-in client and a namespace: the only one that its context may read."""
    settings.CLUSTER_BACKEND, settings.KUBECONFIG = "auto", os.environ["TEST_KUBECONFIG_NOBODY"]
    with made(os.environ["TEST_KUBECONFIG"]) as place:
        place.allow("nobody")
        place.add(PLANTED)
        settings.CLUSTER_NAMESPACES = [place.name]
        catalogue = cache(lambda: open_catalogue(feed.heard))
        monkeypatch.setattr(contexts, "catalogue", catalogue)
        client.force_login(admin)
        yield client, place.name
        for cluster in catalogue().clusters.values():
            cluster.close()


def test_a_namespace_that_is_not_read_is_no_empty_list(of_one_namespace):
    client, own = of_one_namespace
    wait_until(lambda: client.get(f"/api/pods?namespace={own}").status_code == 200)
    assert [each["name"] for each in client.get("/api/pods").json()] == [PLANTED]
    assert client.get("/api/dashboard/summary").json()["pods"]["total"] == 1
    for path in ("/dashboard/pods", f"/dashboard/pods?namespace={own}", f"/dashboard/search?q={PLANTED}"):
        assert PLANTED in client.get(path).content.decode()
    said = f"this context reads only {own}"
    for path in ("/dashboard/pods?namespace=default", "/dashboard/map?namespace=default"):
        wait_until(lambda path=path: said in client.get(path).content.decode())
    assert client.get("/api/pods?namespace=default").status_code == 403
    assert client.get("/api/nodes").status_code == 403
    assert "You may not read nodes" in client.get("/dashboard/nodes").content.decode()

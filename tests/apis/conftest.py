"""What tests of the API share: a demo cluster of their own, and clients of it."""

from functools import cache

import pytest
from django.test import Client
from pydantic import SecretStr

from orchestrator.backends.cluster import open_catalogue
from orchestrator.backends.cluster.demo import DemoCluster
from orchestrator.backends.cluster.port import DEMO_CONTEXT, Catalogue
from orchestrator.services.clusters import contexts, feed


@pytest.fixture
def fresh_catalogue(monkeypatch):
    """Open the catalogue anew on first use, under the settings of that moment; nothing sweeps it."""
    monkeypatch.setattr(feed, "_journals", {})
    monkeypatch.setattr(feed, "_conditions", {})
    opened: list[Catalogue] = []

    @cache
    def catalogue() -> Catalogue:
        opened.append(open_catalogue(feed.heard))
        return opened[0]

    monkeypatch.setattr(contexts, "catalogue", catalogue)
    yield catalogue
    for each in opened:
        for cluster in each.clusters.values():
            cluster.close()


@pytest.fixture
def demo(fresh_catalogue) -> DemoCluster:
    """Return the demo cluster behind the API."""
    return fresh_catalogue().clusters[DEMO_CONTEXT]


@pytest.fixture
def api(db, fresh_catalogue) -> Client:
    """Return a client on the loopback address, which needs no credential in local mode."""
    return Client(raise_request_exception=False)


@pytest.fixture
def strict(db, fresh_catalogue) -> Client:
    """Return a client that is checked for CSRF tokens, as a browser is."""
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


@pytest.fixture
def stacks_api(db, fresh_catalogue, settings) -> Client:
    """Return a client with a key: nobody comes to stacks without one."""
    settings.API_KEY = SecretStr("only-for-tests")
    return Client(headers={"X-API-Key": "only-for-tests"}, raise_request_exception=False)

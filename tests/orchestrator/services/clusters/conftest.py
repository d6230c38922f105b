"""What tests of clusters share: a catalogue that is opened under the settings of each test."""

from functools import cache

import pytest

from orchestrator.backends.cluster import open_catalogue
from orchestrator.backends.cluster.demo import DemoCluster
from orchestrator.backends.cluster.port import Catalogue, Kind
from orchestrator.services.clusters import contexts, feed, lists
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.lists import Query


@pytest.fixture
def journals(monkeypatch) -> dict:
    """Forget what other tests have written down."""
    monkeypatch.setattr(feed, "_conditions", {})
    monkeypatch.setattr(feed, "_journals", {})
    return feed._journals


@pytest.fixture
def catalogue(monkeypatch, journals):
    """Open the contexts on first use; nothing sweeps them."""
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
def kubeconfig(tmp_path, settings):
    """Name a kubeconfig with two contexts, of which nobody answers."""
    file = tmp_path / "config"
    file.write_text(
        """
apiVersion: v1
kind: Config
current-context: admin@prod:eu
clusters: [{name: prod, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: ops, user: {token: secret-token}}]
contexts:
- {name: "admin@prod:eu", context: {cluster: prod, user: ops}}
- {name: a-second, context: {cluster: prod, user: ops, namespace: shop}}
"""
    )
    settings.CLUSTER_BACKEND, settings.KUBECONFIG = "auto", str(file)
    return file


@pytest.fixture
def everywhere():
    cluster = DemoCluster(seed=42, evolve=False)
    yield Scope(cluster, None)
    cluster.close()


@pytest.fixture
def put(everywhere):
    """Return a function that puts rows in the place of those of the demo cluster."""

    def put(kind: Kind, *rows) -> None:
        everywhere.cluster.cache(kind).replace(rows)

    return put


@pytest.fixture
def names(everywhere):
    """Return a function that gives the names a list shows."""

    def names(kind: Kind = Kind.PODS, scope: Scope = everywhere, **asked) -> list[str]:
        return [row.name for row in lists.listing(kind, scope, Query(**asked)).rows]

    return names

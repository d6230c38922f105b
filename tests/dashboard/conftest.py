"""What tests of pages share."""

from functools import cache

import pytest

from dashboard import shell
from orchestrator.backends.cluster import open_catalogue
from orchestrator.services.clusters import contexts, feed


@pytest.fixture(autouse=True)
def no_numbers_of_others(monkeypatch):
    """Forget what other tests have counted: numbers may be two seconds old."""
    monkeypatch.setattr(shell, "_counted", {})


@pytest.fixture
def own_world(monkeypatch):
    """Open the contexts anew: what a test changes in the demo cluster, no other sees."""
    catalogue = cache(lambda: open_catalogue(feed.heard))
    monkeypatch.setattr(contexts, "catalogue", catalogue)
    yield catalogue
    for cluster in catalogue().clusters.values():
        cluster.close()

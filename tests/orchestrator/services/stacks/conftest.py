"""What tests of stacks share: the demo cluster, opened anew for each test."""

import pytest
import time_machine

from orchestrator.backends.cluster.port import DEMO_CONTEXT, Catalogue
from orchestrator.services.clusters import contexts
from orchestrator.services.stacks import isolation, reaping, strays
from tests.orchestrator.services.clusters.conftest import catalogue, journals
from tests.stack_cluster import StackCluster
from tests.stack_rows import NOON

__all__ = ["catalogue", "journals"]


@pytest.fixture(autouse=True)
def noon():
    """Begin each test at the same moment."""
    with time_machine.travel(NOON):
        yield


@pytest.fixture
def cluster(monkeypatch, journals):
    """Give a cluster that is asked for stacks alone; nobody waits to try again from another test."""
    cluster = StackCluster()
    known = Catalogue(clusters={DEMO_CONTEXT: cluster}, current=DEMO_CONTEXT)
    monkeypatch.setattr(contexts, "catalogue", lambda: known)
    monkeypatch.setattr(isolation, "_compared", {})
    for module in (reaping, strays, isolation):
        module.retries.keep(())
    monkeypatch.setattr(reaping, "WORKERS", 1)  # Threads would not see what a test has not committed.
    yield cluster
    cluster.close()

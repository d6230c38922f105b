"""What tests of stacks share: the demo cluster, opened anew for each test."""

from tests.orchestrator.services.clusters.conftest import catalogue, journals

__all__ = ["catalogue", "journals"]

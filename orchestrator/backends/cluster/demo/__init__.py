"""A cluster in memory: what a user without a cluster sees first, and what hermetic tests use."""

from orchestrator.backends.cluster.demo.cluster import DemoCluster

__all__ = ["DemoCluster"]

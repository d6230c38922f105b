"""Kubeconfigs for tests, of clusters that nobody has."""

import copy
from typing import Any

import yaml

CONFIG: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "staging",
    "clusters": [{"name": "stg", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "ops", "user": {"token": "secret-token-of-ops"}}],
    "contexts": [
        {"name": "staging", "context": {"cluster": "stg", "user": "ops"}},
        {"name": "admin@prod:eu/1", "context": {"cluster": "stg", "user": "ops", "namespace": "shop"}},
    ],
}


def kubeconfig(
    *, user: dict[str, Any] | None = None, cluster: dict[str, Any] | None = None, **more: Any
) -> str:
    """Return a kubeconfig as text, with another user or cluster, or other members."""
    config = copy.deepcopy(CONFIG) | more
    if user is not None:
        config["users"][0]["user"] = user
    if cluster is not None:
        config["clusters"][0]["cluster"] = cluster
    return yaml.safe_dump(config)

"""What tests of acts share: contexts of several users and servers, a client, and workloads to act on."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client
from kubernetes import client, config

from orchestrator.backends.cluster import open_catalogue
from orchestrator.services.clusters import contexts, feed
from tests.real.processes import wait_until
from tests.real.source import pod, template

JSON = "application/json"
ADMIN, VIEWER, AWAY = "the-admin", "the-viewer", "away"


def kubeconfig(folder: Path, *, current: str, away: str = "https://127.0.0.1:1") -> Path:
    """Write a kubeconfig with an administrator, a viewer, and a server that does not answer."""
    found: dict[str, list[Any]] = {"clusters": [], "users": [], "contexts": []}
    for name, variable in ((ADMIN, "TEST_KUBECONFIG"), (VIEWER, "TEST_KUBECONFIG_VIEWER")):
        given = yaml.safe_load(Path(os.environ[variable]).read_text())
        found["clusters"].append(given["clusters"][0] | {"name": name})
        found["users"].append(given["users"][0] | {"name": name})
        found["contexts"].append({"name": name, "context": {"cluster": name, "user": name}})
    found["clusters"].append({"name": AWAY, "cluster": {"server": away}})
    found["contexts"].append({"name": AWAY, "context": {"cluster": AWAY, "user": ADMIN}})
    file = folder / "kubeconfig"
    file.write_text(
        yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "current-context": current} | found)
    )
    return file


@contextmanager
def contexts_of(file: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    """Let the product know the contexts of a kubeconfig, and no others."""
    settings.CLUSTER_BACKEND, settings.KUBECONFIG = "auto", str(file)
    opened = cache(lambda: open_catalogue(feed.heard))
    monkeypatch.setattr(contexts, "catalogue", opened)
    yield
    for cluster in opened().clusters.values():
        cluster.close()


class Workloads:
    """Workloads in a namespace, asked for straight of the API server."""

    def __init__(self, namespace: str) -> None:
        self._client = config.new_client_from_config(os.environ["TEST_KUBECONFIG"])
        self.namespace = namespace
        self.core = client.CoreV1Api(self._client)
        self.apps = client.AppsV1Api(self._client)
        self.batch = client.BatchV1Api(self._client)
        self.scaling = client.AutoscalingV2Api(self._client)
        self.policy = client.PolicyV1Api(self._client)

    def deployment(self, name: str, *, replicas: int = 1, **more: Any) -> None:
        """Make a deployment and wait until it is complete."""
        spec = {"replicas": replicas, **template(name, pod()), **more}
        body = {"metadata": {"name": name, "labels": {"app": name}}, "spec": spec}
        self.apps.create_namespaced_deployment(self.namespace, body)
        wait_until(lambda: self.is_complete(name), within_seconds=90, every_seconds=0.25)

    def read(self, name: str) -> Any:
        return self.apps.read_namespaced_deployment(name, self.namespace)

    def is_complete(self, name: str) -> bool:
        """Return True once every pod of a deployment is of its present template, and no other is left."""
        found = self.read(name)
        status, wanted = found.status, found.spec.replicas
        seen = status.observed_generation == found.metadata.generation
        counts = {status.replicas or 0, status.updated_replicas or 0, status.available_replicas or 0}
        return bool(seen and counts == {wanted})

    def pods(self, name: str) -> dict[str, Any]:
        """Return the pods of an app by name, those on their way out as well."""
        found = self.core.list_namespaced_pod(self.namespace, label_selector=f"app={name}")
        return {each.metadata.name: each for each in found.items}

    def names(self) -> set[str]:
        """Return the names of all pods."""
        return {each.metadata.name for each in self.core.list_namespaced_pod(self.namespace).items}

    def close(self) -> None:
        self._client.close()


class Caller:
    """A client of the API of our own product."""

    def __init__(self, namespace: str) -> None:
        self._client = Client(raise_request_exception=False)
        self._namespace = namespace

    def post(self, path: str, body: dict[str, Any] | None = None, **query: Any) -> Any:
        return self._client.post(self._url(path, query), body or {}, content_type=JSON)

    def get(self, path: str, **query: Any) -> Any:
        return self._client.get(self._url(path, query))

    def put(self, path: str, body: dict[str, Any], **query: Any) -> Any:
        return self._client.put(self._url(path, query), body, content_type=JSON)

    def delete(self, path: str, **query: Any) -> Any:
        return self._client.delete(self._url(path, query))

    def _url(self, path: str, query: dict[str, Any]) -> str:
        asked = {"namespace": self._namespace, **query}
        return f"/api/{path}?" + "&".join(f"{name}={value}" for name, value in asked.items())

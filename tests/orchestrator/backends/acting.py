"""A namespace to act in, on every cluster adapter. The real one is that of TEST_KUBECONFIG."""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from time import monotonic, sleep
from typing import Any

from orchestrator.backends.cluster.demo import DemoCluster
from orchestrator.backends.cluster.port import RESOURCES, Cluster, Kind, Patch
from orchestrator.backends.errors import NotFound

SECONDS = 40
CONFIG_MAPS, DEPLOYMENTS, NAMESPACES = Kind.CONFIGMAPS, Kind.DEPLOYMENTS, Kind.NAMESPACES


def manifest(kind: Kind, name: str, **members: Any) -> dict[str, Any]:
    resource = RESOURCES[kind]
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": name},
        **members,
    }


def deployment(name: str = "web", **spec: Any) -> dict[str, Any]:
    """A deployment without pods, unless a test asks for some."""
    container = {"name": "web", "image": "lab/web:1", "imagePullPolicy": "IfNotPresent"}
    labels = {"app": name}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
    }
    whole = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template} | spec
    return manifest(DEPLOYMENTS, name, spec=whole)


class Bench:
    """A cluster and a namespace of our own in it."""

    cluster: Cluster

    def __init__(self) -> None:
        self.namespace = f"t-demo-{secrets.token_hex(4)}"

    def begin(self) -> None:
        self.create(NAMESPACES, manifest(NAMESPACES, self.namespace))
        self.wait_until(lambda: self.get(CONFIG_MAPS, "kube-root-ca.crt"))

    def end(self) -> None:
        with suppress(NotFound):
            self.delete(NAMESPACES, self.namespace)
        self.cluster.close()

    def let_pass(self) -> None:
        raise NotImplementedError

    def wait_until(self, condition: Callable[[], object]) -> None:
        """Wait until a condition holds; what is not there yet is waited for too."""
        deadline = monotonic() + SECONDS
        while True:
            with suppress(NotFound):
                if condition():
                    return
            assert monotonic() < deadline, f"not within {SECONDS} s"
            self.let_pass()

    def wait_until_gone(self, kind: Kind, name: str) -> None:
        self.wait_until(lambda: self.is_gone(kind, name))

    def is_gone(self, kind: Kind, name: str) -> bool:
        try:
            self.get(kind, name)
        except NotFound:
            return True
        return False

    def place(self, kind: Kind) -> str:
        return self.namespace if kind.namespaced else ""

    def get(self, kind: Kind, name: str, **more: Any) -> dict[str, Any]:
        return self.cluster.get(RESOURCES[kind], namespace=self.place(kind), name=name, **more)

    def create(self, kind: Kind, body: dict[str, Any], **more: Any) -> dict[str, Any]:
        return self.cluster.create(RESOURCES[kind], body, namespace=self.place(kind), **more)

    def patch(
        self, kind: Kind, name: str, body: object, *, how: Patch = Patch.MERGE, **more: Any
    ) -> dict[str, Any]:
        return self.cluster.patch(
            RESOURCES[kind], body, namespace=self.place(kind), name=name, how=how, **more
        )

    def apply(self, kind: Kind, body: dict[str, Any], **more: Any) -> dict[str, Any]:
        return self.patch(kind, body["metadata"]["name"], body, how=Patch.APPLY, **more)

    def replace(self, kind: Kind, body: dict[str, Any], **more: Any) -> dict[str, Any]:
        name = body["metadata"]["name"]
        return self.cluster.replace(RESOURCES[kind], body, namespace=self.place(kind), name=name, **more)

    def delete(self, kind: Kind, name: str, **more: Any) -> None:
        self.cluster.delete(RESOURCES[kind], namespace=self.place(kind), name=name, **more)

    def rows(self, kind: Kind) -> list[Any]:
        cache = self.cluster.cache(kind)
        assert cache.wait(SECONDS)
        return list(cache.rows(self.namespace))


class DemoBench(Bench):
    """A world in which time passes as a test waits."""

    def __init__(self) -> None:
        super().__init__()
        self.cluster = DemoCluster(seed=42, evolve=False)

    def let_pass(self) -> None:
        self.cluster.step(1)


class RealBench(Bench):
    def __init__(self) -> None:
        from orchestrator.backends.cluster.kubernetes import open_kubernetes

        super().__init__()
        clusters, current = open_kubernetes(os.environ["TEST_KUBECONFIG"], listener=lambda change: None)
        self.cluster = clusters[current]

    def let_pass(self) -> None:
        sleep(0.1)

"""A demo cluster for tests of stacks: it starts pods at once, notes what it is asked, and fails on demand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from orchestrator.backends.cluster.demo import DemoCluster
from orchestrator.backends.cluster.port import RESOURCES, Kind
from orchestrator.backends.errors import BackendError, Conflict, Unreachable
from orchestrator.models import Stack
from orchestrator.services.clusters import feed
from orchestrator.services.stacks import manifests

DOWN = Unreachable("The API server cannot be reached.", service="kubernetes")


def nothing(verb: str, plural: str, name: str) -> None:
    pass


class StackCluster(DemoCluster):
    """`before` and `after` are called with verb, plural and name of what is asked for, and may raise."""

    def __init__(self) -> None:
        super().__init__(seed=42, evolve=False, listener=feed.heard)
        self.calls: list[tuple[str, str, str]] = []
        self.before: Callable[[str, str, str], object] = nothing
        self.after: Callable[[str, str, str], object] = nothing

    @contextmanager
    def _asked(self, verb: str, resource: Any, name: str) -> Iterator[None]:
        self.calls.append((verb, resource.plural, name))
        self.before(verb, resource.plural, name)
        yield
        self.after(verb, resource.plural, name)

    def get(self, resource, *, namespace, name, subresource=""):
        with self._asked("get", resource, name):
            return super().get(resource, namespace=namespace, name=name, subresource=subresource)

    def create(self, resource, manifest, *, namespace, dry_run=False):
        with self._asked("create", resource, manifest["metadata"]["name"]):
            made = super().create(resource, manifest, namespace=namespace, dry_run=dry_run)
            if resource.plural == "pods":
                self.step(5)  # until it has a node and runs
            return made

    def replace(self, resource, manifest, *, namespace, name, dry_run=False):
        with self._asked("replace", resource, name):
            return super().replace(resource, manifest, namespace=namespace, name=name, dry_run=dry_run)

    def delete(self, resource, *, namespace, name, **more):
        with self._asked("delete", resource, name):
            super().delete(resource, namespace=namespace, name=name, **more)

    def add(self, row: Stack) -> Stack:
        """Make the pod and the service of a row, as a create does."""
        with suppress(Conflict):
            super().create(RESOURCES[Kind.NAMESPACES], manifests.namespace(row.namespace), namespace="")
        pod = manifests.pod(
            row.pod, stack_id=row.pk, namespace=row.namespace, role="stack", life_seconds=86400
        )
        made = super().create(RESOURCES[Kind.PODS], pod, namespace=row.namespace)
        self.step(5)
        found = self.cache(Kind.PODS).get(row.namespace, row.pk)
        row.pod_uid, row.node_id = made["metadata"]["uid"], found.node_name
        row.save()
        service = manifests.service(stack_id=row.pk, namespace=row.namespace, ports=row.ports.all())
        super().create(RESOURCES[Kind.SERVICES], service, namespace=row.namespace)
        return row

    def take(self, kind: Kind, name: str, *, namespace: str = "stacks") -> None:
        """Delete an object as somebody else would."""
        super().delete(RESOURCES[kind], namespace=namespace, name=name, grace_seconds=0)

    def names(self, kind: Kind, *, namespace: str = "stacks") -> set[str]:
        return {row.name for row in self.cache(kind).rows(namespace)}

    def fails(self, verb: str, plural: str, *, error: BackendError = DOWN, name: str = "") -> None:
        """Let the API server answer so from now on."""

        def before(asked: str, kind: str, about: str) -> None:
            if asked == verb and kind == plural and name in ("", about):
                raise error

        self.before = before

    def works(self) -> None:
        self.before = self.after = nothing

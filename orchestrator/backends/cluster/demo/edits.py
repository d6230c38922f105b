"""What people do to the demo world."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from orchestrator.backends.cluster import metrics
from orchestrator.backends.cluster.acts import Patch, Propagation, Table, Usage
from orchestrator.backends.cluster.demo import printing, served
from orchestrator.backends.cluster.demo.world import World
from orchestrator.backends.cluster.kinds import Kind, Resource


class DemoActs:
    """The half of the demo cluster that is not watched."""

    def may(
        self, verb: str, *, resource: Resource, namespace: str, name: str = "", subresource: str = ""
    ) -> bool:
        return True

    def world(self) -> World:
        """Return the world as it is now; it is shared, so nobody changes it."""
        raise NotImplementedError

    def now(self) -> datetime:
        """Return the time of the clock of the world, aware UTC."""
        raise NotImplementedError

    def resources(self, *, again: bool = False) -> Sequence[Resource]:
        return served.resources(self.world())

    def table(
        self,
        resource: Resource,
        *,
        namespace: str | None,
        limit: int,
        token: str = "",
        labels: str = "",
        fields: str = "",
    ) -> Table:
        return printing.table(
            self.world(),
            resource,
            namespace=namespace,
            limit=limit,
            token=token,
            labels=labels,
            fields=fields,
            at=self.now(),
        )

    def get(self, resource: Resource, *, namespace: str, name: str, subresource: str = "") -> dict[str, Any]:
        raise NotImplementedError

    def create(
        self,
        resource: Resource,
        manifest: Mapping[str, Any],
        *,
        namespace: str,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        raise NotImplementedError

    def patch(
        self,
        resource: Resource,
        body: object,
        *,
        namespace: str,
        name: str,
        how: Patch,
        subresource: str = "",
        force: bool = False,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        raise NotImplementedError

    def replace(
        self,
        resource: Resource,
        manifest: Mapping[str, Any],
        *,
        namespace: str,
        name: str,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        raise NotImplementedError

    def delete(
        self,
        resource: Resource,
        *,
        namespace: str,
        name: str,
        uid: str = "",
        propagation: Propagation | None = None,
        grace_seconds: int | None = None,
        dry_run: bool = False,
    ) -> None:
        raise NotImplementedError

    def evict(
        self,
        pod: str,
        *,
        namespace: str,
        uid: str = "",
        grace_seconds: int | None = None,
        dry_run: bool = False,
    ) -> None:
        raise NotImplementedError

    def usage(self, kind: Kind, *, namespace: str | None = None) -> Sequence[Usage]:
        found = metrics.from_objects(self.world()[metrics.KINDS[kind].id])
        return [each for each in found if namespace in (None, each.namespace)]

"""What people do to the demo world, as the port asks for it."""

import copy
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from orchestrator.backends.cluster import metrics
from orchestrator.backends.cluster.acts import Patch, Propagation, Table, Usage
from orchestrator.backends.cluster.demo import deleting, printing, served, writing
from orchestrator.backends.cluster.demo.overlay import Draft
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.demo.world import World
from orchestrator.backends.cluster.demo.writing import Target
from orchestrator.backends.cluster.kinds import RESOURCES, Kind, Resource

T = TypeVar("T")


class DemoActs:
    """The half of the demo cluster that is not watched."""

    @abstractmethod
    def act(self, change: Callable[[Draft], T], *, dry_run: bool = False) -> T:
        """Change the world and return what the change returns; with `dry_run` nothing stays of it."""

    @abstractmethod
    def draft(self) -> Draft:
        """Return the world as it is now, to look into or to try something in."""

    def may(
        self, verb: str, *, resource: Resource, namespace: str, name: str = "", subresource: str = ""
    ) -> bool:
        return True

    @abstractmethod
    def world(self) -> World:
        """Return the world as it is now; it is shared, so nobody changes it."""

    @abstractmethod
    def now(self) -> datetime:
        """Return the time of the clock of the world, aware UTC."""

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
        target = Target(resource, namespace, name)
        return copy.deepcopy(writing.read(self.draft(), target, subresource=subresource))

    def create(
        self,
        resource: Resource,
        manifest: Mapping[str, Any],
        *,
        namespace: str,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        change = partial(writing.create, resource=resource, manifest=manifest, namespace=namespace)
        return copy.deepcopy(self.act(change, dry_run=dry_run))

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
        target = Target(resource, namespace, name)
        write = writing.scale if subresource == "scale" else writing.patch
        change: Callable[[Draft], Manifest] = partial(write, target=target, body=body, how=how)
        if how is Patch.APPLY and not subresource:
            change = partial(writing.apply, target=target, config=body, force=force)
        return copy.deepcopy(self.act(change, dry_run=dry_run))

    def replace(
        self,
        resource: Resource,
        manifest: Mapping[str, Any],
        *,
        namespace: str,
        name: str,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        change = partial(writing.replace, target=Target(resource, namespace, name), manifest=manifest)
        return copy.deepcopy(self.act(change, dry_run=dry_run))

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
        change = partial(
            deleting.delete,
            target=Target(resource, namespace, name),
            uid=uid,
            propagation=propagation,
            grace_seconds=grace_seconds,
        )
        self.act(change, dry_run=dry_run)

    def evict(
        self,
        pod: str,
        *,
        namespace: str,
        uid: str = "",
        grace_seconds: int | None = None,
        dry_run: bool = False,
    ) -> None:
        target = Target(RESOURCES[Kind.PODS], namespace, pod)
        change = partial(deleting.evict, target=target, uid=uid, grace_seconds=grace_seconds)
        self.act(change, dry_run=dry_run)

    def usage(self, kind: Kind, *, namespace: str | None = None) -> Sequence[Usage]:
        found = metrics.from_objects(self.world()[metrics.KINDS[kind].id])
        return [each for each in found if namespace in (None, each.namespace)]

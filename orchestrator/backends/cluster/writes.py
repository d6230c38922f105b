"""What a real API server is asked to do, and asked about rights, tables and use."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from orchestrator.backends.cluster import metrics, printed
from orchestrator.backends.cluster.acts import MANAGER, Patch, Propagation, Shell, Table, Usage
from orchestrator.backends.cluster.discovery import Discovery
from orchestrator.backends.cluster.kinds import RESOURCES, Kind, Resource
from orchestrator.backends.cluster.shells import open_shell
from orchestrator.backends.cluster.transport import Transport, translated_errors

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
DRY_RUN = {"dryRun": "All"}
# A field that does not exist is an error, not something to leave out in silence.
# https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation
WRITE = {"fieldManager": MANAGER, "fieldValidation": "Strict"}


class Acts:
    """The half of a cluster that is not watched: every call is a request, sent once."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._discovery = Discovery(transport)

    def may(
        self, verb: str, *, resource: Resource, namespace: str, name: str = "", subresource: str = ""
    ) -> bool:
        asked = review_of(verb, resource=resource, namespace=namespace, name=name, subresource=subresource)
        answer = self._transport.send("POST", REVIEWS, asked)
        with translated_errors():
            return bool(msgspec.json.decode(answer)["status"]["allowed"])

    def resources(self, *, again: bool = False) -> Sequence[Resource]:
        return self._discovery.resources(again=again)

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
        return printed.read(
            self._transport,
            resource,
            namespace=namespace,
            limit=limit,
            token=token,
            labels=labels,
            fields=fields,
        )

    def get(self, resource: Resource, *, namespace: str, name: str, subresource: str = "") -> dict[str, Any]:
        return decoded(self._transport.get(_path(resource, namespace, name, subresource)))

    def create(
        self,
        resource: Resource,
        manifest: Mapping[str, Any],
        *,
        namespace: str,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        query = {**WRITE, **(DRY_RUN if dry_run else {})}
        return decoded(self._transport.send("POST", resource.path(namespace), dict(manifest), query=query))

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
        query = {**WRITE, **(DRY_RUN if dry_run else {})}
        if how is Patch.APPLY:
            query["force"] = "true" if force else "false"
        path = _path(resource, namespace, name, subresource)
        # JSON is YAML too, so that one way of writing bodies serves all four.
        return decoded(self._transport.send("PATCH", path, body, query=query, content_type=how.value))

    def replace(
        self,
        resource: Resource,
        manifest: Mapping[str, Any],
        *,
        namespace: str,
        name: str,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        query = {**WRITE, **(DRY_RUN if dry_run else {})}
        return decoded(
            self._transport.send("PUT", _path(resource, namespace, name), dict(manifest), query=query)
        )

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
        options = deletion(uid=uid, propagation=propagation, grace_seconds=grace_seconds, dry_run=dry_run)
        self._transport.send("DELETE", _path(resource, namespace, name), options)

    def evict(
        self,
        pod: str,
        *,
        namespace: str,
        uid: str = "",
        grace_seconds: int | None = None,
        dry_run: bool = False,
    ) -> None:
        eviction = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod, "namespace": namespace},
            "deleteOptions": deletion(uid=uid, grace_seconds=grace_seconds, dry_run=dry_run),
        }
        self._transport.send("POST", _path(RESOURCES[Kind.PODS], namespace, pod, "eviction"), eviction)

    def usage(self, kind: Kind, *, namespace: str | None = None) -> Sequence[Usage]:
        answer = self._transport.get(metrics.KINDS[kind].path(namespace))
        with translated_errors():
            return metrics.from_json(answer)

    def shell(
        self, pod: str, *, namespace: str, container: str, command: Sequence[str], tty: bool = True
    ) -> Shell:
        return open_shell(
            self._transport, pod, namespace=namespace, container=container, command=command, tty=tty
        )


def review_of(
    verb: str, *, resource: Resource, namespace: str, name: str = "", subresource: str = ""
) -> dict[str, Any]:
    """Return the question whether we may do something.

    https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-access-review-v1/
    """
    asked = {
        "verb": verb,
        "group": resource.group,
        "resource": resource.plural,
        "subresource": subresource,
        "namespace": namespace,
        "name": name,
    }
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {part: value for part, value in asked.items() if value}},
    }


def deletion(
    *,
    uid: str = "",
    propagation: Propagation | None = None,
    grace_seconds: int | None = None,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Return how an object is to be deleted.

    https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/delete-options/
    """
    options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions"}
    if uid:
        options["preconditions"] = {"uid": uid}
    if propagation is not None:
        options["propagationPolicy"] = propagation.value
    if grace_seconds is not None:
        options["gracePeriodSeconds"] = grace_seconds
    if dry_run:
        options["dryRun"] = ["All"]
    return options


def decoded(answer: bytes) -> dict[str, Any]:
    """Return an object out of an answer; raise `BackendError` if it is none."""
    with translated_errors():
        found: dict[str, Any] = msgspec.json.decode(answer, type=dict)
    return found


def _path(resource: Resource, namespace: str, name: str, subresource: str = "") -> str:
    below = (subresource,) if subresource else ()
    return resource.path(namespace or None, quote(name, safe=""), *below)

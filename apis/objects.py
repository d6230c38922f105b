"""/api/<kind>/{name} and what hangs on one object: its pods, its events, its YAML."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.urls import URLPattern, path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apis import acting, deletion, schema
from apis.clusters import USAGE_SECONDS, data_headers, place_headers, rows_answer, scope_of
from apis.deletion import DeletionView
from orchestrator.backends.cluster.objects import to_builtins
from orchestrator.backends.cluster.port import LISTED, Kind
from orchestrator.services.clusters import objects, relations, usage, yaml
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.lists import Listing

# Path -> kind, and the schema of one.
DETAILS: dict[str, tuple[Kind, str]] = {
    "pods": (Kind.PODS, "PodDetail"),
    "nodes": (Kind.NODES, "Node"),
    "namespaces": (Kind.NAMESPACES, "Namespace"),
    "deployments": (Kind.DEPLOYMENTS, "DeploymentDetail"),
    "statefulsets": (Kind.STATEFULSETS, "StatefulSet"),
    "daemonsets": (Kind.DAEMONSETS, "DaemonSet"),
    "jobs": (Kind.JOBS, "Job"),
    "cronjobs": (Kind.CRONJOBS, "CronJob"),
    "services": (Kind.SERVICES, "Service"),
    "ingress": (Kind.INGRESSES, "Ingress"),
    "configmaps": (Kind.CONFIGMAPS, "ConfigMap"),
    "secrets": (Kind.SECRETS, "Secret"),
}
ONLY_DELETED = [kind for kind in LISTED if kind not in {kind for kind, _ in DETAILS.values()}]
WITH_EVENTS = ("deployments", "pods", "configmaps", "secrets", "nodes")


class ObjectView(APIView):
    """Something about one object, which the URL names."""

    area = "clusters"
    throttle_group = "K8S_DETAIL"
    kind: Kind


class DetailView(ObjectView, DeletionView):
    """One object, which can be read and deleted."""

    def get(self, request: Request, name: str) -> Response:
        """Return an object as its API server has it at this moment."""
        scope = scope_of(request)
        found = objects.read(self.kind, scope, name)
        row = found.detail()
        if self.kind is Kind.NODES:
            row = usage.on_nodes([row], scope, wait_seconds=USAGE_SECONDS)[0]
        return Response(to_builtins([row])[0], headers=place_headers(scope))


class SubListView(ObjectView, ABC):
    """A list that belongs to one object."""

    def get(self, request: Request, name: str) -> HttpResponse:
        scope = scope_of(request)
        listing = self.listing(scope, name)
        return rows_answer(request, listing, headers=place_headers(scope) | data_headers(listing))

    @abstractmethod
    def listing(self, scope: Scope, name: str) -> Listing:
        """Return the rows."""


class EventsView(SubListView):
    """The events of a day about one object, newest first."""

    def listing(self, scope: Scope, name: str) -> Listing:
        return relations.events_of(self.kind, scope, name)


@schema.sublist("listDeploymentPods", "OwnedPod", schema.ONE)
class DeploymentPodsView(SubListView):
    """The pods that a deployment owns through its replica sets."""

    def listing(self, scope: Scope, name: str) -> Listing:
        return relations.pods_of(Kind.DEPLOYMENTS, scope, name)


@schema.sublist("listNodePods", "Pod", [*schema.PLACE, schema.NAMESPACE])
class NodePodsView(SubListView):
    """The pods of a node, of all namespaces if none is named."""

    def listing(self, scope: Scope, name: str) -> Listing:
        return relations.pods_on(scope, name)


@schema.yaml
class YAMLView(APIView):
    """One object as YAML: sorted keys, no managed fields, the values of secrets masked."""

    area = "clusters"
    throttle_group = "K8S_DETAIL"

    def get(self, request: Request, type: str, name: str) -> Response:
        scope = scope_of(request)
        return Response({"yaml": yaml.of(type, scope, name)}, headers=place_headers(scope))


def paths() -> list[URLPattern]:
    """Return the URL of every object and of what hangs on it."""
    return [
        *(path(f"api/{kinds}/<str:name>", _detail_view(kinds)) for kinds in DETAILS),
        *(path(f"api/{acting.path_of(kind)}/<str:name>", _deletion_view(kind)) for kind in ONLY_DELETED),
        *(path(f"api/{kinds}/<str:name>/events", _events_view(kinds)) for kinds in WITH_EVENTS),
        path("api/deployments/<str:name>/pods", DeploymentPodsView.as_view()),
        path("api/nodes/<str:name>/pods", NodePodsView.as_view()),
    ]


def _detail_view(kinds: str) -> Callable[..., Any]:
    kind, row = DETAILS[kinds]
    made = type(f"{kind.word}View", (DetailView,), _members(kind, DetailView))
    deletable = deletion.described(kind)(made)
    described: type[APIView] = schema.detail(kind.word, row, schema.place_of(kind))(deletable)
    return described.as_view()


def _deletion_view(kind: Kind) -> Callable[..., Any]:
    made = type(f"Delete{kind.word}View", (DeletionView,), _members(kind, DeletionView))
    described: type[APIView] = deletion.described(kind)(made)
    return described.as_view()


def _events_view(kinds: str) -> Callable[..., Any]:
    kind, _ = DETAILS[kinds]
    made = type(f"{kind.word}EventsView", (EventsView,), _members(kind, EventsView))
    described: type[APIView] = schema.sublist(f"list{kind.word}Events", "Event", schema.place_of(kind))(made)
    return described.as_view()


def _members(kind: Kind, parent: type[APIView]) -> dict[str, Any]:
    return {"kind": kind, "__doc__": parent.__doc__, "__module__": __name__}

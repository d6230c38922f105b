"""POST /api/nodes/{name}/cordon, uncordon, drain: what is done to nodes, and how far a drain is."""

from typing import Any, cast

from django.urls import URLPattern, path
from django.utils.timezone import now
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apis import acting, schema, shapes
from apis.acting import ActView, PlaceSerializer
from apis.clusters import WholeNumber, place_headers, scope_of
from apis.parsers import members_of
from apis.secrets import Text
from orchestrator.backends.cluster.port import Kind
from orchestrator.errors import Missing
from orchestrator.services.access import Caller
from orchestrator.services.clusters import drains, nodes
from orchestrator.services.clusters.acting import stamp
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.draining import Options, Planned, State
from orchestrator.services.clusters.drains import Progress

NUMBER = {"type": "integer", "minimum": 0}
POD = shapes.obj(
    {
        "namespace": shapes.TEXT,
        "name": shapes.TEXT,
        "state": {"type": "string", "enum": list(State)},
        "reason": {"type": "string", "description": "Why it waits, stays or was refused."},
    },
    sometimes=("reason",),
)
DRAIN = shapes.obj(
    {
        "id": {"type": "integer"},
        "node": shapes.TEXT,
        "context": shapes.TEXT,
        "state": {"type": "string", "enum": drains.STATES},
        "message": shapes.TEXT,
        "cordoned": shapes.BOOLEAN,
        "startedBy": shapes.TEXT,
        "startedAt": shapes.TEXT,
        "endedAt": shapes.TEXT,
        "counts": shapes.obj(dict.fromkeys(State, NUMBER)),
        "pods": {"type": "array", "items": POD},
    },
    sometimes=("endedAt",),
)
PLANNED = shapes.obj(
    {
        "namespace": shapes.TEXT,
        "name": shapes.TEXT,
        "evicted": shapes.BOOLEAN,
        "stays": {"type": "string", "description": "Why it is left where it is."},
        "needs": {
            "type": "array",
            "items": shapes.TEXT,
            "description": "Options without which it is refused.",
        },
    },
    sometimes=("stays", "needs"),
)
PLAN = shapes.obj({"node": shapes.TEXT, "pods": {"type": "array", "items": PLANNED}})


class DrainSerializer(serializers.Serializer[Any]):
    """Types only; which values are allowed is decided in `services.clusters.drains`."""

    force = serializers.BooleanField(required=False, default=False)
    deleteEmptyDirData = serializers.BooleanField(required=False, default=False)  # noqa: N815
    gracePeriodSeconds = WholeNumber(required=False, allow_null=True, default=None)  # noqa: N815
    timeoutSeconds = WholeNumber(required=False, allow_null=True, default=None)  # noqa: N815
    namespace = Text(required=False, allow_blank=True, default="")
    podSelector = Text(required=False, allow_blank=True, default="")  # noqa: N815
    dryRun = serializers.BooleanField(required=False, default=False)  # noqa: N815


@acting.described("cordonNode", Kind.NODES, PlaceSerializer, {})
class CordonView(ActView):
    """Let a node take no new pods; those that run there stay."""

    kind = Kind.NODES

    def post(self, request: Request, name: str) -> Response:
        caller, scope, _ = self.asked(request)
        return acting.answer(nodes.cordon(caller, scope, name, at=now()))


@acting.described("uncordonNode", Kind.NODES, PlaceSerializer, {})
class UncordonView(ActView):
    """Let a node take new pods again."""

    kind = Kind.NODES

    def post(self, request: Request, name: str) -> Response:
        caller, scope, _ = self.asked(request)
        return acting.answer(nodes.uncordon(caller, scope, name, at=now()))


class DrainView(APIView):
    """The drain of a node that runs, or the last one that did; a POST asks for one."""

    area = "clusters"

    @extend_schema(
        operation_id="getDrain",
        tags=["clusters"],
        parameters=schema.PLACE,
        responses={200: DRAIN, **schema.errors()},
    )
    def get(self, request: Request, name: str) -> Response:
        scope = scope_of(request)
        found = drains.latest(scope, name)
        if found is None:
            raise Missing(
                f"Node {name} was never drained.", details={"resource": "Drain", "identifier": name}
            )
        return Response(_shown(found), headers=place_headers(scope))

    @extend_schema(
        operation_id="drainNode",
        description="Cordon a node and evict its pods, as their disruption budgets allow. Pods of "
        "DaemonSets and static pods stay. With `dryRun` the answer is what would become of each pod.",
        tags=["clusters"],
        parameters=schema.PLACE,
        request=DrainSerializer,
        responses={200: PLAN, 202: DRAIN, **schema.errors(), **acting.CONFLICT},
    )
    def post(self, request: Request, name: str) -> Response:
        asked = DrainSerializer(data=members_of(request))
        asked.is_valid(raise_exception=True)
        caller, scope = cast(Caller, request.auth), scope_of(request)
        options = _options(asked.validated_data)
        if asked.validated_data["dryRun"]:
            return _plan(scope, name, drains.plan(scope, name, options))
        found = drains.start(caller, scope, name, options, at=now())
        return Response(_shown(found), status=202, headers=place_headers(scope))


class CancelView(APIView):
    """Stop a drain after the present pod. The node stays cordoned."""

    area = "clusters"

    @extend_schema(
        operation_id="cancelDrain",
        tags=["clusters"],
        parameters=schema.PLACE,
        request=None,
        responses={202: DRAIN, **schema.errors(), **acting.CONFLICT},
    )
    def post(self, request: Request, name: str) -> Response:
        scope = scope_of(request)
        found = drains.cancel(cast(Caller, request.auth), scope, name, at=now())
        return Response(_shown(found), status=202, headers=place_headers(scope))


def paths() -> list[URLPattern]:
    """Return the URL of every act on nodes."""
    return [
        path("api/nodes/<str:name>/cordon", CordonView.as_view()),
        path("api/nodes/<str:name>/uncordon", UncordonView.as_view()),
        path("api/nodes/<str:name>/drain", DrainView.as_view()),
        path("api/nodes/<str:name>/drain/cancel", CancelView.as_view()),
    ]


def _options(values: dict[str, Any]) -> Options:
    return Options(
        force=values["force"],
        delete_empty_dir=values["deleteEmptyDirData"],
        grace_seconds=values["gracePeriodSeconds"],
        timeout_seconds=values["timeoutSeconds"],
        namespace=values["namespace"],
        pod_selector=values["podSelector"],
    )


def _plan(scope: Scope, name: str, plan: list[Planned]) -> Response:
    pods = [
        {
            "namespace": each.pod.namespace,
            "name": each.pod.name,
            "evicted": not each.stays,
            **({"stays": each.stays} if each.stays else {}),
            **({"needs": list(each.needs)} if each.needs else {}),
        }
        for each in plan
    ]
    return Response({"node": name, "pods": pods}, headers=place_headers(scope))


def _shown(found: Progress) -> dict[str, Any]:
    row = found.row
    ended = {"endedAt": stamp(row.ended_at)} if row.ended_at else {}
    pods = [
        {
            "namespace": each.namespace,
            "name": each.name,
            "state": each.state,
            **({"reason": each.reason} if each.reason else {}),
        }
        for each in found.entries
    ]
    return {
        "id": row.pk,
        "node": row.node,
        "context": row.context,
        "state": row.state,
        "message": row.note,
        "cordoned": row.cordoned,
        "startedBy": row.actor,
        "startedAt": stamp(row.started_at),
        **ended,
        "counts": found.counts,
        "pods": pods,
    }

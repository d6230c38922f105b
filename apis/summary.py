"""/api/dashboard/summary and /api/cluster-health: a cluster in numbers, and how well it is."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apis import errors, schema, shapes
from apis.clusters import place_headers, scope_of
from apis.parsers import members_of
from orchestrator.backends.errors import BackendError, Unreachable
from orchestrator.services.clusters import connection, contexts, summary
from orchestrator.services.clusters.summary import COUNTED

FAILED = "Failed to verify cluster connection"
LABELS = {"healthy": "Healthy", "warning": "Warning", "critical": "Critical"}
INTEGER = {"type": "integer", "minimum": 0}
FAILURE = shapes.obj({"resource": shapes.TEXT, "code": shapes.TEXT})
SUMMARY = shapes.obj(
    {
        name: INTEGER if isinstance(empty, int) else shapes.obj(dict.fromkeys(empty, INTEGER))
        for name, empty in summary.NOTHING.items()
    }
    | {"partial": shapes.BOOLEAN, "errors": {"type": "array", "items": FAILURE}},
    sometimes=("partial", "errors"),
)
HEALTH = shapes.obj(
    {
        "score": {"type": "integer", "minimum": 0, "maximum": 100},
        "status": {"type": "string", "enum": list(LABELS)},
        "label": {"type": "string", "enum": list(LABELS.values())},
        "issues": {"type": "array", "items": shapes.TEXT},
        "partial": shapes.BOOLEAN,
    }
)
VERIFY = {"contextName": shapes.TEXT, "context": shapes.TEXT}  # two names of one member
VERIFIED = shapes.obj({"status": shapes.TEXT, "contextName": shapes.TEXT, "message": shapes.TEXT})


class SummaryView(APIView):
    """How many objects of each kind there are, and how they are."""

    area = "clusters"
    throttle_group = "K8S_LIST"

    @extend_schema(
        operation_id="summary",
        tags=["clusters"],
        parameters=schema.ANYWHERE,
        responses={200: SUMMARY, **schema.errors()},
    )
    def get(self, request: Request) -> Response:
        scope = scope_of(request)
        found = summary.summary(scope)
        body: dict[str, Any] = {**found.numbers}
        if found.partial:
            body["partial"] = True
            body["errors"] = [
                {"resource": COUNTED[kind], "code": errors.word_of(error)[1]}
                for kind, error in found.errors.items()
            ]
        return Response(body, headers=place_headers(scope) | partial_header(found.partial))


class HealthView(APIView):
    """A score of 0 to 100 and what lowered it; a POST asks whether the cluster answers at all."""

    area = "clusters"
    scopes = {"POST": "clusters:read"}  # It changes nothing.
    throttle_group = "K8S_DETAIL"

    @extend_schema(
        operation_id="clusterHealth",
        tags=["clusters"],
        parameters=schema.ANYWHERE,
        responses={200: HEALTH, **schema.errors()},
    )
    def get(self, request: Request) -> Response:
        scope = scope_of(request)
        found = summary.health(scope)
        body = {
            "score": found.score,
            "status": found.status,
            "label": LABELS[found.status],
            "issues": found.issues,
            "partial": found.partial,
        }
        return Response(body, headers=place_headers(scope) | partial_header(found.partial))

    @extend_schema(
        operation_id="verifyCluster",
        tags=["clusters"],
        parameters=[schema.CONTEXT, schema.MODE],
        request={"application/json": shapes.obj(VERIFY, sometimes=VERIFY)},
        responses={200: VERIFIED, **schema.errors()},
    )
    def post(self, request: Request) -> Response:
        members = members_of(request)
        asked = [members[name] for name in VERIFY if members.get(name)]
        if not all(isinstance(name, str) for name in asked):
            raise contexts.invalid("contextName", "contextName is the name of a context")
        scope = scope_of(request, context=next(iter(asked), None))
        try:
            connection.verify(scope)
        except BackendError as exc:
            raise Unreachable(FAILED, service=exc.service, reason=exc.reason) from exc
        name = scope.context.name
        verified = {"status": "healthy", "contextName": name, "message": "Successfully connected to cluster"}
        return Response(verified, headers=place_headers(scope))


def partial_header(partial: bool) -> dict[str, str]:
    return {"X-Partial": "true"} if partial else {}

"""/api/cluster/health, /api/test-connection and /api/contexts: do clusters answer, and which are there."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apis import errors, schema, shapes
from apis.clusters import place_headers, scope_of
from orchestrator.backends.errors import BackendError, Forbidden, Unauthorized
from orchestrator.errors import Refused, UnknownContext
from orchestrator.services.clusters import connection

TOLD = {401, 403, 404, 500, 503}  # the codes of /api/cluster/health
CONNECTED = "Successfully connected to Kubernetes cluster"
HEALTH = shapes.obj(
    {
        "status": {"type": "string", "enum": ["connected", "disconnected"]},
        "message": shapes.TEXT,
        "code": {"type": "integer", "enum": sorted(TOLD)},
    },
    sometimes=("code",),
)
TEST = shapes.obj(
    {"success": shapes.BOOLEAN, "message": shapes.TEXT, "error": shapes.TEXT}, sometimes=("message", "error")
)


class ConnectionView(APIView):
    """Whether the API server answers; the status is 200 also when it does not."""

    area = "clusters"
    throttle_group = "K8S_DETAIL"

    @extend_schema(
        operation_id="clusterConnection",
        tags=["clusters"],
        parameters=[schema.CONTEXT, schema.MODE],
        responses={200: HEALTH, **schema.errors()},
    )
    def get(self, request: Request) -> Response:
        try:
            scope = scope_of(request)
            connection.verify(scope)
        except (BackendError, UnknownContext) as exc:
            return Response(_disconnected(exc))
        return Response({"status": "connected", "message": CONNECTED}, headers=place_headers(scope))


def _disconnected(exc: BackendError | UnknownContext) -> dict[str, Any]:
    status = errors.word_of(exc)[0]
    return {
        "status": "disconnected",
        "message": exc.message,
        "code": status if status in TOLD else 500,
    }


class TestConnectionView(APIView):
    """Whether the cluster answers, and lets us read pods; the answer comes within five seconds."""

    area = "clusters"
    throttle_group = "K8S_DETAIL"

    @extend_schema(
        operation_id="testConnection",
        tags=["clusters"],
        parameters=schema.ANYWHERE,
        responses={200: TEST, **schema.errors()},
    )
    def get(self, request: Request) -> Response:
        try:
            scope = scope_of(request)
            connection.check(scope)
        except (Refused, Forbidden, Unauthorized) as exc:
            return Response({"success": False, "error": exc.message})
        except BackendError as exc:
            body = errors.body(503, "connection_error", exc.message, request=request, success=False)
            return Response(body, status=503)
        told = {"success": True, "message": "Successfully connected to cluster"}
        return Response(told, headers=place_headers(scope))

"""GET /api/topology: the objects of a namespace and what connects them."""

from typing import Any

import msgspec
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from apis import errors, schema, shapes
from apis.clusters import content_answer, place_headers, scope_of
from orchestrator.services.clusters import topology

KINDS = OpenApiParameter(
    "kinds", str, description="Comma list of plurals, such as services,pods; all if absent."
)
UNREAD = shapes.obj({"resource": shapes.TEXT, "code": shapes.TEXT})
TOPOLOGY = shapes.obj(
    {
        "nodes": {"type": "array", "items": schema.reference("MapNode")},
        "edges": {"type": "array", "items": schema.reference("MapEdge")},
        "grouped": shapes.BOOLEAN,
        "groupedBy": {"type": "string", "enum": ["", "workload", "app", "namespace"]},
        "objects": {"type": "integer", "minimum": 0, "description": "Before they were grouped."},
        "errors": {"type": "array", "items": UNREAD},
    }
)


class TopologyView(APIView):
    """A map: objects as nodes, what connects them as edges; grouped above 200 nodes."""

    area = "clusters"
    throttle_group = "K8S_LIST"

    @extend_schema(
        operation_id="topology",
        tags=["clusters"],
        parameters=[*schema.ANYWHERE, KINDS, *schema.WHERE, schema.PARTIAL],
        responses={200: TOPOLOGY, **schema.errors()},
    )
    def get(self, request: Request) -> HttpResponse:
        kinds = topology.kinds_of(request.query_params.get("kinds", ""))
        scope = scope_of(request)
        found = topology.read(scope, kinds=kinds)
        body: dict[str, Any] = {
            **msgspec.structs.asdict(found.topology),
            "errors": [
                {"resource": kind.value, "code": errors.word_of(error)[1]}
                for kind, error in found.errors.items()
            ],
        }
        body["groupedBy"] = body.pop("grouped_by")
        partial = {"X-Partial": "true"} if found.partial else {}
        return content_answer(request, msgspec.json.encode(body), headers=place_headers(scope) | partial)

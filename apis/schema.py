"""The parts of the OpenAPI document that do not come from serializers: rows, errors, common parameters."""

from typing import Any

import msgspec
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from orchestrator.backends.cluster.objects import Event, Namespace, Node, Pod

ROWS = (Pod, Node, Namespace, Event)
ERROR = {
    "type": "object",
    "required": ["error", "code", "detail"],
    "properties": {
        "error": {"type": "string", "description": "A sentence for people."},
        "code": {"type": "string", "description": "A stable word for programs."},
        "detail": {"type": "string"},
        "statusCode": {"type": "integer"},
        "details": {},
        "fields": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
        "retryAfter": {"type": "integer"},
    },
}
CONTEXT = OpenApiParameter("context", str, description="Which cluster; the current one if absent.")
MODE = OpenApiParameter("mode", str, enum=["demo", "real"], description="Real clusters, or the demo one.")
NAMESPACE = OpenApiParameter("namespace", str, description="One namespace; all if absent, empty, * or _all.")
STATUS = OpenApiParameter("status", str, description="Exactly this status.")
TYPE = OpenApiParameter("type", str, enum=["Normal", "Warning"])
TIME_RANGE = OpenApiParameter("timeRange", str, description="Hours back, 24 at most and by default.")
LIST = [
    CONTEXT,
    MODE,
    OpenApiParameter("limit", int, description="1 to 1000 rows; all if absent."),
    OpenApiParameter("offset", int, description="Rows to skip."),
    OpenApiParameter("search", str, description="Part of a name, namespace, status, label or image."),
    OpenApiParameter("labelSelector", str, description="k=v, k!=v, k in (a,b), k notin (a,b), k, !k."),
    OpenApiParameter("fieldSelector", str, description="metadata.name=x and others, by kind."),
    OpenApiParameter("sort", str, description="Comma list of fields, - for descending."),
]
STATUSES = {
    400: "A parameter is wrong.",
    401: "No credential, a wrong one, or the cluster refuses its own.",
    403: "The scope is missing, or the cluster forbids it.",
    404: "There is no such context.",
    429: "Too many requests.",
    503: "The cluster does not answer, and nothing is known yet.",
}


def errors() -> dict[int, OpenApiResponse]:
    """Return the answers that every cluster endpoint can give."""
    reference: Any = {"$ref": "#/components/schemas/Error"}
    return {status: OpenApiResponse(reference, text) for status, text in STATUSES.items()}


def array(name: str) -> dict[int, Any]:
    """Return the answers of a list of rows."""
    return {200: {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}, **errors()}


def add_components(result: dict[str, Any], **_generator: object) -> dict[str, Any]:
    """Put the rows and the error body into the document, after drf-spectacular has made it."""
    _, components = msgspec.json.schema_components(ROWS, ref_template="#/components/schemas/{name}")
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(components)
    schemas["Error"] = ERROR
    for hidden in ("id", "countsAt"):
        schemas["Event"]["properties"].pop(hidden, None)
        schemas["Event"]["required"] = [each for each in schemas["Event"]["required"] if each != hidden]
    return result

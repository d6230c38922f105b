"""The parts of the OpenAPI document that do not come from serializers: rows, errors, common parameters."""

from typing import Any

import msgspec
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view

from orchestrator.backends.cluster.objects import Event, Namespace, Node, Pod

ROWS = (Pod, Node, Namespace, Event)
# Members of our own rows that no answer has, and those that are absent without a value.
HIDDEN = {"Event": {"id", "countsAt", "status"}, "Node": {"namespace"}, "Namespace": {"namespace"}}
SOMETIMES = {"Pod": {"reason", "message"}, "Taint": {"value"}}
ERROR = {
    "type": "object",
    "required": ["error", "code", "detail"],
    "properties": {
        "error": {"type": "string", "description": "A sentence for people."},
        "code": {"type": "string", "description": "A stable word for programs."},
        "detail": {"type": "string"},
        "statusCode": {"type": "integer"},
        "details": {"description": "What the error is about; its shape depends on the code."},
        "fields": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
        "retryAfter": {"type": "integer", "description": "Seconds."},
    },
}


def text(name: str, description: str, longest: int) -> OpenApiParameter:
    return OpenApiParameter(name, {"type": "string", "maxLength": longest}, description=description)


def header(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, "header", description=description, response=[200])


CONTEXT = text("context", "Which cluster; the current one if absent.", 255)
MODE = OpenApiParameter("mode", str, enum=["demo", "real"], description="Real clusters, or the demo one.")
NAMESPACE = text("namespace", "One namespace; all if absent, empty, * or _all.", 63)
STATUS = OpenApiParameter("status", str, description="Exactly this status.")
TYPE = OpenApiParameter("type", str, enum=["Normal", "Warning"])
TIME_RANGE = OpenApiParameter("timeRange", str, description="Hours back, 24 at most and by default.")
LIST = [
    CONTEXT,
    MODE,
    OpenApiParameter(
        "limit", {"type": "integer", "minimum": 1, "maximum": 1000}, description="Rows; all if absent."
    ),
    OpenApiParameter("offset", {"type": "integer", "minimum": 0}, description="Rows to skip."),
    text("search", "Part of a name, namespace, status, label or image.", 253),
    text("labelSelector", "k=v, k!=v, k in (a,b), k notin (a,b), k, !k.", 1000),
    text("fieldSelector", "metadata.name=x and others, by kind.", 1000),
    OpenApiParameter("sort", str, description="Comma list of fields, - for descending."),
    header("X-Total-Count", "Rows after filters, before paging."),
    header("Link", "first, prev, next and last page, if there is a limit."),
    header("X-Context", "The cluster that answered."),
    header("X-Backend", "real or demo."),
    header("X-Data-State", "live, or why the rows may be old."),
    header("X-Data-Age", "Seconds since the cluster was last heard of."),
    header("X-Partial", "true if some rows may not be read."),
]
STATUSES = {
    400: "A parameter is wrong.",
    401: "No credential, a wrong one, or the cluster refuses its own.",
    403: "The scope is missing, or the cluster forbids it.",
    404: "There is no such context.",
    406: "No answer in the wanted format.",
    429: "Too many requests.",
    500: "Our own failure.",
    502: "The cluster failed.",
    503: "The cluster does not answer, and nothing is known yet.",
}
REFERENCE: dict[str, Any] = {"$ref": "#/components/schemas/Error"}


def errors() -> dict[int, OpenApiResponse]:
    """Return the answers that every cluster endpoint can give."""
    return {status: OpenApiResponse(REFERENCE, words) for status, words in STATUSES.items()}


def array(name: str) -> dict[int, Any]:
    """Return the answers of a list of rows."""
    return {200: {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}, **errors()}


def listing(kind: str, row: str, parameters: list[OpenApiParameter]) -> Any:
    """Return the decorator that describes a list."""
    described = extend_schema(
        operation_id=f"list{kind}", tags=["clusters"], parameters=parameters, responses=array(row)
    )
    return extend_schema_view(get=described)


def complete(result: dict[str, Any], **_generator: object) -> dict[str, Any]:
    """Add rows, the error body and the plain views, after drf-spectacular has done its part."""
    _, components = msgspec.json.schema_components(ROWS, ref_template="#/components/schemas/{name}")
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas.update({name: _as_sent(name, made) for name, made in components.items()})
    schemas["Error"] = ERROR
    result["paths"].update(_plain_paths(result["paths"]["/api/pods"]["get"]))
    return result


def _as_sent(name: str, made: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a row as answers have it: what has a default is always there."""
    properties = {
        member: {word: value for word, value in each.items() if word != "default"}
        for member, each in made["properties"].items()
        if member not in HIDDEN.get(name, ())
    }
    required = [member for member in properties if member not in SOMETIMES.get(name, ())]
    return {"title": name, "type": "object", "properties": properties, "required": required}


def _plain_paths(example: dict[str, Any]) -> dict[str, Any]:
    """Return the paths of plain views; `example` is an operation of the same area, for what they share."""
    shared = {each["name"]: each for each in example["parameters"]}
    words: dict[str, Any] = {"type": "string"}
    kinds = {
        "name": "kinds",
        "in": "query",
        "schema": words,
        "description": "Comma list; pod, event and others.",
    }
    snapshot = {"name": "snapshot", "in": "query", "schema": {"type": "string", "enum": ["true", "false"]}}
    resumed = {"name": "Last-Event-ID", "in": "header", "schema": words, "description": "Where to go on."}
    refused = {status: answer for status, answer in example["responses"].items() if status != "200"}
    stream = {
        "operationId": "stream",
        "tags": ["clusters"],
        "description": "Server-sent events that say what changed.",
        "parameters": [shared["context"], shared["mode"], shared["namespace"], kinds, snapshot, resumed],
        "security": example["security"],
        "responses": {"200": _answer("text/event-stream", words, "The stream."), **refused},
    }
    status = {"type": "object", "required": ["status"], "properties": {"status": words}}
    metrics = {
        "operationId": "metrics",
        "tags": ["operations"],
        "description": "The figures of this process for Prometheus; needs the scope metrics:read.",
        "security": example["security"],
        "responses": {
            "200": _answer("text/plain", words, "Prometheus' text format."),
            **{status: refused[status] for status in ("401", "403")},
        },
    }
    ready = {"503": _answer("application/json", status, "The checks that failed.")}
    return {
        "/api/stream": {"get": stream},
        "/livez": {"get": _probe("livez", "Whether the process answers.", status)},
        "/readyz": {"get": _probe("readyz", "Whether requests can be served.", status, ready)},
        "/metrics": {"get": metrics},
    }


def _probe(
    name: str, description: str, schema: dict[str, Any], more: dict[str, Any] | None = None
) -> dict[str, Any]:
    responses = {"200": _answer("application/json", schema, "Yes."), **(more or {})}
    return {
        "operationId": name,
        "tags": ["operations"],
        "description": description,
        "security": [{}],
        "responses": responses,
    }


def _answer(content_type: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"content": {content_type: {"schema": schema}}, "description": description}

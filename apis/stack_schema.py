"""The endpoints of stacks in the OpenAPI document."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from apis import idempotency, plain
from apis.shapes import BOOLEAN, TEXT, obj
from orchestrator.services import stacks
from orchestrator.services.stacks.reads import MOST

Method = TypeVar("Method", bound=Callable[..., Any])
TIME = {"type": "string", "format": "date-time"}
WHOLE = {"type": "integer", "minimum": 0}
ADDRESS = {"type": ["string", "null"], "description": "Of the node, where it has one that is public."}
STATUS = {"type": "string", "enum": list(stacks.STATUSES)}
JSON, EVENTS = "application/json", "text/event-stream"


def reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def listed(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


PORT = {"type": "integer", "minimum": 1, "maximum": 65535}
PROTOCOL = {"type": "string", "enum": ["TCP", "UDP"]}
PORTS = listed(obj({"container_port": PORT, "protocol": PROTOCOL, "node_port": PORT}))
SCHEMAS: dict[str, dict[str, Any]] = {
    "Stack": obj(
        {
            "stack_id": TEXT,
            "pod_id": TEXT,
            "namespace": TEXT,
            "node_id": TEXT | {"description": "Empty while there is none."},
            "node_public_ip": ADDRESS,
            "pod_spec": TEXT | {"description": "As it was made harmless: YAML."},
            "ports": PORTS,
            "service_name": TEXT,
            "status": STATUS,
            "ttl_expires_at": TIME,
            "created_at": TIME,
            "updated_at": TIME,
            "requested_cpu_milli": WHOLE,
            "requested_memory_bytes": WHOLE,
        }
    ),
    "StackStatus": obj(
        {"stack_id": TEXT, "status": STATUS, "ttl": TIME, "ports": PORTS, "node_public_ip": ADDRESS}
    ),
    "StackStats": obj(
        {
            "total_stacks": WHOLE,
            "active_stacks": WHOLE,
            "node_distribution": {"type": "object", "additionalProperties": WHOLE},
            "used_node_ports": WHOLE,
            "reserved_cpu_milli": WHOLE,
            "reserved_memory_bytes": WHOLE,
        }
    ),
    "StackJob": obj(
        {
            "job_id": TEXT,
            "status": {"type": "string", "enum": ["queued", "running", "completed", "failed"]},
            "total": WHOLE,
            "deleted": WHOLE,
            "not_found": WHOLE,
            "failed": WHOLE,
            "errors": listed(obj({"stack_id": TEXT, "error": TEXT})) | {"maxItems": 100},
            "created_at": TIME,
            "updated_at": TIME,
        },
        sometimes=("errors",),
    ),
}
EVENT = obj({"type": TEXT, "reason": TEXT, "message": TEXT, "count": WHOLE, "last_seen": TEXT})
NEW = obj(
    {
        "target_port": listed(obj({"container_port": PORT, "protocol": PROTOCOL}))
        | {"minItems": 1, "maxItems": 24},
        "pod_spec": TEXT | {"description": "A Kubernetes Pod in YAML or JSON."},
    }
)
IDS = obj({"stack_ids": listed(TEXT) | {"minItems": 1}})
LONGER = obj({"seconds": {"type": "integer", "minimum": 1}})
WORDS = {
    400: "What was sent breaks a rule; `fields` says where.",
    401: "The key is missing or wrong.",
    403: "The key has not the scope, or the cookie no CSRF token.",
    404: "There is no such stack or job, or there no longer is.",
    409: "The key has as many stacks as it may, or the Idempotency-Key is in use.",
    413: "The body is over MAX_BODY_BYTES.",
    429: "Too many requests.",
    500: "Our own failure.",
    503: "The cluster is full or does not answer; `code` says which.",
}
ALWAYS = (401, 403, 429, 500, 503)
BACKEND = OpenApiParameter("X-Backend", str, "header", description="real or demo.", response=True)
ID = OpenApiParameter("stack_id", str, "path", description="As it was answered on creation.")
LIST = [
    OpenApiParameter("status", str, description=f"Comma list of {', '.join(stacks.STATUSES)}."),
    OpenApiParameter("node_id", str, description="Only stacks on this node."),
    OpenApiParameter("search", str, description="Part of the id, of the node, or of who made it."),
    OpenApiParameter(
        "limit", {"type": "integer", "minimum": 1, "maximum": MOST}, description="Stacks; all if absent."
    ),
    OpenApiParameter("offset", WHOLE, description="Stacks to skip."),
    OpenApiParameter(
        "sort",
        {"type": "string", "enum": [f"{sign}{name}" for name in stacks.SORTS for sign in ("", "-")]},
        description="The oldest first if absent; - turns it round.",
    ),
    OpenApiParameter(
        "X-Total-Count", int, "header", description="Stacks that match, on all pages.", response=[200]
    ),
]
CREATED = [
    *idempotency.PARAMETERS,
    OpenApiParameter("Location", str, "header", description="Where the stack is.", response=[201]),
    OpenApiParameter(
        "X-Pod-Spec-Warnings",
        str,
        "header",
        description="What of the spec was left out or changed, separated by `; `.",
        response=[201],
    ),
]
WAIT = [
    OpenApiParameter(
        "for",
        STATUS,
        description="The status to wait for; running if absent.",
    ),
    OpenApiParameter("timeout", WHOLE | {"maximum": 60}, description="Seconds; 30 if absent."),
]
STREAM = (
    "With `Accept: text/event-stream` it is a stream of changes instead: frames `stack` with `type` (ADDED, "
    "MODIFIED, DELETED) and `object`, `heartbeat`, and `resync` when changes were missed, so that one reads "
    "again. It goes on after the `Last-Event-ID` that is sent."
)


def described(
    operation: str,
    success: Any,
    *,
    parameters: Sequence[OpenApiParameter] = (),
    errors: Sequence[int] = (),
    status: int = 200,
    request: Any = None,
    about: str | None = None,
) -> Callable[[Method], Method]:
    """Return the decorator that describes a method of a view."""
    refusals = {each: OpenApiResponse(reference("Error"), WORDS[each]) for each in sorted({*ALWAYS, *errors})}
    found: Callable[[Method], Method] = extend_schema(
        operation_id=operation,
        tags=["stacks"],
        description=about,
        parameters=[*parameters, BACKEND],
        request={JSON: request} if request else None,
        responses={(status, JSON): success, **refusals},
    )
    return found


def plain_paths(example: dict[str, Any]) -> dict[str, Any]:
    """Return the paths of plain views; `example` is an operation of this area, for what they share."""
    refused = {status: answer for status, answer in example["responses"].items() if status != "200"}
    bad = {"400": {**refused["404"], "description": WORDS[400]}}
    asked = {"tags": ["stacks"], "security": example["security"]}
    stack_id = {"name": "stack_id", "in": "path", "required": True, "schema": TEXT}
    names = ("container", "tail", "follow", "since", "sinceSeconds", "search", "timestamps", "previous")
    shapes = {JSON: plain.LINES, "text/plain": TEXT, EVENTS: TEXT}
    logs = {
        **asked,
        "operationId": "getStackLogs",
        "description": "The log of a container; as text, as a stream of events, or parsed.",
        "parameters": [stack_id, *(plain.query(name, *plain.LOGS[name]) for name in names)],
        "responses": {
            "200": {
                "description": "The lines.",
                "content": {name: {"schema": each} for name, each in shapes.items()},
            },
            **refused,
            **bad,
        },
    }
    return {"/stacks/{stack_id}/logs": {"get": logs}}


DELETED = obj({"deleted": BOOLEAN, "stack_id": TEXT})
MANIFEST = obj({"pod": TEXT, "service": TEXT})

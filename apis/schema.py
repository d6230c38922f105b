"""The parts of the OpenAPI document that do not come from serializers: rows, errors, common parameters."""

from typing import Any

import msgspec
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.serializers import Serializer

from apis import plain, stack_schema
from orchestrator.backends.cluster import objects
from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters.labels import Labels
from orchestrator.services.clusters.objects import IN_DEFAULT
from orchestrator.services.clusters.pod_metrics import PodMetrics
from orchestrator.services.clusters.query import ROWS
from orchestrator.services.clusters.secrets import Revealed
from orchestrator.services.clusters.topology import MapEdge, MapNode

LISTED = [row for kind, row in ROWS.items() if kind is not Kind.REPLICASETS]
DETAILED: list[type[objects.Row]] = [objects.DeploymentDetail, objects.OwnedPod, objects.PodDetail]
# Members of every row that some kinds do not have.
PLACELESS = {row.__name__ for kind, row in ROWS.items() if not kind.namespaced}
STATUSLESS = {"Event", "Service", "Ingress", "ConfigMap", "Secret", "HPA", "ResourceQuota", "LimitRange"}
ALWAYS = {"namespace", "status", "age"}  # They have no default, because they are filled in when shown.
SOMETIMES = {
    "Taint": {"value"},
    "JobCondition": {"lastProbeTime", "lastTransitionTime", "reason", "message"},
}
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
NAMED = text("namespace", "The namespace of the object; required.", 63)
NAMED_OR_DEFAULT = text("namespace", "The namespace of the object; `default` if absent.", 63)
MODE = OpenApiParameter("mode", str, enum=["demo", "real"], description="Real clusters, or the demo one.")
NAMESPACE = text("namespace", "One namespace; all if absent, empty, * or _all.", 63)
ANYWHERE = [CONTEXT, MODE, NAMESPACE]
STATUS = OpenApiParameter("status", str, description="Exactly this status.")
TYPE = OpenApiParameter("type", str, enum=["Normal", "Warning"])
TIME_RANGE = OpenApiParameter("timeRange", str, description="Hours back, 24 at most and by default.")
WHERE = [
    header("X-Context", "The cluster that answered."),
    header("X-Backend", "real or demo."),
]
PLACE = [CONTEXT, MODE, *WHERE]  # of an object without a namespace
ONE = [*PLACE, NAMED]
ONE_OR_DEFAULT = [*PLACE, NAMED_OR_DEFAULT]
FRESHNESS = [
    header("X-Total-Count", "Rows after filters, before paging."),
    header("X-Data-State", "live, or why the rows may be old."),
    header("X-Data-Age", "Seconds since the cluster was last heard of."),
    header("X-Partial", "true if some rows may not be read."),
]
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
    header("Link", "first, prev, next and last page, if there is a limit."),
    *WHERE,
    *FRESHNESS,
]
STATUSES = {
    400: "A parameter is wrong.",
    401: "No credential, a wrong one, or the cluster refuses its own.",
    403: "The scope is missing, or the cluster forbids it.",
    404: "There is no such context, or no such object.",
    406: "No answer in the wanted format.",
    429: "Too many requests.",
    500: "Our own failure.",
    502: "The cluster failed.",
    503: "The cluster does not answer, and nothing is known yet.",
}


def errors() -> dict[int, OpenApiResponse]:
    """Return the answers that every cluster endpoint can give."""
    return {status: OpenApiResponse(reference("Error"), words) for status, words in STATUSES.items()}


def array(name: str) -> dict[int, Any]:
    """Return the answers of a list of rows."""
    return {200: {"type": "array", "items": reference(name)}, **errors()}


def one(name: str) -> dict[int, Any]:
    """Return the answers of one object."""
    return {200: reference(name), **errors()}


def reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def listing(kind: str, row: str, parameters: list[OpenApiParameter]) -> Any:
    """Return the decorator that describes a list."""
    return described("get", f"list{kind}", parameters, array(row))


def detail(kind: str, row: str, parameters: list[OpenApiParameter]) -> Any:
    """Return the decorator that describes one object."""
    return described("get", f"get{kind}", parameters, one(row))


def sublist(operation: str, row: str, parameters: list[OpenApiParameter]) -> Any:
    """Return the decorator that describes a list that belongs to one object."""
    return described("get", operation, [*parameters, *FRESHNESS], array(row))


def place_of(kind: Kind) -> list[OpenApiParameter]:
    """Return the parameters that say where one object of a kind is."""
    if not kind.namespaced:
        return PLACE
    return ONE_OR_DEFAULT if kind in IN_DEFAULT else ONE


def described(
    method: str, operation: str, parameters: list[OpenApiParameter], responses: Any, *, request: Any = None
) -> Any:
    """Return the decorator that describes one method of a view of this area."""
    described = extend_schema(
        operation_id=operation,
        tags=["clusters"],
        parameters=parameters,
        responses=responses,
        request=request,
    )
    return extend_schema_view(**{method: described})


def reveal(serializer: type[Serializer[Any]]) -> Any:
    """Return the decorator that describes the reveal of a secret."""
    return described("post", "revealSecret", PLACE, one("Revealed"), request=serializer)


SELECTOR = text("selector", "k=v, k!=v, k in (a,b), k notin (a,b), k, !k.", 1000)
PARTIAL = header("X-Partial", "true if some kinds may not be read.")
TYPE_IN_PATH = OpenApiParameter("type", str, "path", enum=["deployments", "configmaps", "secrets"])
OF_DEPLOYMENT = OpenApiParameter(
    "deployment", {"type": "string", "maxLength": 253}, required=True, description="The name of a deployment."
)
IN_YAML = {"type": "object", "required": ["yaml"], "properties": {"yaml": {"type": "string"}}}
labels = described("get", "listLabels", [*PLACE, NAMESPACE, SELECTOR, PARTIAL], one("Labels"))
pod_metrics = described("get", "getPodMetrics", [*ONE_OR_DEFAULT, OF_DEPLOYMENT], one("PodMetrics"))
yaml = described("get", "getYAML", [*ONE, TYPE_IN_PATH], {200: IN_YAML, **errors()})


def complete(result: dict[str, Any], **_generator: object) -> dict[str, Any]:
    """Add rows, the error body and the plain views, after drf-spectacular has done its part."""
    rows = [*LISTED, *DETAILED]
    types = [*rows, Labels, PodMetrics, Revealed, MapNode, MapEdge]
    _, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    for name in ("Requirement", "Halt"):  # Only members that no answer has are of these types.
        del components[name]
    hidden = {row.__name__: _hidden(row) for row in rows}
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas.update({name: _as_sent(name, made, hidden.get(name, set())) for name, made in components.items()})
    schemas.update(stack_schema.SCHEMAS, Error=ERROR)
    result["paths"].update(plain.paths(result["paths"]["/api/pods"]["get"]))
    result["paths"].update(stack_schema.plain_paths(result["paths"]["/stacks/{stack_id}"]["get"]))
    return result


def _hidden(row: type[objects.Row]) -> set[str]:
    """Return the members of a row that no answer has."""
    names = {each.name: each.encode_name for each in msgspec.structs.fields(row)}
    found = {names[name] for name in row.private}
    if row.__name__ in PLACELESS:
        found.add("namespace")
    return found | {"status"} if row.__name__ in STATUSLESS else found


def _as_sent(name: str, made: dict[str, Any], hidden: set[str]) -> dict[str, Any]:
    """Return the schema of a row as answers have it: what has a default is always there."""
    shown = {member: each for member, each in made["properties"].items() if member not in hidden}
    present = {*made["required"], *(member for member, each in shown.items() if "default" in each)}
    if "createdAt" in shown:
        present |= ALWAYS
    properties = {
        member: {word: value for word, value in each.items() if word != "default"}
        for member, each in shown.items()
    }
    required = [member for member in properties if member in present - SOMETIMES.get(name, set())]
    return {"title": name, "type": "object", "properties": properties, "required": required}

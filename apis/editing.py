"""PUT /api/resources/{type}/{name}/yaml and POST /api/apply: objects changed and made as YAML."""

from typing import Any, cast

from django.utils.timezone import now
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apis import objects, schema, shapes
from apis.clusters import place_headers, scope_of
from apis.secrets import Text
from orchestrator.backends.cluster.port import LISTED, RESOURCES, Kind, Resource
from orchestrator.services.access import Caller
from orchestrator.services.clusters import applying, contexts, documents, editing, edits, served, threeway

EDITABLE = {kind.value: RESOURCES[kind] for kind in LISTED if kind is not Kind.EVENTS}
FLAG = {"type": "string", "enum": ["true", "false"]}
DRY_RUN = OpenApiParameter("dryRun", FLAG, description="true to try it without storing anything.")
FORCE = OpenApiParameter("force", FLAG, description="true to take fields that others manage.")
TYPE = OpenApiParameter(
    "type",
    str,
    "path",
    description="A plural such as services, or with its group: roles.rbac.authorization.k8s.io.",
)
PLACE = schema.text("namespace", "Where objects go that name no namespace.", 63)
TEXTS = {"type": "array", "items": shapes.TEXT}
CHANGE = shapes.obj(
    {"field": shapes.TEXT, "before": {}, "after": {}, "managers": TEXTS}, sometimes=("before", "after")
)
STORED = shapes.obj(
    {
        "yaml": shapes.TEXT,
        "resourceVersion": shapes.TEXT,
        "dryRun": shapes.BOOLEAN,
        "changes": {"type": "array", "items": CHANGE},
    }
)
CONTESTED = shapes.obj({"field": shapes.TEXT, "manager": shapes.TEXT})
RESULT = shapes.obj(
    {
        "kind": shapes.TEXT,
        "name": shapes.TEXT,
        "namespace": shapes.TEXT,
        "action": {"type": "string", "enum": [*applying.Action]},
        "fields": TEXTS,
        "error": shapes.TEXT,
        "conflicts": {"type": "array", "items": CONTESTED},
    },
    sometimes=("namespace", "fields", "error", "conflicts"),
)
RESULTS = shapes.obj({"results": {"type": "array", "items": RESULT}})


class YAMLText(Text):
    """A text that is taken as it is; what it must be is decided in `services.clusters.documents`."""

    def __init__(self, **more: Any) -> None:
        super().__init__(trim_whitespace=False, allow_blank=True, max_length=documents.LONGEST, **more)


class EditSerializer(serializers.Serializer[Any]):
    """Types only."""

    yaml = YAMLText()
    resourceVersion = Text(required=False, allow_blank=True, default="", max_length=64)  # noqa: N815


class ApplySerializer(serializers.Serializer[Any]):
    """Types only."""

    yaml = YAMLText()


@schema.described(
    "put",
    "replaceYAML",
    [*schema.ONE, TYPE, DRY_RUN],
    {200: STORED, **schema.errors()},
    request=EditSerializer,
)
class YAMLView(objects.YAMLView):
    """One object as YAML: read with masked secrets, put back as a whole.

    A `resourceVersion`, in the body or in the text, must be that of the object as it is. Masked values of a
    secret stay as they are.
    """

    def put(self, request: Request, type: str, name: str) -> Response:
        values = _values(EditSerializer, request)
        dry_run, scope = _flag(request, "dryRun"), scope_of(request)
        target = editing.target(cast(Caller, request.auth), scope, _resource(scope, type.strip()), name)
        edit = edits.Edit(text=values["yaml"], version=values["resourceVersion"])
        stored = editing.apply(target, edit, at=now(), dry_run=dry_run)
        managers = {each.field: list(each.managers) for each in stored.managed}
        body = {
            "yaml": stored.text,
            "resourceVersion": stored.version,
            "dryRun": dry_run,
            "changes": [_change(each, managers) for each in stored.changes],
        }
        return Response(body, headers=place_headers(scope))


@schema.described(
    "post",
    "applyYAML",
    [*schema.PLACE, PLACE, DRY_RUN, FORCE],
    {200: RESULTS, **schema.errors()},
    request=ApplySerializer,
)
class ApplyView(APIView):
    """Make and change any number of objects by server-side apply, with a result for each in their order."""

    area = "clusters"

    def post(self, request: Request) -> Response:
        values = _values(ApplySerializer, request)
        dry_run, force, scope = _flag(request, "dryRun"), _flag(request, "force"), scope_of(request)
        caller = cast(Caller, request.auth)
        found = applying.apply(caller, scope, values["yaml"], at=now(), dry_run=dry_run, force=force)
        return Response({"results": [_result(each) for each in found]}, headers=place_headers(scope))


def _values(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    given = serializer(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def _resource(scope: contexts.Scope, type_: str) -> Resource:
    if type_ in EDITABLE:
        return EDITABLE[type_]
    if "." not in type_:
        sentence = f"type is one of {', '.join(EDITABLE)}, or a plural with its group"
        raise contexts.invalid("type", sentence)
    return served.kind(scope, type_)


def _flag(request: Request, name: str) -> bool:
    text = request.query_params.get(name, "false").strip()
    if text not in FLAG["enum"]:
        raise contexts.invalid(name, f"{name} is true or false")
    return text == "true"


def _change(change: threeway.Change, managers: dict[str, list[str]]) -> dict[str, Any]:
    sides = {"before": change.before, "after": change.after}
    known = {name: value for name, value in sides.items() if value is not threeway.ABSENT}
    return {"field": change.field, **known, "managers": managers[change.field]}


def _result(result: applying.Result) -> dict[str, Any]:
    document = result.destination.document
    more = {
        "namespace": result.namespace,
        "fields": list(result.fields),
        "error": result.error,
        "conflicts": [{"field": each.field, "manager": each.manager} for each in result.conflicts],
    }
    said = {"kind": document.kind, "name": document.name, "action": result.action.value}
    return said | {name: value for name, value in more.items() if value}

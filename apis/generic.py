"""/api/resources: any kind that a cluster serves, listed as kubectl prints it, and its objects."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from django.http import HttpResponse
from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apis import schema, shapes
from apis.clusters import WholeNumber, content_answer, place_headers, scope_of
from orchestrator.backends.cluster.port import Column, Resource, TableRow
from orchestrator.services.clusters import generic, lists, printed, served

TEXTS = {"type": "array", "items": shapes.TEXT}
KIND = shapes.obj(
    {
        "id": {"type": "string", "description": "Plural and group: what names the kind in paths."},
        "group": shapes.TEXT,
        "version": shapes.TEXT,
        "kind": shapes.TEXT,
        "plural": shapes.TEXT,
        "namespaced": shapes.BOOLEAN,
        "shortNames": TEXTS,
        "verbs": TEXTS,
    }
)
ROW = shapes.obj(
    {
        "name": shapes.TEXT,
        "namespace": shapes.TEXT,
        "uid": shapes.TEXT,
        "age": shapes.TEXT,
        "createdAt": shapes.TEXT,
        "labels": {"type": "object", "additionalProperties": shapes.TEXT},
        "columns": {
            "type": "object",
            "description": "What the cluster prints, under the names of its columns in camel case.",
        },
    },
    sometimes=("namespace", "uid", "createdAt"),
)
OBJECT = {"type": "object", "description": "As the API server has it, without managed fields."}
KIND_IN_PATH = OpenApiParameter(
    "kind", str, "path", description="Plural and group, such as storageclasses.storage.k8s.io."
)
CONTINUE = schema.text("continue", "Where the page before ended: its X-Continue.", printed.LONGEST_TOKEN)
LIST = [
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": printed.MOST, "default": printed.MOST},
        description="Rows in one page.",
    ),
    CONTINUE,
    schema.text("search", "Part of a name, namespace, label or printed value.", printed.LONGEST_SEARCH),
    schema.text("labelSelector", "k=v, k!=v, k in (a,b), k notin (a,b), k, !k.", 1000),
    schema.text("fieldSelector", "metadata.name=x and what else the kind supports.", 1000),
    schema.header("X-Continue", "Asks for the next page as `continue`; absent at the end."),
    schema.header("X-Total-Count", "Rows of all pages, where the cluster tells."),
    schema.header("X-Partial", "true if some rows may not be read, or were not searched."),
    schema.header("Link", "The next page, if there is one."),
]


class Parameters(serializers.Serializer[Any]):
    """Types only; which values are allowed is decided in `services.clusters.printed`."""

    limit = WholeNumber(required=False, default=printed.MOST)
    search = serializers.CharField(required=False, allow_blank=True, default="")
    labelSelector = serializers.CharField(required=False, allow_blank=True, default="")  # noqa: N815
    fieldSelector = serializers.CharField(required=False, allow_blank=True, default="")  # noqa: N815


@schema.described(
    "get",
    "listKinds",
    [*schema.PLACE, schema.text("search", "Part of a name of the kind.", served.LONGEST_SEARCH)],
    {200: {"type": "array", "items": KIND}, **schema.errors()},
)
class KindsView(APIView):
    """The kinds that the cluster serves and lists, in their preferred versions."""

    area = "clusters"
    throttle_group = "K8S_LIST"

    def get(self, request: Request) -> HttpResponse:
        scope = scope_of(request)
        found = served.kinds(scope, search=request.query_params.get("search", ""))
        rows = [kind_as_json(each) for each in found]
        headers = place_headers(scope) | {"X-Total-Count": str(len(rows))}
        return array(request, rows, headers=headers)


@schema.described(
    "get",
    "listObjects",
    [*schema.PLACE, schema.NAMESPACE, KIND_IN_PATH, *LIST],
    {200: {"type": "array", "items": ROW}, **schema.errors()},
)
class ObjectsView(APIView):
    """The objects of any kind, as the cluster prints them. It is asked each time."""

    area = "clusters"
    throttle_group = "K8S_LIST"

    def get(self, request: Request, kind: str) -> HttpResponse:
        parameters = Parameters(data=request.query_params.dict())
        parameters.is_valid(raise_exception=True)
        asked = parameters.validated_data
        scope = scope_of(request)
        query = printed.Query(
            limit=asked["limit"],
            token=request.query_params.get("continue", ""),
            search=asked["search"],
            labels=asked["labelSelector"],
            fields=asked["fieldSelector"],
        )
        page = printed.page(scope, served.kind(scope, kind), query)
        rows = [row_as_json(each, page.columns, at=page.read_at) for each in page.rows]
        headers = place_headers(scope) | page_headers(request, page)
        return array(request, rows, headers=headers)


@schema.described(
    "get",
    "getObject",
    [*schema.PLACE, schema.text("namespace", "Required for kinds with namespaces.", 63), KIND_IN_PATH],
    {200: OBJECT, **schema.errors()},
)
class ObjectView(APIView):
    """One object of any kind, whole; the values of secrets are masked."""

    area = "clusters"
    throttle_group = "K8S_DETAIL"

    def get(self, request: Request, kind: str, name: str) -> Response:
        scope = scope_of(request)
        found = generic.read(scope, served.kind(scope, kind), name)
        return Response(found.manifest, headers=place_headers(scope))


def paths() -> list[URLPattern]:
    """Return the URLs of kinds and their objects."""
    return [
        path("api/resources", KindsView.as_view(), name="kinds"),
        path("api/resources/<str:kind>", ObjectsView.as_view()),
        path("api/resources/<str:kind>/<str:name>", ObjectView.as_view()),
    ]


def array(request: Request, rows: list[dict[str, Any]], *, headers: dict[str, str]) -> HttpResponse:
    """Return a bare array, or 304 to somebody who has it."""
    if request.accepted_renderer.format != "json":  # Somebody looks at the API with a browser.
        return Response(rows, headers=headers)
    return content_answer(request, orjson.dumps(rows), headers=headers)


def kind_as_json(resource: Resource) -> dict[str, Any]:
    """Return a kind as the API names it."""
    return {
        "id": resource.id,
        "group": resource.group,
        "version": resource.version,
        "kind": resource.kind,
        "plural": resource.plural,
        "namespaced": resource.namespaced,
        "shortNames": list(resource.short_names),
        "verbs": list(resource.verbs),
    }


def row_as_json(row: TableRow, columns: Iterable[Column], *, at: datetime) -> dict[str, Any]:
    """Return a row; what has no value is absent."""
    known = {"namespace": row.namespace, "uid": row.uid, "createdAt": row.created_at}
    cells = zip(columns, row.cells, strict=False)
    return {
        "name": row.name,
        **{name: value for name, value in known.items() if value},
        "age": lists.age(row.created_at, at=at),
        "labels": dict(row.labels),
        "columns": {camel(column.name): cell for column, cell in cells if cell is not None},
    }


def camel(title: str) -> str:
    """Return the title of a column as the name of a member: `Last Schedule` is `lastSchedule`."""
    words = re.findall(r"[A-Za-z0-9]+", title.replace("(", "").replace(")", ""))
    if not words:
        return title
    first, *others = words
    # An abbreviation is a word of its own: OS-Image is osImage, and CIDRs is cidrs.
    begin: str = first.lower() if first.rstrip("s").isupper() else first[0].lower() + first[1:]
    return begin + "".join(each[0].upper() + each[1:] for each in others)


def page_headers(request: Request, page: printed.Page) -> dict[str, str]:
    """Return what surrounds a page: how many rows there are, what is left out, where the next one is."""
    found = {}
    if page.total is not None:
        found["X-Total-Count"] = str(page.total)
    if page.only or page.more:
        found["X-Partial"] = "true"
    if page.token:
        asked = {name: value for name, value in request.query_params.items() if name != "api_key"}
        query = urlencode({**asked, "continue": page.token})
        found |= {"X-Continue": page.token, "Link": f'<{request.path}?{query}>; rel="next"'}
    return found

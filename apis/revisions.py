"""/api/<kind>/{name}/revisions, and the way back to one of them."""

from typing import Any

import msgspec
from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils.timezone import now
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apis import acting, schema, shapes
from apis.acting import ActView, PlaceSerializer
from apis.clusters import WholeNumber, as_json, place_headers, scope_of
from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters import diffs, revisions

NUMBER = {"type": "integer"}
LINE = shapes.obj(
    {
        "kind": {"type": "string", "enum": ["same", "add", "del"]},
        "text": shapes.TEXT,
        "old": NUMBER,
        "new": NUMBER,
    },
    sometimes=("old", "new"),
)
HUNK = shapes.obj({"header": shapes.TEXT, "lines": {"type": "array", "items": LINE}})
DIFFERENCE = shapes.obj({"revision": NUMBER, "diff": shapes.TEXT, "hunks": {"type": "array", "items": HUNK}})
REVISION = shapes.obj(
    {
        "revision": NUMBER,
        "name": shapes.TEXT,
        "images": {"type": "array", "items": shapes.TEXT},
        "changeCause": shapes.TEXT,
        "createdAt": shapes.TEXT,
        "pods": NUMBER,
        "ready": NUMBER,
        "current": shapes.BOOLEAN,
    }
)


class RevisionView(APIView):
    """Something about the revisions of one object."""

    area = "clusters"
    throttle_group = "K8S_DETAIL"
    kind: Kind


class RevisionsView(RevisionView):
    """The revisions of a workload that its cluster keeps, newest first."""

    def get(self, request: Request, name: str) -> HttpResponse:
        scope = scope_of(request)
        return as_json(revisions.revisions(self.kind, scope, name), headers=place_headers(scope))


class DifferenceView(RevisionView):
    """How the pod template of a revision differs from the present one."""

    def get(self, request: Request, name: str, revision: int) -> Response:
        scope = scope_of(request)
        hunks = revisions.difference(self.kind, scope, name, revision=revision)
        shown = [{"header": hunk.header, "lines": [_line(line) for line in hunk.lines]} for hunk in hunks]
        body = {"revision": revision, "diff": diffs.as_text(hunks), "hunks": shown}
        return Response(body, headers=place_headers(scope))


class UndoSerializer(PlaceSerializer):
    revision = WholeNumber(required=False, default=0, min_value=0, max_value=2**63 - 1)


class UndoView(ActView):
    """Give a workload the pod template of a revision again; that of the one before if none is named."""

    takes = UndoSerializer

    def post(self, request: Request, name: str) -> Response:
        caller, scope, values = self.asked(request)
        done = revisions.undo(caller, self.kind, scope, name, at=now(), revision=values["revision"])
        return acting.answer(done)


def paths() -> list[URLPattern]:
    """Return the URLs of the revisions of every kind that has some."""
    return [each for kind in revisions.WITH_REVISIONS for each in _paths(kind)]


def _line(line: diffs.Line) -> dict[str, Any]:
    return {name: value for name, value in msgspec.to_builtins(line).items() if value is not None}


def _paths(kind: Kind) -> list[URLPattern]:
    many = {200: {"type": "array", "items": REVISION}, **schema.errors()}
    one = {200: DIFFERENCE, **schema.errors()}
    asked, root = schema.place_of(kind), f"api/{kind.value}/<str:name>"
    listed = schema.described("get", f"list{kind.word}Revisions", asked, many)(_made(RevisionsView, kind))
    shown = schema.described("get", f"get{kind.word}Difference", asked, one)(_made(DifferenceView, kind))
    undone = acting.described(f"undo{kind.word}", kind, UndoSerializer, {})(_made(UndoView, kind))
    return [
        path(f"{root}/revisions", listed.as_view()),
        path(f"{root}/revisions/<int:revision>", shown.as_view()),
        path(f"{root}/undo", undone.as_view()),
    ]


def _made(parent: type[APIView], kind: Kind) -> type[APIView]:
    members = {"kind": kind, "__doc__": parent.__doc__, "__module__": __name__}
    return type(f"{kind.word}{parent.__name__}", (parent,), members)

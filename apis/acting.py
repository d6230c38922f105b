"""What calls that act on one object share: where, with which body, and what they answer."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlencode

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apis import schema, shapes
from apis.clusters import place_headers, scope_of
from apis.parsers import members_of
from apis.secrets import Text
from orchestrator.backends.cluster.port import Kind
from orchestrator.services.access import Caller
from orchestrator.services.clusters import contexts
from orchestrator.services.clusters.acting import Done, stamp
from orchestrator.services.clusters.contexts import Scope

TWO_PLACES = "the query and the body name two different namespaces"
PATHS = {Kind.INGRESSES: "ingress", Kind.HPAS: "hpa", Kind.PVS: "pvs", Kind.PVCS: "pvcs"}
DONE = {
    "success": shapes.BOOLEAN,
    "message": shapes.TEXT,
    "kind": shapes.TEXT,
    "name": shapes.TEXT,
    "namespace": shapes.TEXT,
    "timestamp": shapes.TEXT,
    "watch": {"type": "string", "description": "Where to read how far it is."},
    "warning": {"type": "string", "description": "Why it may not come true by itself."},
}
SOMETIMES = ("namespace", "warning")
CONFLICT = {409: OpenApiResponse(schema.reference("Error"), "Not in its present state.")}


class PlaceSerializer(serializers.Serializer[Any]):
    """Types only; which values are allowed is decided in `services.clusters`."""

    namespace = Text(required=False, allow_blank=True)


class ActView(APIView):
    """Something that is done to one object, which the URL names."""

    area = "clusters"
    kind: Kind
    takes: type[PlaceSerializer] = PlaceSerializer

    def asked(self, request: Request) -> tuple[Caller, Scope, dict[str, Any]]:
        """Return who asks, where, and with which values; raise `InvalidInput` for two places at once."""
        body = self.takes(data=members_of(request))
        body.is_valid(raise_exception=True)
        scope, values = scope_of(request), body.validated_data
        named = contexts.check_namespace(values.get("namespace"))
        if named and scope.namespace not in (None, named):
            raise contexts.invalid("namespace", TWO_PLACES)
        return cast(Caller, request.auth), replace(scope, namespace=named or scope.namespace), values


def path_of(kind: Kind) -> str:
    """Return the word for a kind in our paths."""
    return PATHS.get(kind, kind.value)


def answer(done: Done, **more: Any) -> Response:
    """Return what was accepted, of which object, and where to watch it come true."""
    target, kind = done.target, Kind(done.target.resource.plural)
    scope = Scope(target.cluster, target.namespace or None)
    where = {"namespace": target.namespace} if target.namespace else {}
    query = urlencode({"context": scope.context.name, **where})
    body = {
        "success": True,
        "message": done.message,
        **more,
        "kind": kind.word,
        "name": target.name,
        **where,
        "timestamp": stamp(done.at),
        "watch": f"/api/{path_of(kind)}/{target.name}/progress?{query}",
        **({"warning": done.warning} if done.warning else {}),
    }
    return Response(body, headers=place_headers(scope))


def described(
    operation: str,
    kind: Kind,
    takes: type[PlaceSerializer] | None,
    more: dict[str, Any],
    *,
    method: str = "post",
    parameters: Sequence[OpenApiParameter] = (),
) -> Any:
    """Return the decorator that describes an act; `more` are the members that only its answer has."""
    shape = shapes.obj({**DONE, **more}, sometimes=SOMETIMES)
    answers = {200: shape, **schema.errors(), **CONFLICT}
    asked = [*schema.place_of(kind), *parameters]
    return schema.described(method, operation, asked, answers, request=takes)

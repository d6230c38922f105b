"""POST /api/{services,pods}/{name}/open: a link to a port, which takes the place of a port-forward."""

from datetime import timedelta
from typing import Any, cast

from django.urls import URLPattern, path
from django.utils.timezone import now
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apis import schema, shapes
from apis.clusters import place_headers, scope_of
from apis.parsers import members_of
from orchestrator.backends.cluster.port import Kind
from orchestrator.errors import InvalidInput, Problem
from orchestrator.services.access import Caller
from orchestrator.services.clusters import forwarding

SCHEMES = ("http", "https")
ASKED = shapes.obj(
    {
        "port": {"type": ["integer", "string"], "description": "A number, or the name of one."},
        "scheme": {"type": "string", "enum": list(SCHEMES)},
        "seconds": {"type": "integer", "description": "How long the link lives; 8 hours if absent."},
    },
    sometimes=("scheme", "seconds"),
)
LINK = shapes.obj({"url": shapes.TEXT, "expiresAt": shapes.TEXT})


class OpenView(APIView):
    """A link to one port of one object."""

    area = "clusters"
    throttle_group = "K8S_DETAIL"
    kind: Kind

    def post(self, request: Request, name: str) -> Response:
        scope = scope_of(request)
        port, tls, life = asked_of(members_of(request))
        link = forwarding.open_link(
            cast(Caller, request.auth), scope, self.kind, name, port=port, tls=tls, life=life, at=now()
        )
        ends = link.expires_at.isoformat(timespec="milliseconds")[:23] + "Z"
        return Response({"url": link.path, "expiresAt": ends}, status=201, headers=place_headers(scope))


def asked_of(body: dict[str, Any]) -> tuple[str, bool, timedelta]:
    """Return the port, whether it speaks TLS, and how long the link lives; raise `InvalidInput`."""
    port, scheme = body.get("port"), body.get("scheme", "http")
    seconds = body.get("seconds", int(forwarding.LIFE.total_seconds()))
    problems = []
    if isinstance(port, bool) or not isinstance(port, int | str):
        problems.append(Problem("port", "port is a number or a name"))
    if scheme not in SCHEMES:
        problems.append(Problem("scheme", "scheme is http or https"))
    if isinstance(seconds, bool) or not isinstance(seconds, int) or abs(seconds) > 10**9:
        problems.append(Problem("seconds", "seconds is a whole number"))
    if problems:
        raise InvalidInput("Validation failed", problems=problems)
    return str(port), scheme == "https", timedelta(seconds=seconds)


def paths() -> list[URLPattern]:
    """Return the URL of each kind that has ports."""
    return [path(f"api/{kind}/<str:name>/open", _view(kind)) for kind in forwarding.KINDS]


def _view(kind: Kind) -> Any:
    made: Any = type(f"Open{kind.word}View", (OpenView,), {"kind": kind, "__doc__": OpenView.__doc__})
    described = extend_schema(
        operation_id=f"open{kind.word}Port",
        tags=["clusters"],
        parameters=schema.ONE,
        request={"application/json": ASKED},
        responses={201: LINK, **schema.errors()},
    )
    return extend_schema_view(post=described)(made).as_view()

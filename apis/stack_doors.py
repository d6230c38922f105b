"""POST /stacks/{stack_id}/ports/{port}/open: a link to a port of a stack."""

from datetime import timedelta
from typing import Any, cast

from django.urls import URLPattern, path
from django.utils.timezone import now
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apis import schema, shapes
from apis.parsers import members_of
from orchestrator.errors import InvalidInput, Problem
from orchestrator.services.access import Caller
from orchestrator.services.stacks import doors
from orchestrator.services.stacks.doors import NoSuchPort

ASKED = shapes.obj(
    {
        "seconds": {
            "type": "integer",
            "minimum": 1,
            "maximum": int(doors.LONGEST_LIFE.total_seconds()),
            "description": "How long the link lives; 8 hours if absent.",
        }
    },
    sometimes=("seconds",),
)
LINK = shapes.obj(
    {
        "url": {
            "type": "string",
            "description": "A path of this server. Further paths of the port, and WebSockets, go behind it.",
        },
        "expires_at": {"type": "string", "description": "It ends with the stack, if that is sooner."},
    }
)
PLACE = [
    OpenApiParameter("stack_id", str, OpenApiParameter.PATH),
    OpenApiParameter("port", str, OpenApiParameter.PATH, description="A container port that speaks TCP."),
]
WORDS = {
    400: "The body is no JSON, or the link would live too long.",
    401: "The key is missing or wrong.",
    403: "The scope stacks:read is missing.",
    404: "There is no such stack, it has been stopped, or it does not publish the port.",
    429: "Too many requests.",
    500: "Our own failure.",
}


class StackDoorView(APIView):
    """A link to one port of one stack, for whoever may read the stack."""

    scopes = {"POST": doors.SCOPE}
    area = "stacks"
    throttle_group = "STACKS_WRITE"

    @extend_schema(
        operation_id="openStackPort",
        tags=["stacks"],
        parameters=PLACE,
        request={"application/json": ASKED},
        responses={
            201: LINK,
            **{status: OpenApiResponse(schema.reference("Error"), words) for status, words in WORDS.items()},
        },
    )
    def post(self, request: Request, stack_id: str, port: str) -> Response:
        life = life_of(members_of(request))
        link = doors.open_link(cast(Caller, request.auth), stack_id, number_of(port), at=now(), life=life)
        ends = link.expires_at.isoformat(timespec="seconds")[:19] + "Z"
        return Response({"url": link.path, "expires_at": ends}, status=201)


def number_of(port: str) -> int:
    """Return a port as it stands in a path; raise `NoSuchPort` if it cannot be one."""
    if not port.isascii() or not port.isdigit() or len(port) > 5:
        raise NoSuchPort("A port is a number.")
    return int(port)


def life_of(body: dict[str, Any]) -> timedelta:
    """Return how long a link is to live; raise `InvalidInput` for what is no number of seconds."""
    seconds = body.get("seconds")
    if seconds is None:
        return doors.LIFE
    if isinstance(seconds, bool) or not isinstance(seconds, int) or abs(seconds) > 10**9:
        raise InvalidInput("Validation failed", problems=[Problem("seconds", "seconds is a whole number")])
    return timedelta(seconds=seconds)


def paths() -> list[URLPattern]:
    """Return the URL of the one call."""
    return [path("stacks/<str:stack_id>/ports/<str:port>/open", StackDoorView.as_view(), name="stack-door")]

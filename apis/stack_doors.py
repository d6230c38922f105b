"""POST /stacks/{stack_id}/ports/{port}/open: a link to a port of a stack."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.timezone import now
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from apis import stack_requests, stack_schema
from apis.shapes import TEXT, obj
from apis.stack_area import InvalidJSON, StackView, answer
from apis.stack_schema import described
from apis.stack_shapes import stamp
from orchestrator.services.stacks import doors
from orchestrator.services.stacks.doors import NoSuchPort

LONGEST = int(doors.LONGEST_LIFE.total_seconds())
ASKED = obj(
    {"seconds": {"type": "integer", "minimum": 1, "maximum": LONGEST, "description": "8 hours if absent."}},
    sometimes=("seconds",),
)
URL = TEXT | {
    "description": "A path of this server; further paths of the port, and WebSockets, go behind it."
}
LINK = obj({"url": URL, "expires_at": stack_schema.TIME})
PORT = OpenApiParameter("port", str, "path", description="A container port that is published by TCP.")


class StackDoorView(StackView):
    """A link to one port of one stack, for whoever may read it. It ends with the stack at the latest."""

    scopes = {"POST": doors.SCOPE}

    @described(
        "openStackPort",
        LINK,
        status=201,
        parameters=[stack_schema.ID, PORT],
        errors=[400, 404, 413],
        request=ASKED,
    )
    def post(self, request: Request, stack_id: str, port: str) -> HttpResponse:
        life = life_of(request._request)
        link = doors.open_link(self.caller, stack_id, number_of(port), at=now(), life=life)
        return answer({"url": link.path, "expires_at": stamp(link.expires_at)}, status=201)


def number_of(port: str) -> int:
    """Return a port as it stands in a path; raise `NoSuchPort` if it cannot be one."""
    if not port.isascii() or not port.isdigit() or len(port) > 5:
        raise NoSuchPort("A port is a number.")
    return int(port)


def life_of(request: HttpRequest) -> timedelta:
    """Return how long a link is to live; nothing need be sent. Raises `InvalidJSON`."""
    value = stack_requests.members(request).get("seconds") if request.body else None
    if value is None:
        return doors.LIFE
    if type(value) is not int:
        raise InvalidJSON
    return timedelta(seconds=max(0, min(value, LONGEST + 1)))


def paths() -> list[URLPattern]:
    """Return the URL of the one call."""
    return [path("stacks/<str:stack_id>/ports/<str:port>/open", StackDoorView.as_view(), name="stack-door")]

"""/api/api-keys: keys of other services. A key goes in and never comes out."""

from django.utils.timezone import now
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apis import schema, shapes
from apis.parsers import members_of
from apis.preferences import DONE, SUCCESS, caller_of
from orchestrator.services import stored_keys

KEY = shapes.obj(
    {"name": shapes.TEXT, "exists": shapes.BOOLEAN, "value": shapes.TEXT, "masked": shapes.BOOLEAN}
)
NAMES = [
    OpenApiParameter("name", str, description="Such as `openai`."),
    OpenApiParameter("keyName", str, description="The same, if `name` is absent."),
]
BODY = shapes.obj({"keyName": shapes.TEXT, "value": shapes.TEXT})


class StoredKeysView(APIView):
    """The caller's keys of other services, one at a time."""

    area = "clusters"
    throttle_group = "API_KEYS"

    @extend_schema(
        operation_id="storedKey",
        tags=["preferences"],
        parameters=NAMES,
        responses={200: KEY, **schema.errors()},
    )
    def get(self, request: Request) -> Response:
        found = stored_keys.find(caller_of(request), _name(request))
        return Response({"name": found.name, "exists": True, "value": found.hint, "masked": True})

    @extend_schema(
        operation_id="keepKey",
        tags=["preferences"],
        request={"application/json": BODY},
        responses={200: SUCCESS, **schema.errors()},
    )
    def post(self, request: Request) -> Response:
        body = members_of(request)
        stored_keys.keep(caller_of(request), body.get("keyName"), value=body.get("value"), at=now())
        return Response(DONE)

    @extend_schema(
        operation_id="removeKey",
        tags=["preferences"],
        parameters=NAMES,
        responses={200: SUCCESS, **schema.errors()},
    )
    def delete(self, request: Request) -> Response:
        stored_keys.forget(caller_of(request), _name(request), at=now())
        return Response(DONE)


def _name(request: Request) -> str:
    return request.query_params.get("name") or request.query_params.get("keyName", "")

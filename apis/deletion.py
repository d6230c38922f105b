"""DELETE /api/<kind>/{name}"""

from typing import Any, cast

from django.utils.timezone import now
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apis import acting
from apis.clusters import WholeNumber, scope_of
from orchestrator.backends.cluster.port import Kind, Propagation
from orchestrator.services.access import Caller
from orchestrator.services.clusters import deletion

FLAGS = ("true", "false")
PARAMETERS = [
    OpenApiParameter("confirm", str, description="The name again, where data may be lost."),
    OpenApiParameter("uid", str, description="Only the object with this uid."),
    OpenApiParameter(
        "propagationPolicy",
        str,
        enum=[each.value for each in Propagation],
        description="What becomes of what it owns.",
    ),
    OpenApiParameter(
        "gracePeriodSeconds",
        {"type": "integer", "minimum": 0, "maximum": deletion.LONGEST_GRACE},
        description="Its own if absent.",
    ),
    OpenApiParameter("dryRun", str, enum=list(FLAGS), description="true to check and delete nothing."),
]


class DeletionParameters(serializers.Serializer[Any]):
    """Types only; which values are allowed is decided in `services.clusters.deletion`."""

    confirm = serializers.CharField(required=False, allow_blank=True, default="")
    uid = serializers.CharField(required=False, allow_blank=True, default="", max_length=253)
    propagationPolicy = serializers.CharField(required=False, allow_blank=True, default="")  # noqa: N815
    gracePeriodSeconds = WholeNumber(required=False, default=None)  # noqa: N815
    dryRun = serializers.ChoiceField(FLAGS, required=False, default="false")  # noqa: N815


class DeletionView(APIView):
    """One object of a kind that is only deleted here."""

    area = "clusters"
    kind: Kind

    def delete(self, request: Request, name: str) -> Response:
        """Ask for an object to be deleted; it may live on for a while."""
        parameters = DeletionParameters(data=request.query_params.dict())
        parameters.is_valid(raise_exception=True)
        values = parameters.validated_data
        done = deletion.delete(
            cast(Caller, request.auth),
            self.kind,
            scope_of(request),
            name,
            at=now(),
            confirm=values["confirm"],
            uid=values["uid"],
            propagation=values["propagationPolicy"],
            grace_seconds=values["gracePeriodSeconds"],
            dry_run=values["dryRun"] == "true",
        )
        return acting.answer(done)


def described(kind: Kind) -> Any:
    """Return the decorator that describes a deletion."""
    return acting.described(f"delete{kind.word}", kind, None, {}, method="delete", parameters=PARAMETERS)

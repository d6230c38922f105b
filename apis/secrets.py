"""POST /api/secrets/{name}/reveal: values of a secret, for somebody who may see them."""

from dataclasses import replace
from typing import Any, cast

from django.http import HttpResponse
from django.utils.timezone import now
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from apis import schema
from apis.clusters import as_json, place_headers, scope_of
from orchestrator.services import access
from orchestrator.services.access import Caller
from orchestrator.services.clusters import contexts, secrets


class Text(serializers.CharField):
    """A JSON string, and nothing that could be written as one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class RevealSerializer(serializers.Serializer[Any]):
    """Types only; which values are allowed is decided in `services.clusters`."""

    namespace = Text(required=False, allow_blank=True)
    keys = serializers.ListField(child=Text(max_length=253), required=False, allow_empty=False)
    reason = Text(required=False, allow_blank=True, default="", max_length=secrets.LONGEST_REASON)


@schema.reveal(RevealSerializer)
class RevealView(APIView):
    """Show values of a secret in base64: all, or those of some keys. It leaves an audit event."""

    area = "clusters"
    scopes = {"POST": access.SECRETS}
    throttle_group = "REVEAL"

    def post(self, request: Request, name: str) -> HttpResponse:
        asked = RevealSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        scope = scope_of(request)
        if values.get("namespace"):
            scope = replace(scope, namespace=contexts.check_namespace(values["namespace"]))
        found = secrets.reveal(
            cast(Caller, request.auth),
            scope,
            name,
            at=now(),
            keys=values.get("keys"),
            reason=values["reason"],
        )
        return as_json(found, headers=place_headers(scope) | {"Cache-Control": "no-store"})

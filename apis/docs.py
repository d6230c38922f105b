"""/openapi.json, /docs and /redoc: the API described, with every asset from here."""

from typing import Any

from csp.decorators import csp_update
from django.utils.decorators import method_decorator
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request

# Swagger UI and ReDoc write style attributes; ReDoc searches in a worker made from a blob.
STYLES: Any = {"style-src": ["'self'", "'unsafe-inline'"], "worker-src": ["'self'", "blob:"]}


class KnownCaller(IsAuthenticated):
    """Lets everybody pass whom we know, whatever their scopes: the document says nothing of what runs."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.auth is not None


class SchemaView(SpectacularJSONAPIView):
    """The OpenAPI document."""

    permission_classes = [KnownCaller]
    area = "clusters"


@method_decorator(csp_update(STYLES), name="dispatch")
class SwaggerView(SpectacularSwaggerSplitView):
    """The API to try out. Pages need a signed-in user, so this needs no check of its own."""

    url_name = "apis:schema"
    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []


@method_decorator(csp_update(STYLES), name="dispatch")
class RedocView(SpectacularRedocView):
    """The API to read."""

    url_name = "apis:schema"
    template_name = "docs/redoc.html"
    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []

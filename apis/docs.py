"""/openapi.json, /docs and /redoc: the API described, with every asset from here."""

from typing import Any

from csp.decorators import csp_update
from django.utils.decorators import method_decorator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from apis import errors

# Swagger UI and ReDoc write style attributes; ReDoc searches in a worker made from a blob.
STYLES: Any = {"style-src": ["'self'", "'unsafe-inline'"], "worker-src": ["'self'", "blob:"]}


class KnownCaller(IsAuthenticated):
    """Lets everybody pass whom we know, whatever their scopes: the document says nothing of what runs."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.auth is not None


class SchemaView(SpectacularJSONAPIView):
    """The OpenAPI document."""

    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer]  # errors as plain JSON
    permission_classes = [KnownCaller]
    area = "clusters"


class Page(APIView):
    """A page for a signed-in user, like those of the dashboard; errors are JSON as everywhere else here."""

    url_name = "apis:schema"
    http_method_names = ["get", "head"]
    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    throttle_classes: list[Any] = []

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        view = super().as_view(**initkwargs)
        view.login_required = True  # type: ignore[attr-defined]  # REST framework says that its views need none.
        return view

    def handle_exception(self, exc: Exception) -> Any:
        return errors.answered(exc, self.request)


@method_decorator(csp_update(STYLES), name="dispatch")
class SwaggerView(Page, SpectacularSwaggerSplitView):
    """The API to try out."""


@method_decorator(csp_update(STYLES), name="dispatch")
class RedocView(Page, SpectacularRedocView):
    """The API to read."""

    template_name = "docs/redoc.html"

"""/openapi.json, /docs and /redoc: the API described, with every asset from here."""

from pathlib import Path
from typing import Any

from csp.decorators import csp_update
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from apis import errors

# Swagger UI and ReDoc write style attributes; ReDoc searches in a worker made from a blob.
STYLES: Any = {"style-src": ["'self'", "'unsafe-inline'"], "worker-src": ["'self'", "blob:"]}
REDOC = "drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js"
REDOC_LOGO = b"https://cdn.redoc.ly/redoc/logo-mini.svg"


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


@require_safe
@cache_control(private=True, max_age=86400)
@gzip_page
def redoc_script(request: HttpRequest) -> HttpResponse:
    """Answer with ReDoc without the logo of its makers, the only thing that it would fetch from elsewhere."""
    path = finders.find(REDOC)
    if path is None:
        raise LookupError(f"{REDOC} is missing; install drf-spectacular-sidecar")
    script = Path(path).read_bytes().replace(REDOC_LOGO, b"data:,")
    return HttpResponse(script, content_type="text/javascript")

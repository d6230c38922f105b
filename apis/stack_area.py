"""What all endpoints of stacks share: JSON in any case, the caller before what they send, their errors."""

from collections.abc import Mapping
from typing import Any, cast

import orjson
import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from rest_framework.exceptions import APIException, AuthenticationFailed, NotAuthenticated
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from apis import errors
from orchestrator.backends.errors import BackendError, Overloaded, TimedOut, Unreachable
from orchestrator.errors import DomainError
from orchestrator.services.access import SAFE_METHODS, Caller
from orchestrator.services.stacks import place
from orchestrator.services.stacks.errors import Broken, ClusterUnavailable

AREA = "stacks"
READ = "stacks:read"
JSON = "application/json; charset=utf-8"

logger = structlog.get_logger(__name__)


class InvalidJSON(APIException):
    """The body is no JSON, or its types are wrong."""

    status_code = 400
    default_code = "invalid_json"
    default_detail = "invalid json body"


class BodyTooLarge(APIException):
    """The body is over MAX_BODY_BYTES."""

    status_code = 413
    default_code = "payload_too_large"
    default_detail = "request body too large"


class AlwaysJSON(BaseContentNegotiation):
    """Answers with JSON whatever the caller accepts."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class StackView(APIView):
    """Calls of this area: first who calls is asked, then the size of the body, then everything else."""

    area = AREA
    content_negotiation_class = AlwaysJSON

    @property
    def throttle_group(self) -> str:
        return group_of(self.request.method)

    @property
    def caller(self) -> Caller:
        return cast(Caller, self.request.auth)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise BodyTooLarge

    def handle_exception(self, exc: Exception) -> Any:
        return refused(exc, self.request._request)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        name_backend(response)
        return super().finalize_response(request, response, *args, **kwargs)


def group_of(method: str | None) -> str:
    """Return the group of rate limits that a call counts in."""
    return "STACKS_READ" if method in SAFE_METHODS else "STACKS_WRITE"


def answer(content: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return JSON as this area writes it: members in the order of the documentation."""
    return HttpResponse(orjson.dumps(content), status=status, content_type=JSON, headers=dict(headers or {}))


def refused(exc: Exception, request: HttpRequest) -> HttpResponse:
    """Answer an error in the words of this area; raise it again if nobody foresaw it."""
    if isinstance(exc, NotAuthenticated | AuthenticationFailed):
        # Without WWW-Authenticate: a browser would ask its user for a password.
        return errors.answer(401, "invalid_api_key", "invalid api key", request=request)
    response = errors.answered(_of_cluster(exc) if isinstance(exc, BackendError) else exc, request)
    if response.status_code == 413:
        response["Connection"] = "close"  # The rest of the body need not be sent.
    return response


def name_backend(response: HttpResponseBase) -> None:
    """Add which kind of cluster answers; nothing where it could not be opened."""
    try:
        context = place.cluster().context
    except ClusterUnavailable:
        return
    response.headers.setdefault("X-Backend", "demo" if context.demo else "real")


def _of_cluster(exc: BackendError) -> DomainError:
    """Return what an error of the cluster is to callers, who know nothing of it; the log has the cause."""
    if isinstance(exc, Unreachable | TimedOut | Overloaded):
        return ClusterUnavailable()
    logger.error("stacks_cluster_failed", error=exc.message, status=exc.status)
    return Broken()

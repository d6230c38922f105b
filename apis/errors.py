"""The one place where an error becomes an HTTP status and the one error body."""

import re
from math import ceil
from typing import Any

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.exceptions import APIException, Throttled, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from orchestrator.backends.errors import (
    BackendError,
    Conflict,
    Forbidden,
    NotFound,
    Overloaded,
    TimedOut,
    Unauthorized,
    Unreachable,
)
from orchestrator.errors import DomainError, InvalidInput, Missing, NotNow, Refused
from orchestrator.services.stacks.errors import Broken, Unavailable

# The first match counts, so children stand before their parents.
DOMAIN: list[tuple[type[DomainError], int]] = [
    (InvalidInput, 400),
    (Missing, 404),
    (Refused, 403),
    (NotNow, 409),
    (Unavailable, 503),
    (Broken, 500),
    (DomainError, 400),
]
BACKEND: list[tuple[type[BackendError], int, str]] = [
    (Unauthorized, 401, "cluster_unauthorized"),
    (Forbidden, 403, "forbidden"),
    (NotFound, 404, "not_found"),
    (Conflict, 409, "conflict"),
    (Unreachable, 503, "connection_error"),
    (TimedOut, 503, "connection_error"),
    (Overloaded, 503, "connection_error"),
]
# Their clients know errors by the words of https://github.com/nullforu/container-provisioner-k8s, and a
# content type with a charset.
STACKS = re.compile(r"/(stacks|stats|healthz)(/|$)")
WORDS_OF_STACKS = {
    "internal_error": "internal server error",
    "payload_too_large": "request body too large",
    "invalid_api_key": "invalid api key",
}
WORDS = {
    "not_authenticated": "authentication_required",
    "permission_denied": "forbidden",
    "throttled": "rate_limit_exceeded",
    "parse_error": "bad_request",
    "invalid": "validation_error",
    "error": "internal_error",
    "not_acceptable": "bad_request",
    "unsupported_media_type": "bad_request",
}


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an error of an API view; None lets Django make a 500 of it."""
    request = context["request"]
    known = described(exc)
    if known is not None:
        status, code, sentence, more = known
        response = Response(
            body(status, code, sentence, request=request, **more), status=status, headers=_headers(exc)
        )
        response.exception = True
        return response
    answered = drf_exception_handler(exc, context)
    if answered is not None and isinstance(exc, APIException):
        answered.data = _of_framework(exc, answered, request)
    return answered


def described(exc: Exception) -> tuple[int, str, str, dict[str, Any]] | None:
    """Return status, code, sentence and further members for an error of ours, None for any other."""
    if isinstance(exc, DomainError):
        status = next(status for kind, status in DOMAIN if isinstance(exc, kind))
        return status, exc.code, exc.message, _problems(exc) or _details(exc.details)
    if isinstance(exc, BackendError):
        for kind, status, code in BACKEND:
            if isinstance(exc, kind):
                word = {"message": exc.reason} if status == 503 and exc.reason else {}
                return status, code, exc.message, _details(exc.details or word)
        status = exc.status if 400 <= exc.status < 500 else 502
        return status, "k8s_api_error", exc.message, _details({"reason": exc.reason} if exc.reason else {})
    return None


def word_of(exc: DomainError | BackendError) -> tuple[int, str]:
    """Return the status and the code that an error of ours is answered with."""
    known = described(exc)
    assert known is not None
    return known[:2]


def _headers(exc: Exception) -> dict[str, str]:
    """Return when to come back, if that is known."""
    wait: float | None = getattr(exc, "retry_after", None)
    return {"Retry-After": str(max(1, ceil(wait)))} if wait else {}


def in_stacks(path: str) -> bool:
    """Return True for paths of the area stacks."""
    return STACKS.match(path) is not None


def _json(content: dict[str, Any], *, status: int, request: HttpRequest) -> HttpResponse:
    response = JsonResponse(content, status=status)
    if in_stacks(request.path):
        response["Content-Type"] = "application/json; charset=utf-8"
    return response


def body(status: int, code: str, sentence: str, *, request: Any, **more: Any) -> dict[str, Any]:
    """Return the one error body; the cluster area adds the status to it."""
    if request is not None and in_stacks(request.path):
        sentence = WORDS_OF_STACKS.get(code, sentence)
    status_code = {"statusCode": status} if request is not None and request.path.startswith("/api/") else {}
    return {"error": sentence, "code": code, "detail": sentence, **status_code, **more}


def answer(status: int, code: str, sentence: str, *, request: HttpRequest, **more: Any) -> HttpResponse:
    """Return an error outside of REST framework."""
    return _json(body(status, code, sentence, request=request, **more), status=status, request=request)


def answered(exc: Exception, request: HttpRequest) -> HttpResponse:
    """Return the answer of a plain view to an error; raise it again if nobody foresaw it."""
    known = described(exc)
    if known is not None:
        status, code, sentence, more = known
        found = answer(status, code, sentence, request=request, **more)
        for name, value in _headers(exc).items():
            found[name] = value
        return found
    framework = drf_exception_handler(exc, {"request": request})
    if framework is None or not isinstance(exc, APIException):
        raise exc
    response = _json(_of_framework(exc, framework, request), status=framework.status_code, request=request)
    for name, value in framework.headers.items():
        response.setdefault(name, value)
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return answer(404, "not_found", "There is nothing at this address.", request=request)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    sentence = "The request cannot be understood."
    if isinstance(exception, DisallowedHost):
        sentence = "This server does not answer to that host name. ALLOWED_HOSTS lists those that it does."
    return answer(400, "bad_request", sentence, request=request)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return answer(403, "forbidden", "You may not do this.", request=request)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    sentence = "The CSRF token is missing or wrong. Reload the page."
    return answer(403, "csrf_failed", sentence, request=request)


def internal_error(request: HttpRequest) -> HttpResponse:
    return answer(500, "internal_error", "Internal server error", request=request)


def method_not_allowed(request: HttpRequest, allowed: list[str]) -> HttpResponse:
    """Return a 405 that names the methods there are."""
    response = answer(405, "method_not_allowed", f"{request.method} is not possible here.", request=request)
    response["Allow"] = ", ".join(allowed)
    return response


def _of_framework(exc: APIException, response: Response, request: Any) -> dict[str, Any]:
    status = response.status_code
    word = str(getattr(exc, "default_code", "error"))
    code = WORDS.get(word, word)
    more: dict[str, Any] = {}
    sentence = _sentence(exc.detail)
    if isinstance(exc, ValidationError) and isinstance(exc.detail, dict):
        fields = {str(name): [_sentence(value)] for name, value in exc.detail.items()}
        sentence, more = "Validation failed", _of_fields(fields)
    if isinstance(exc, Throttled):
        more = {"retryAfter": max(1, ceil(getattr(exc, "wait", None) or 0))}
        response["Retry-After"] = str(more["retryAfter"])
        sentence = f"Too many requests. Try again in {more['retryAfter']} s."
    return body(status, code, sentence, request=request, **more)


def _problems(exc: DomainError) -> dict[str, Any]:
    if not exc.problems:
        return {}
    fields: dict[str, list[str]] = {}
    for each in exc.problems:
        fields.setdefault(each.path, []).append(each.message)
    return _of_fields(fields)


def _of_fields(fields: dict[str, list[str]]) -> dict[str, Any]:
    details = [{"path": path, "message": each} for path, messages in fields.items() for each in messages]
    return {"details": details, "fields": fields}


def _details(details: dict[str, Any]) -> dict[str, Any]:
    return {"details": details} if details else {}


def _sentence(detail: Any) -> str:
    """Flatten REST framework's lists and dictionaries of messages into one line."""
    if isinstance(detail, dict):
        return " ".join(f"{field}: {_sentence(value)}" for field, value in detail.items())
    if isinstance(detail, list):
        return " ".join(_sentence(value) for value in detail)
    return str(detail)

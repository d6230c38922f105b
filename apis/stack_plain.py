"""Views of stacks that REST framework cannot serve, because they wait: the same questions come first."""

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from apis import authentication, errors, throttling
from apis.stack_area import JSON, READ, BodyTooLarge, group_of, name_backend, refused

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], Awaitable[HttpResponseBase]]
Asked = Callable[..., Coroutine[Any, Any, HttpResponseBase]]
METHODS = ["GET", "HEAD"]


def reading(view: View[P]) -> Asked:
    """Return a view that is asked with GET and HEAD alone, by those who may read stacks."""

    @login_not_required  # A redirect to the sign-in page means nothing to a program.
    @csrf_exempt  # Other methods are 405, with a token and without.
    @wraps(view)
    async def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            response = await _asked(request) or await view(request, *args, **kwargs)
        except Exception as exc:  # Handed on if it is not one of ours.
            response = refused(exc, request)
        await sync_to_async(name_backend)(response)
        if response.headers.get("Content-Type") == "application/json":
            response["Content-Type"] = JSON
        return response

    return checked


async def _asked(request: HttpRequest) -> HttpResponse | None:
    """Let whom we know go on; raises what keeps others away."""
    caller = await authentication.caller(request, scope=READ)
    await sync_to_async(throttling.require)(group_of(request.method), request, caller=caller)
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise BodyTooLarge
    return None if request.method in METHODS else errors.method_not_allowed(request, METHODS)

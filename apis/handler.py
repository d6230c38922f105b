"""How a request of the ASGI server comes to its view."""

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve


class Handler(ASGIHandler):
    """Serves views that are plain functions in one thread from end to end, and all others as Django does.

    Django sends such a view from its thread back to the event loop and from there to a thread again, which
    costs more than all the middleware together.
    """

    def __init__(self) -> None:
        super().__init__()
        self._plain = BaseHandler()
        self._plain.load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """Return the answer to a request."""
        if is_async(request.path_info):
            response: HttpResponseBase = await super().get_response_async(request)
            return response
        answer = sync_to_async(self._plain.get_response, thread_sensitive=True)
        return await answer(request)


def is_async(path: str) -> bool:
    """Return True if the view of a path is a coroutine function."""
    try:
        return iscoroutinefunction(resolve(path).func)
    except Resolver404:
        return False

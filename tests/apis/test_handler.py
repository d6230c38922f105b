"""apis.handler"""

import asyncio
from threading import get_ident

import pytest
from channels.testing import HttpCommunicator
from django.test import override_settings

from apis import handler
from orchestrator.asgi import application


def ask(path: str, *, method: str = "GET"):
    async def ask():
        headers = [(b"host", b"127.0.0.1")]
        communicator = HttpCommunicator(application, method, path, headers=headers)
        communicator.scope["client"] = ("127.0.0.1", 1)
        answer = await communicator.get_response(timeout=10)
        await communicator.wait()
        return answer

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("path", "found"),
    [("/livez", False), ("/api/stream", True), ("/api/pods", False), ("/no/such/path", False)],
)
def test_it_knows_which_views_are_coroutines(path, found):
    assert handler.is_async(path) is found


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("path", "status"),
    [("/livez", 200), ("/livez/", 301), ("/no/such/path", 404), ("/api/stream?kinds=nonsense", 400)],
)
def test_answers_pass_the_middleware_whatever_the_view_is(path, status):
    answer = ask(path)
    headers = {name.decode().lower() for name, _ in answer["headers"]}
    assert answer["status"] == status
    assert {"x-request-id", "permissions-policy", "x-frame-options"} <= headers


class Trace:
    """A middleware that notes in which threads it and its view ran."""

    threads: set[int] = set()

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        self.threads.add(get_ident())
        return self.get_response(request)

    def process_view(self, *_args):
        self.threads.add(get_ident())


@pytest.mark.django_db(transaction=True)
def test_a_plain_view_runs_in_the_thread_of_its_middleware():
    Trace.threads.clear()
    with override_settings(MIDDLEWARE=["tests.apis.test_handler.Trace"]):
        served = handler.Handler()

        async def ask():
            communicator = HttpCommunicator(served, "GET", "/livez", headers=[(b"host", b"127.0.0.1")])
            answer = await communicator.get_response(timeout=10)
            await communicator.wait()
            return answer

        assert asyncio.run(ask())["status"] == 200
    assert len(Trace.threads) == 1
    assert get_ident() not in Trace.threads

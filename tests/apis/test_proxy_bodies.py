"""apis.proxy: bodies that come in parts, and clients that leave"""

import asyncio
from types import SimpleNamespace

import pytest

from apis import proxy
from orchestrator.errors import DomainError

CHUNKED = {"headers": [(b"transfer-encoding", b"chunked")]}
PART = {"type": "http.request", "body": b"a", "more_body": True}
LAST = {"type": "http.request", "body": b"b", "more_body": False}
LEFT = {"type": "http.disconnect"}


def body_of(*messages: dict) -> proxy._Body:
    """Return a body that comes in these messages, of which the next is there once the last was taken."""
    waiting = list(messages)

    async def receive() -> dict:
        await asyncio.sleep(0)
        return waiting.pop(0) if waiting else await asyncio.Event().wait()

    return proxy._Body(CHUNKED, receive)


def way(check=lambda: None):
    return SimpleNamespace(check=check)


async def never() -> None:
    await asyncio.Event().wait()


def test_waiting_for_the_client_to_leave_takes_nothing_of_its_body():
    async def both():
        body = body_of(PART, LAST, LEFT)
        leaving = asyncio.ensure_future(body.left())
        read = b"".join([part async for part in body.chunks()])
        await asyncio.wait_for(leaving, 10)
        return read

    assert asyncio.run(both()) == b"ab"


def test_a_client_that_leaves_in_its_request_is_noticed():
    async def read():
        body = body_of(PART, LEFT)
        with pytest.raises(ConnectionResetError):
            [part async for part in body.chunks()]
        await asyncio.wait_for(body.left(), 10)

    asyncio.run(read())


def test_what_nobody_waits_for_is_given_up():
    given_up = []

    async def work():
        try:
            await never()
        finally:
            given_up.append(True)

    async def leave():
        await asyncio.sleep(0)

    asyncio.run(proxy._while_allowed(way(), work(), leave()))
    assert given_up == [True]


@pytest.mark.django_db(transaction=True)
def test_what_is_allowed_no_longer_is_given_up(monkeypatch):
    monkeypatch.setattr(proxy, "CHECK_SECONDS", 0.01)

    def check():
        raise DomainError("It is over.")

    with pytest.raises(DomainError, match="over"):
        asyncio.run(proxy._while_allowed(way(check), never(), never()))

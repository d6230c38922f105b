"""apis.bodies, and requests as the server hands them over"""

import json

import pytest
from asgiref.testing import ApplicationCommunicator

from apis.bodies import limited
from orchestrator.asgi import application

pytestmark = pytest.mark.usefixtures("fresh_catalogue")
HOST = (b"host", b"testserver")
LIMIT = 10


async def reading(scope, receive, send):
    """Answer with the declared length and what can be read, as Django does: to the end, before all else."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message["body"]
        more = message["more_body"]
    declared = dict(scope["headers"]).get(b"content-length", b"")
    await send({"declared": declared, "body": body, "query": scope["query_string"]})
    await send(await receive())


def conversation(*chunks: bytes, headers=(), query=b"") -> ApplicationCommunicator:
    scope = {"type": "http", "headers": list(headers), "query_string": query}
    found = ApplicationCommunicator(limited(reading, limit_bytes=LIMIT), scope)
    for number, chunk in enumerate(chunks, 1):
        found.input_queue.put_nowait(
            {"type": "http.request", "body": chunk, "more_body": number < len(chunks)}
        )
    found.input_queue.put_nowait({"type": "http.disconnect"})
    return found


@pytest.mark.parametrize("chunks", [[b""], [b"12345", b"67890"], [b"1234567890"], [b"", b"", b"1"]])
async def test_a_body_within_the_limit_is_read_as_it_is(chunks):
    asked = conversation(*chunks)
    assert await asked.receive_output() == {"declared": b"", "body": b"".join(chunks), "query": b""}
    assert await asked.receive_output() == {"type": "http.disconnect"}


async def test_a_body_is_not_read_beyond_the_limit():
    asked = conversation(b"123456", b"789012", b"3" * 1000, b"4")
    assert await asked.receive_output() == {"declared": b"12", "body": b"123456", "query": b""}
    assert await asked.receive_output() == {"type": "http.disconnect"}


async def test_a_declared_body_over_the_limit_is_not_read_at_all():
    asked = conversation(b"1" * 11, headers=[(b"content-length", b"11")])
    assert await asked.receive_output() == {"declared": b"11", "body": b"", "query": b""}
    assert await asked.receive_output() == {"type": "http.disconnect"}


@pytest.mark.parametrize(
    ("query", "read"), [(b"a=b%20c", b"a=b%20c"), (b"a=\xff\xc3\xa9&b", b"a=%FF%C3%A9&b")]
)
async def test_bytes_of_a_query_are_written_as_they_should_have_been(query, read):
    asked = conversation(b"", query=query)
    assert (await asked.receive_output())["query"] == read


async def test_other_protocols_pass():
    seen = []

    async def other(scope, receive, send):
        seen.append(scope["type"])

    await limited(other, limit_bytes=1)({"type": "websocket"}, None, None)
    assert seen == ["websocket"]


@pytest.mark.django_db(transaction=True)
class TestServer:
    async def answer(
        self, method="GET", path="/api/namespaces", *, query=b"", body=b"", headers=(HOST,)
    ) -> dict:
        scope = {"type": "http", "method": method, "path": path, "query_string": query}
        scope |= {"headers": list(headers), "client": ("127.0.0.1", 4711)}
        asked = ApplicationCommunicator(application, scope)
        for begin in range(0, len(body) + 1, 65536):
            chunk = body[begin : begin + 65536]
            more = begin + 65536 <= len(body)
            await asked.send_input({"type": "http.request", "body": chunk, "more_body": more})
        start = await asked.receive_output(10)
        sent = await asked.receive_output(10)
        await asked.send_input({"type": "http.disconnect"})
        await asked.wait(10)
        names = {name.lower(): value for name, value in start["headers"]}
        assert names[b"x-request-id"]
        assert names[b"content-type"] == b"application/json"
        return {"status": start["status"], "json": json.loads(sent["body"])}

    async def test_a_body_in_chunks_is_refused_by_its_size(self):
        found = await self.answer("POST", body=b"x" * 1_048_577)
        assert (found["status"], found["json"]["code"]) == (413, "payload_too_large")

    async def test_a_body_in_chunks_of_the_limit_is_read(self):
        assert (await self.answer("POST", body=b"x" * 1_048_576))["status"] == 405

    async def test_bytes_in_a_query_are_a_bad_value_and_no_more(self):
        found = await self.answer(query=b"sort=\xff\xfe")
        assert (found["status"], found["json"]["code"]) == (400, "validation_error")

    async def test_a_host_must_be_ours(self):
        found = await self.answer(headers=[(b"host", b"evil.example.com")])
        assert (found["status"], found["json"]["code"]) == (400, "bad_request")

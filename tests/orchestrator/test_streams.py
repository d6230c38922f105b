"""orchestrator.streams"""

import asyncio

import pytest

from orchestrator import streams

STREAM = [(b"Content-Type", b"text/event-stream")]


def answering(headers, heard: list):
    """Return an application that begins an answer, and goes on until it hears something."""

    async def app(scope, receive, send):
        heard.append(await receive())
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        heard.append(await receive())

    return app


@pytest.fixture
def asked():
    """What the server tells the application: the request, and nothing more unless a test says so."""
    messages: asyncio.Queue = asyncio.Queue()
    messages.put_nowait({"type": "http.request", "body": b""})
    return messages


async def begun(app, asked, sent: list) -> asyncio.Task:
    """Run an application until it has begun its answer."""
    started = asyncio.Event()

    async def send(message):
        sent.append(message)
        started.set()

    task = asyncio.create_task(streams.ending(app)({"type": "http"}, asked.get, send))
    await asyncio.wait_for(started.wait(), 5)
    return task


async def test_a_stream_is_ended_and_its_reader_sees_a_proper_end(asked):
    heard, sent = [], []
    task = await begun(answering(STREAM, heard), asked, sent)
    streams.end()
    await asyncio.wait_for(task, 5)
    assert heard[-1] == {"type": "http.disconnect"}
    assert sent[-1] == {"type": "http.response.body"}
    assert not streams._open


async def test_another_answer_goes_on(asked):
    heard, sent = [], []
    task = await begun(answering([(b"Content-Type", b"application/json")], heard), asked, sent)
    streams.end()
    asked.put_nowait({"type": "http.disconnect", "by": "the reader"})
    await asyncio.wait_for(task, 5)
    assert heard[-1]["by"] == "the reader"
    assert len(sent) == 1


async def test_who_leaves_is_forgotten(asked):
    task = await begun(answering(STREAM, []), asked, [])
    assert len(streams._open) == 1
    asked.put_nowait({"type": "http.disconnect"})
    await asyncio.wait_for(task, 5)
    assert not streams._open

"""GET /stacks and /stacks/{id} as server-sent events: which stacks changed, and what they are now.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.timezone import now

from apis import stack_requests, stack_shapes
from apis.authentication import in_thread
from apis.logs import LIFETIME_SECONDS, RETRY_MILLISECONDS, STREAM_HEADERS, is_still_welcome, timestamp
from apis.stack_area import READ
from orchestrator import live
from orchestrator.backends.cluster.port import Kind
from orchestrator.services import stacks
from orchestrator.services.clusters import feed
from orchestrator.services.stacks import View, place
from orchestrator.services.stacks.errors import StackNotFound
from orchestrator.services.stacks.waiting import topics_of

EVENTS = "text/event-stream"
INTERVAL_SECONDS = 0.5  # between two looks at all stacks
REST = 9  # times as long as a look took: a thousand stacks that move must not keep a processor busy
Shapes = dict[str, dict[str, Any]]  # by the id of the stack


def wanted(request: HttpRequest) -> bool:
    """Return True if somebody asks for events rather than for JSON."""
    return request.get_preferred_type(["application/json", EVENTS]) == EVENTS


def of_one(request: HttpRequest, view: View) -> HttpResponseBase:
    """Return what a stack is, and then each change of it; the stream ends with the stack."""
    topics = topics_of(stack_id=view.stack_id, context=view.context, namespace=view.namespace)
    return _response(request, _frames(request, partial(_one, view.stack_id), topics, first=True))


def of_all(request: HttpRequest) -> HttpResponseBase:
    """Return the changes of the stacks that a query names; what there is now is not told."""
    query = stack_requests.query(request)
    stacks.page(
        query, at=now(), counted=False
    )  # What is wrong with the query is said before the stream begins.
    pods = feed.topic(Kind.PODS, context=place.cluster().context.name, namespace=settings.STACK_NAMESPACE)
    topics = frozenset({"stacks", pods})
    return _response(request, _frames(request, partial(_all, query), topics, first=False))


def _response(request: HttpRequest, frames: AsyncIterator[bytes]) -> HttpResponseBase:
    if request.method == "HEAD":  # A stream would stay open although nobody reads it.
        return HttpResponse(content_type=EVENTS, headers=STREAM_HEADERS)
    return StreamingHttpResponse(frames, content_type=EVENTS, headers=STREAM_HEADERS)


def _one(stack_id: str) -> Shapes:
    try:
        return {stack_id: stack_shapes.moved(stacks.get(stack_id, at=now()))}
    except StackNotFound:
        return {}


def _all(query: stacks.Query) -> Shapes:
    views = stacks.page(query, at=now(), counted=False).views
    return {view.stack_id: stack_shapes.moved(view) for view in views}


async def _frames(
    request: HttpRequest, look: Callable[[], Shapes], topics: frozenset[str], *, first: bool
) -> AsyncIterator[bytes]:
    """Yield what changed between two looks; one stack is told at once, and its end ends the stream."""
    clock = asyncio.get_running_loop().time
    last_id = request.headers.get("Last-Event-ID")
    # Followed in here and not in the view: a generator that is never started never cleans up.
    with live.hub.follow(topics, interval_seconds=INTERVAL_SECONDS) as follower:
        here = live.hub.id_of(live.hub.mark())
        known = {} if first else await in_thread(look)
        yield f"retry: {RETRY_MILLISECONDS}\nid: {here}\n".encode() + frame(
            "connected", {"timestamp": timestamp()}
        )
        if last_id and not first and live.hub.missed(topics, since=last_id):
            yield f"id: {here}\n".encode() + frame(
                "resync", {"reason": "Stacks changed meanwhile: read again."}
            )
        ends_at, beat_at = clock() + LIFETIME_SECONDS, clock() + settings.SSE_HEARTBEAT_SECONDS
        while clock() < ends_at:
            looked_at = clock()
            found = await in_thread(look)
            rest_until = clock() + REST * (clock() - looked_at)
            for part in _changes(known, found):
                yield f"id: {here}\n".encode() + frame("stack", part)
            known = found
            if first and not found:
                return
            try:
                async with asyncio.timeout_at(beat_at):
                    here = (await follower.next()).id
                await asyncio.sleep(rest_until - clock())
            except TimeoutError:
                if not await is_still_welcome(request, needs=READ):
                    return
                beat_at = clock() + settings.SSE_HEARTBEAT_SECONDS
                yield f"id: {here}\n".encode() + frame("heartbeat", {"timestamp": timestamp()})


def _changes(known: Shapes, found: Shapes) -> list[dict[str, Any]]:
    """Return what is new, what is different, and what is gone."""
    told = []
    for stack_id, shape in found.items():
        if stack_id not in known:
            told.append({"type": "ADDED", "object": shape})
        elif shape != known[stack_id]:
            told.append({"type": "MODIFIED", "object": shape})
    return told + [{"type": "DELETED", "object": known[each]} for each in known if each not in found]


def frame(event: str, data: Mapping[str, Any]) -> bytes:
    return f"event: {event}\ndata: ".encode() + orjson.dumps(data) + b"\n\n"

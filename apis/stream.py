"""GET /api/stream: server-sent events that say what changed in a cluster.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt

from apis import authentication, errors, throttling
from apis.clusters import place_headers
from orchestrator import live
from orchestrator.backends.cluster.port import ChangeType, Kind
from orchestrator.backends.errors import Unreachable
from orchestrator.services import preferences
from orchestrator.services.clusters import contexts, feed, lists
from orchestrator.services.clusters.contexts import Scope

SCOPE = "clusters:read"
MERGE_SECONDS = 0.1  # Changes within it go out together.
LIFETIME_SECONDS = 15 * 60  # The client comes back by itself, perhaps to another process.
RETRY_MILLISECONDS = 3000
HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
NOT_CONFIGURED = "Kubernetes cluster not configured. Real-time updates disabled."
KINDS = {
    kind.singular: kind
    for kind in (Kind.DEPLOYMENTS, Kind.PODS, Kind.EVENTS, Kind.STATEFULSETS, Kind.DAEMONSETS, Kind.JOBS)
} | {"node": Kind.NODES}


@dataclass(frozen=True, slots=True)
class Ask:
    """What one client wants to hear."""

    scope: Scope
    wanted: feed.Wanted
    snapshot: bool
    last_id: str | None


@login_not_required  # A redirect to the sign-in page means nothing to an EventSource.
@csrf_exempt  # Other methods are 405, with a token and without.
async def stream(request: HttpRequest) -> HttpResponseBase:
    """Stream the changes of some kinds; bad parameters are refused before the stream begins."""
    if request.method not in ("GET", "HEAD"):
        return errors.method_not_allowed(request, ["GET", "HEAD"])
    try:
        caller = await authentication.caller(request, scope=SCOPE)
        await sync_to_async(throttling.require)("STREAM", request, caller=caller)
        choice = await sync_to_async(preferences.choice_of)(caller)
        ask = _ask(request, choice)
    except Unreachable:
        return _response(request, _nothing_to_tell(), {})
    except Exception as exc:  # Handed on if it is not one of ours.
        return errors.answered(exc, request)
    return _response(request, _frames(ask, request), place_headers(ask.scope))


def _response(
    request: HttpRequest, frames: AsyncIterator[bytes], headers: dict[str, str]
) -> HttpResponseBase:
    head = {**HEADERS, **headers}
    if request.method == "HEAD":  # A stream would stay open although nobody reads it.
        return HttpResponse(content_type="text/event-stream", headers=head)
    return StreamingHttpResponse(frames, content_type="text/event-stream", headers=head)


def _ask(request: HttpRequest, choice: contexts.Choice) -> Ask:
    query = request.GET
    scope = contexts.scope(
        context=query.get("context"),
        namespace=query.get("namespace"),
        mode=query.get("mode"),
        choice=choice,
    )
    words = [word.strip() for word in query.get("kinds", "").split(",") if word.strip()]
    if unknown := [word for word in words if word not in KINDS]:
        raise contexts.invalid("kinds", f"{unknown[0][:50]} is none of {', '.join(KINDS)}")
    snapshot = query.get("snapshot", "false").lower()
    if snapshot not in ("true", "false"):
        raise contexts.invalid("snapshot", "snapshot is true or false")
    kinds = frozenset(KINDS[word] for word in words) or frozenset(feed.STREAM_KINDS)
    wanted = feed.Wanted(kinds, scope.namespace)
    return Ask(scope, wanted, snapshot == "true", request.headers.get("Last-Event-ID"))


async def _frames(ask: Ask, request: HttpRequest) -> AsyncIterator[bytes]:
    context = ask.scope.context.name
    journal = feed.journal(context)
    topics = frozenset({feed.stream_topic(context)})
    clock = asyncio.get_running_loop().time
    # Followed in here and not in the view: a generator that is never started never cleans up.
    with live.hub.follow(topics, interval_seconds=MERGE_SECONDS) as follower:
        _use(ask)
        resumed = journal.number_of(ask.last_id)
        number = journal.last if resumed is None else resumed
        yield _greeting(ask, journal.id_of(number))
        if ask.last_id and resumed is None:
            yield journal.resync("This id is not from here: some changes may be missing.").body
        if ask.snapshot:
            yield await asyncio.to_thread(_snapshot, ask)
        ends_at = clock() + LIFETIME_SECONDS
        beat_at = clock() + settings.SSE_HEARTBEAT_SECONDS
        while clock() < ends_at:
            batch = journal.since(number, ask.wanted)  # First of all: who comes back has missed some.
            number = batch.last
            if batch.body:
                yield batch.body
            try:
                # Not wait_for: it makes a task for every wait, which costs more than all we do for a change.
                async with asyncio.timeout_at(beat_at):
                    await follower.next()
            except TimeoutError:
                if not await _is_still_welcome(request):
                    return
                beat_at = clock() + settings.SSE_HEARTBEAT_SECONDS
                yield _heartbeat(ask, journal.id_of(number))


async def _nothing_to_tell() -> AsyncIterator[bytes]:
    yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
    yield _frame("error", {"message": NOT_CONFIGURED, "retrying": False})


async def _is_still_welcome(request: HttpRequest) -> bool:
    """Return False once the key was revoked or the user signed out."""
    try:
        await authentication.caller(request, scope=SCOPE)
    except Exception:  # Whatever the reason is, the next connection will tell it.
        return False
    return True


def _use(ask: Ask) -> bool:
    """Keep the watches of a stream running; return True if all of them know everything."""
    states = [ask.scope.cluster.cache(kind).state() for kind in ask.wanted.kinds]
    return all(state.synced for state in states)


def _greeting(ask: Ask, frame_id: str) -> bytes:
    place = {"namespace": ask.scope.namespace or "", "context": ask.scope.context.name}
    data = {"timestamp": _timestamp(), **place}
    return f"retry: {RETRY_MILLISECONDS}\nid: {frame_id}\n".encode() + _frame("connected", data)


def _heartbeat(ask: Ask, frame_id: str) -> bytes:
    # The id moves on although nothing was sent: what the reader did not ask for need not be looked at again.
    return f"id: {frame_id}\n".encode() + _frame(
        "heartbeat", {"timestamp": _timestamp(), "synced": _use(ask)}
    )


def _snapshot(ask: Ask) -> bytes:
    """Return what exists as ADDED frames, without ids: they are no place to resume from.

    Waits for caches that have just begun, as a list does.
    """
    frames = []
    for kind in sorted(ask.wanted.kinds):
        rows = lists.everything(kind, ask.scope)
        frames += [feed.frame(kind, ChangeType.ADDED, row) for row in rows]
    return b"".join(frames)


def _frame(event: str, data: Mapping[str, object]) -> bytes:
    return f"event: {event}\ndata: {json.dumps(data)}\n\n".encode()


def _timestamp() -> str:
    return now().isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"

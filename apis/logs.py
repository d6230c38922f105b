"""GET /api/pods/{name}/logs: as JSON, as text, as a stream of either, or as a file."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt
from rest_framework import serializers

from apis import authentication, errors, throttling
from apis.clusters import WholeNumber, place_headers
from orchestrator.backends.cluster.port import LogStream
from orchestrator.backends.errors import BackendError
from orchestrator.services.clusters import contexts, log_lines, logs
from orchestrator.services.clusters.contexts import Scope
from orchestrator.services.clusters.log_tail import Batch, Tail

SCOPE = "clusters:read"
JSON, TEXT, EVENTS = "application/json", "text/plain", "text/event-stream"
TEXT_TYPE = "text/plain; charset=utf-8"
STREAM_HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
LIFETIME_SECONDS = 15 * 60  # An EventSource comes back by itself and goes on after its last line.
RETRY_MILLISECONDS = 3000
Welcome = Callable[[], Awaitable[bool]]
AT_ONCE = 500  # lines of one write, so that others get their turn in between


class LogParameters(serializers.Serializer[Any]):
    """Types only; which values are allowed is decided in `services.clusters.logs`."""

    container = serializers.CharField(required=False, allow_blank=True, default="")
    tail = WholeNumber(required=False, default=None)
    sinceSeconds = WholeNumber(required=False, default=None)  # noqa: N815
    since = serializers.CharField(required=False, allow_blank=True, default="")
    search = serializers.CharField(required=False, allow_blank=True, default="")
    after = serializers.CharField(required=False, allow_blank=True, default="")
    previous = serializers.ChoiceField(["true", "false"], required=False, default="false")
    timestamps = serializers.ChoiceField(["true", "false"], required=False, default="false")
    follow = serializers.ChoiceField(["true", "false", ""], required=False, default="")
    download = serializers.ChoiceField(["true", "false"], required=False, default="false")


@login_not_required  # A redirect to the sign-in page means nothing to an EventSource.
@csrf_exempt  # Other methods are 405, with a token and without.
async def pod_logs(request: HttpRequest, name: str) -> HttpResponseBase:
    """Answer with the log of a container; whatever is wrong is said before anything is streamed."""
    if request.method not in ("GET", "HEAD"):
        return errors.method_not_allowed(request, ["GET", "HEAD"])
    try:
        caller = await authentication.caller(request, scope=SCOPE)
        await sync_to_async(throttling.require)("LOGS", request, caller=caller)
        parameters = LogParameters(data=request.GET.dict())
        parameters.is_valid(raise_exception=True)
        query = request.GET
        scope = contexts.scope(
            context=query.get("context"), namespace=query.get("namespace"), mode=query.get("mode")
        )
        return await answer(request, scope, name, parameters.validated_data)
    except Exception as exc:  # Handed on if it is not one of ours.
        return errors.answered(exc, request)


async def answer(
    request: HttpRequest, scope: Scope, name: str, values: dict[str, Any], *, needs: str = SCOPE
) -> HttpResponseBase:
    """Answer with the log of a pod; a stream ends once its reader has no longer the scope that it needs."""
    form = form_of(request)
    download = values["download"] == "true"
    log = await sync_to_async(logs.find)(scope, name, ask_of(request, values, everything=download))
    follow = values["follow"] == "true" or (form == EVENTS and values["follow"] != "false")
    stamped = values["timestamps"] == "true"
    if not (download or follow or form == EVENTS):
        return await sync_to_async(_whole)(log, form, stamped=stamped)
    events = form == EVENTS and not download
    stream = await sync_to_async(logs.open_log)(
        log, follow=follow and not download, timestamps=stamped or events
    )
    headers = STREAM_HEADERS | place_headers(scope)
    if download:
        headers["Content-Disposition"] = f'attachment; filename="{log.pod}_{log.container}.log"'
    if request.method == "HEAD":  # A stream would stay open although nobody reads it.
        await sync_to_async(stream.close)()
        return HttpResponse(content_type=EVENTS if events else TEXT_TYPE, headers=headers)
    welcome = partial(is_still_welcome, request, needs=needs)
    parts = _frames(stream, log, welcome) if events else _text(stream, log, welcome)
    return StreamingHttpResponse(parts, content_type=EVENTS if events else TEXT_TYPE, headers=headers)


def form_of(request: HttpRequest) -> str:
    return request.get_preferred_type([JSON, TEXT, EVENTS]) or JSON


def ask_of(request: HttpRequest, values: dict[str, Any], *, everything: bool) -> logs.Ask:
    usual = None if everything else logs.DEFAULT_TAIL
    return logs.Ask(
        container=values["container"].strip(),
        tail=usual if values["tail"] is None else values["tail"],
        since_seconds=values["sinceSeconds"],
        since=values["since"].strip(),
        previous=values["previous"] == "true",
        search=values["search"],
        after=logs.checked_stamp(request.headers.get("Last-Event-ID") or values["after"].strip()),
    )


def _whole(log: logs.Log, form: str, *, stamped: bool) -> HttpResponse:
    """Return the end of a log in one answer; `X-Partial` says that older lines were too much."""
    found = logs.read(log)
    shown = found.lines if stamped else [log_lines.divided(line)[1] for line in found.lines]
    text = "".join(f"{line}\n" for line in shown)
    headers = place_headers(log.scope) | ({"X-Partial": "true"} if found.cut else {})
    if form == TEXT:
        return HttpResponse(text, content_type=TEXT_TYPE, headers=headers)
    entries = [log_lines.parse(line, stamped=True) for line in found.lines]
    parsed = [entry.as_json(number) for number, entry in enumerate(entries, 1)]
    return JsonResponse({"logs": text, "parsed": parsed, "totalLines": len(parsed)}, headers=headers)


async def _text(stream: LogStream, log: logs.Log, welcome: Welcome) -> AsyncIterator[bytes]:
    """Send lines as they come. Nothing is left out: a slow reader makes the API server wait."""
    clock = asyncio.get_running_loop().time
    tail = Tail(stream, wanted=logs.Filter(log.ask), lossy=False)
    beat_at = clock() + settings.SSE_HEARTBEAT_SECONDS
    try:
        while (batch := await _next(tail, until=beat_at)) is not None:
            if batch.lines:
                yield b"".join(line + b"\n" for line in batch.lines)
            if clock() >= beat_at:
                if not await welcome():
                    return
                beat_at = clock() + settings.SSE_HEARTBEAT_SECONDS
    except BackendError as exc:
        yield f"--- The log broke off here: {exc.message}\n".encode()
    finally:
        tail.leave()


async def _frames(stream: LogStream, log: logs.Log, welcome: Welcome) -> AsyncIterator[bytes]:
    """Send lines as frames; a reader who falls behind is told how many lines were left out."""
    clock = asyncio.get_running_loop().time
    tail = Tail(stream, wanted=logs.Filter(log.ask), lossy=True)
    ends_at = clock() + LIFETIME_SECONDS
    beat_at = clock() + settings.SSE_HEARTBEAT_SECONDS
    number = 0
    try:
        yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
        while clock() < ends_at:
            batch = await _next(tail, until=beat_at)
            if batch is None:
                yield frame("end", {"timestamp": timestamp(), "reason": "The log has ended."})
                return
            if batch.missed:
                yield frame("missed", {"lines": batch.missed})
            if batch.lines:
                yield _logged(batch.lines, first=number + 1)
                number += len(batch.lines)
            if clock() >= beat_at:
                if not await welcome():
                    return
                beat_at = clock() + settings.SSE_HEARTBEAT_SECONDS
                yield frame("heartbeat", {"timestamp": timestamp()})
    except BackendError as exc:
        yield frame("error", {"message": exc.message, "code": exc.code, "retrying": False})
    finally:
        tail.leave()


async def _next(tail: Tail, *, until: float) -> Batch | None:
    """Return what came, an empty batch when it is time for other things, None at the end."""
    try:
        async with asyncio.timeout_at(until):
            return await tail.next(AT_ONCE)
    except TimeoutError:
        return Batch([], 0)


async def is_still_welcome(request: HttpRequest, *, needs: str = SCOPE) -> bool:
    """Return False once the key was revoked or the user signed out."""
    try:
        await authentication.caller(request, scope=needs)
    except Exception:  # Whatever the reason is, the next connection will tell it.
        return False
    return True


def _logged(lines: list[bytes], *, first: int) -> bytes:
    """Return a frame for each line; its id is the stamp to go on after."""
    frames = []
    for number, line in enumerate(lines, first):
        entry = log_lines.parse(line.decode(errors="replace"), stamped=True)
        stamp = f"id: {entry.stamp}\n" if entry.stamp else ""
        frames.append(f"{stamp}event: log\ndata: {json.dumps(entry.as_json(number))}\n\n")
    return "".join(frames).encode()


def frame(event: str, data: Mapping[str, object]) -> bytes:
    return f"event: {event}\ndata: {json.dumps(data)}\n\n".encode()


def timestamp() -> str:
    return now().isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"

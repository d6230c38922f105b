"""GET /api/{deployments,…}/{name}/logs: the logs of all pods of a workload as one, in the order of time."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from apis import authentication, errors, throttling
from apis.clusters import place_headers
from apis.logs import (
    AT_ONCE,
    EVENTS,
    LIFETIME_SECONDS,
    RETRY_MILLISECONDS,
    SCOPE,
    STREAM_HEADERS,
    TEXT,
    TEXT_TYPE,
    LogParameters,
    ask_of,
    form_of,
    frame,
    is_still_welcome,
    timestamp,
)
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import BackendError
from orchestrator.errors import DomainError
from orchestrator.services.clusters import contexts, log_lines, log_merge, workload_logs
from orchestrator.services.clusters.log_merge import Follower, Line, News
from orchestrator.services.clusters.workload_logs import Workload

PAUSE_SECONDS = 0.25  # after a full write: 2,000 lines a second are told, and how many more there were
NOTHING = News([], 0, [], [], [])


def paths() -> list[URLPattern]:
    """Return the URL of the logs of each kind of workload."""
    return [
        path(f"api/{kind}/<str:name>/logs", _view(kind), name=f"{kind}-logs") for kind in workload_logs.KINDS
    ]


def _view(kind: Kind) -> Callable[..., Any]:
    @login_not_required  # A redirect to the sign-in page means nothing to an EventSource.
    @csrf_exempt  # Other methods are 405, with a token and without.
    async def view(request: HttpRequest, name: str) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD"):
            return errors.method_not_allowed(request, ["GET", "HEAD"])
        try:
            caller = await authentication.caller(request, scope=SCOPE)
            await sync_to_async(throttling.require)("LOGS", request, caller=caller)
            parameters = LogParameters(data=request.GET.dict())
            parameters.is_valid(raise_exception=True)
            return await _answer(request, kind, name, parameters.validated_data)
        except Exception as exc:  # Handed on if it is not one of ours.
            return errors.answered(exc, request)

    return view


async def _answer(request: HttpRequest, kind: Kind, name: str, values: dict[str, Any]) -> HttpResponseBase:
    form, query = form_of(request), request.GET
    download = values["download"] == "true"
    scope = contexts.scope(
        context=query.get("context"), namespace=query.get("namespace"), mode=query.get("mode")
    )
    ask = ask_of(request, values, everything=download)
    workload = await sync_to_async(workload_logs.find)(kind, scope, name, ask)
    follow = values["follow"] == "true" or (form == EVENTS and values["follow"] != "false")
    stamped = values["timestamps"] == "true"
    if not (download or follow or form == EVENTS):
        return await sync_to_async(_whole)(workload, form, stamped=stamped)
    events = form == EVENTS and not download
    headers = STREAM_HEADERS | place_headers(scope)
    if download:
        headers["Content-Disposition"] = f'attachment; filename="{workload.name}.log"'
    content_type = EVENTS if events else TEXT_TYPE
    if request.method == "HEAD":  # A stream would stay open although nobody reads it.
        return HttpResponse(content_type=content_type, headers=headers)
    if download or not follow:
        sources = await sync_to_async(workload_logs.sources)(workload)
        parts = _file(sources, events=events, stamped=stamped)
    else:
        parts = _frames(workload, request) if events else _text(workload, request, stamped=stamped)
    return StreamingHttpResponse(parts, content_type=content_type, headers=headers)


def _whole(workload: Workload, form: str, *, stamped: bool) -> HttpResponse:
    """Return the end of all logs in one answer; `X-Partial` says that lines or logs are missing."""
    found = workload_logs.read(workload)
    partial = found.cut or found.left_out or found.unread
    headers = place_headers(workload.scope) | ({"X-Partial": "true"} if partial else {})
    text = "".join(_prefixed(said.pod, said.container, said.line, stamped=stamped) for said in found.lines)
    if form == TEXT:
        return HttpResponse(text, content_type=TEXT_TYPE, headers=headers)
    entries = [
        _entry(said.pod, said.container, said.line, number) for number, said in enumerate(found.lines, 1)
    ]
    body = {
        "logs": text,
        "parsed": entries,
        "totalLines": len(entries),
        "leftOut": found.left_out,
        "unread": [{"source": name, "error": error} for name, error in found.unread.items()],
    }
    return JsonResponse(body, headers=headers)


async def _file(sources: workload_logs.Sources, *, events: bool, stamped: bool) -> AsyncIterator[bytes]:
    """Send all lines there are; nothing is left out, for a slow reader makes the API server wait."""
    number = 0
    try:
        if events:
            yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
        elif sources.left_out:
            yield f"--- Left out, for they are too many: {', '.join(sources.left_out)}\n".encode()
        async for lines in log_merge.whole(sources.logs):
            yield _logged(lines, number) if events else _plain(lines, stamped=stamped)
            number += len(lines)
        if events:
            yield frame("end", {"timestamp": timestamp(), "reason": "The logs have ended."})
    except BackendError as exc:
        yield (
            frame("error", {"message": exc.message, "code": exc.code, "retrying": False})
            if events
            else f"--- The log broke off here: {exc.message}\n".encode()
        )


async def _text(workload: Workload, request: HttpRequest, *, stamped: bool) -> AsyncIterator[bytes]:
    try:
        async for news in _followed(workload, request):
            if news is not None and news.missed:
                yield f"--- {news.missed} lines were left out\n".encode()
            if news is not None and news.lines:
                yield _plain(news.lines, stamped=stamped)
    except (BackendError, DomainError) as exc:
        yield f"--- The log broke off here: {exc.message}\n".encode()


async def _frames(workload: Workload, request: HttpRequest) -> AsyncIterator[bytes]:
    """Send lines as frames; a reader who falls behind is told how many lines were left out."""
    number = 0
    left_out: list[str] = []
    try:
        yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
        async for news in _followed(workload, request):
            if news is None:
                yield frame("end", {"timestamp": timestamp(), "reason": "Every pod has ended."})
                return
            if news.left_out != left_out:
                left_out = news.left_out
                yield frame("sources", {"leftOut": left_out})
            for type_, names in (("joined", news.joined), ("ended", news.left)):
                for name in names:
                    yield frame("source", {"source": name, "type": type_})
            lines = news.lines[-AT_ONCE:]
            if missed := news.missed + len(news.lines) - len(lines):
                yield frame("missed", {"lines": missed})
            if lines:
                yield _logged(lines, number)
                number += len(lines)
            if len(lines) == AT_ONCE:  # A flood: more than this nobody reads, and a page could not show.
                await asyncio.sleep(PAUSE_SECONDS)
            if news is NOTHING:
                yield frame("heartbeat", {"timestamp": timestamp()})
    except (BackendError, DomainError) as exc:
        yield frame("error", {"message": exc.message, "code": exc.code, "retrying": False})


async def _followed(workload: Workload, request: HttpRequest) -> AsyncIterator[News | None]:
    """Yield news, `NOTHING` after a while of silence, None at the end; while the caller is welcome."""
    clock = asyncio.get_running_loop().time
    follower = Follower(workload)
    ends_at, beat_at = clock() + LIFETIME_SECONDS, clock() + settings.SSE_HEARTBEAT_SECONDS
    try:
        while clock() < ends_at:
            news = await _next(follower, until=beat_at)
            yield news
            if news is None:
                return
            if clock() >= beat_at:
                if not await is_still_welcome(request):
                    return
                beat_at = clock() + settings.SSE_HEARTBEAT_SECONDS
    finally:
        await follower.leave()


async def _next(follower: Follower, *, until: float) -> News | None:
    try:
        async with asyncio.timeout_at(until):
            return await follower.next()
    except TimeoutError:
        return NOTHING


def _entry(pod: str, container: str, line: str, number: int) -> dict[str, Any]:
    parsed = log_lines.parse(line, stamped=True)
    return {**parsed.as_json(number), "pod": pod, "container": container}


def _logged(lines: list[Line], before: int) -> bytes:
    """Return a frame for each line; its id is the stamp to go on after."""
    frames = []
    for number, each in enumerate(lines, before + 1):
        text = each.line.decode(errors="replace")
        stamp = log_lines.divided(text)[0]
        data = json.dumps(_entry(each.pod, each.container, text, number))
        frames.append((f"id: {stamp}\n" if stamp else "") + f"event: log\ndata: {data}\n\n")
    return "".join(frames).encode()


def _plain(lines: list[Line], *, stamped: bool) -> bytes:
    return "".join(
        _prefixed(each.pod, each.container, each.line.decode(errors="replace"), stamped=stamped)
        for each in lines
    ).encode()


def _prefixed(pod: str, container: str, line: str, *, stamped: bool) -> str:
    """Return a line of text that says whose it is."""
    return f"[{pod}/{container}] {line if stamped else log_lines.divided(line)[1]}\n"

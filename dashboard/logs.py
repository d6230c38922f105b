"""The page with the log of one container of a pod."""

from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from dashboard import cells, tables
from dashboard.ansi import to_html
from dashboard.permissions import may, needs
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import BackendError
from orchestrator.services.clusters import contexts, log_lines, logs, objects, terminal

KNOWN = ("context", "container", "tail", "since", "search", "previous", "timestamps")
TAILS = (100, 500, 1000, 5000)
SINCE = {
    "": "Any time",
    "5m": "Last 5 min",
    "15m": "Last 15 min",
    "1h": "Last hour",
    "6h": "Last 6 h",
    "24h": "Last day",
}
COLOURS = 6  # for pods; `static/css/logs.css` has them
POD_LENGTH = 16  # characters
LEVELS = {"WARN": " w", "WARNING": " w"} | dict.fromkeys(
    ("ERROR", "ERR", "FATAL", "CRITICAL", "CRIT", "PANIC", "ALERT", "EMERG", "EMERGENCY"), " e"
)


@dataclass(frozen=True, slots=True)
class Shown:
    """Lines as a page shows them, or in a sentence why there are none."""

    html: SafeString = mark_safe("")
    number: int = 0
    cut: bool = False
    last: str = ""  # stamp of the last line that was read
    trouble: str = ""


@require_safe
@needs("clusters:read")
def pod(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    address = tables.Address(request, known=KNOWN)
    scope = contexts.scope(context=address.get("context"), namespace=namespace)
    address.query["context"] = scope.context.name
    context = {
        "name": name,
        "namespace": namespace,
        "writes": may(request, terminal.SCOPE),
        "place": "?" + urlencode({"context": scope.context.name}),
        "pods": reverse("dashboard:pods") + "?" + urlencode({"context": scope.context.name}),
        "pods_here": reverse("dashboard:pods")
        + "?"
        + urlencode({"context": scope.context.name, "namespace": namespace}),
        **of_pod(scope, name, address),
    }
    return render(request, "logs/page.html", context)


def of_pod(scope: contexts.Scope, name: str, address: tables.Address) -> dict[str, Any]:
    """Return what the panel with a log shows; raise `Missing` or a `BackendError` without its pod."""
    found = objects.read(Kind.PODS, scope, name)
    namespace = scope.namespace or ""
    containers = logs.containers(found.manifest)
    chosen = address.get("container") or logs.usual(found.manifest)
    ask = ask_of(address, chosen)
    shown = _shown(scope, name, ask, address)
    before = _previous(scope, name, ask, address, shown) if address.get("previous") == "true" else None
    return {
        "scope": scope,
        "badge": cells.state_of(found.row),
        "containers": [(each, address.to(container=each.name), each.name == chosen) for each in containers],
        "chosen": chosen,
        "ended": next((each.ended for each in containers if each.name == chosen), ""),
        "before": before,
        "shown": shown,
        "here": address.to(),
        "query": address.query,
        "timestamps": address.get("timestamps") == "true",
        "tail": ask.tail,
        "tails": TAILS,
        "since": SINCE,
        "download": _api(name, namespace, address, chosen, download="true"),
        "follow": "" if shown.trouble else _followed(name, namespace, address, chosen, shown),
    }


def row_html(
    entry: log_lines.Line, *, mark: str, timestamps: bool, pod: str = "", container: str = ""
) -> str:
    """Return a line of a log as a row; `static/js/logs.js` makes the same of what comes later.

    With a pod, it says whose the line is; each pod keeps its colour.
    """
    css = LEVELS.get(entry.level, "")
    time = entry.timestamp if timestamps else _clock(entry.timestamp)
    level = f'<span class="lv">{escape(entry.level[:8])}</span>'
    message = f"<span>{to_html(entry.message, mark=mark)}</span>"
    return f'<span class="l{css}"><s>{escape(time)}</s>{_whose(pod, container)}{level}{message}</span>'


def _whose(pod: str, container: str) -> str:
    """Return the end of a pod's name, which tells it from the others of its workload."""
    if not pod:
        return ""
    colour = sum(place * ord(letter) for place, letter in enumerate(pod, 1)) % COLOURS
    return (
        f'<b class="pod p-{colour}" title="{escape(pod)}/{escape(container)}">{escape(pod[-POD_LENGTH:])}</b>'
    )


def ask_of(address: tables.Address, container: str) -> logs.Ask:
    tail = address.get("tail", str(logs.DEFAULT_TAIL))
    if not (tail.isascii() and tail.isdigit() and int(tail[:6]) <= max(TAILS)):
        raise contexts.invalid("tail", f"tail is a whole number from 1 to {max(TAILS)}")
    return logs.Ask(
        container=container,
        tail=int(tail),
        since=address.get("since"),
        search=address.get("search"),
    )


def _previous(
    scope: contexts.Scope, name: str, ask: logs.Ask, address: tables.Address, shown: Shown
) -> Shown:
    """Return the run before; while a container waits for its next run, that is the one already shown."""
    found = _shown(scope, name, replace(ask, previous=True), address)
    if found.last and found.last == shown.last:
        return Shown(trouble="this is the last run: the container does not run now")
    return found


def _shown(scope: contexts.Scope, name: str, ask: logs.Ask, address: tables.Address) -> Shown:
    """Return the lines of a log. That there is no log is no failure of the page."""
    log = logs.find(scope, name, ask)
    try:
        read = logs.read(log)
    except BackendError as exc:
        return Shown(trouble=exc.message)
    timestamps = address.get("timestamps") == "true"
    entries = [log_lines.parse(line, stamped=True) for line in read.lines]
    html = "".join(row_html(each, mark=ask.search.strip(), timestamps=timestamps) for each in entries)
    last = entries[-1].stamp if entries else ""
    return Shown(mark_safe(html), len(entries), read.cut, last)


def _followed(name: str, namespace: str, address: tables.Address, container: str, shown: Shown) -> str:
    """Return where lines come from that are written from now on."""
    return _api(name, namespace, address, container, after=shown.last)


def _api(name: str, namespace: str, address: tables.Address, container: str, **more: str) -> str:
    kept = ("context", "timestamps") if "download" in more else ("context", "search", "tail")
    query: dict[str, Any] = {key: address.get(key) for key in kept}
    query |= {"namespace": namespace, "container": container, **more}
    said = urlencode({key: value for key, value in query.items() if value})
    return f"{reverse('apis:pod-logs', args=[name])}?{said}"


def _clock(timestamp: str) -> str:
    """Return the time of day of a line; dates are for those who ask for them."""
    try:
        return datetime.fromisoformat(timestamp).strftime("%H:%M:%S.%f")[:-3]
    except ValueError:
        return timestamp[:12]

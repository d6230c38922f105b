"""The page with the logs of all pods of a workload, in the order of time."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe

from dashboard import tables
from dashboard.logs import KNOWN, SINCE, TAILS, Shown, ask_of, row_html
from dashboard.objects import Opened, head, opening
from orchestrator.backends.errors import BackendError
from orchestrator.services.clusters import log_lines, logs, workload_logs
from orchestrator.services.clusters.workload_logs import Workload

EVERY = logs.Container("All", "")
KEPT = ("context", "container", "search", "since")


def _logs(request: HttpRequest, opened: Opened) -> HttpResponse:
    if opened.kind not in workload_logs.KINDS:
        raise Http404
    address = tables.Address(request, known=KNOWN)
    address.query["context"] = opened.scope.context.name
    ask = replace(ask_of(address, address.get("container")), previous=address.get("previous") == "true")
    workload = workload_logs.find(opened.kind, opened.scope, opened.found.row.name, ask)
    shown, notes = _shown(workload, timestamps=address.get("timestamps") == "true")
    context = {
        **head(opened, tab="logs"),
        "containers": _choices(workload, address),
        "chosen": ask.container,
        "ended": "a run before",  # Which of the pods had one is for the cluster to say.
        "previous": ask.previous,
        "shown": shown,
        "notes": notes,
        "query": address.query,
        "timestamps": address.get("timestamps") == "true",
        "tail": ask.tail,
        "tails": TAILS,
        "since": SINCE,
        "download": _api(workload, address, download="true", timestamps=address.get("timestamps")),
        "follow": "" if ask.previous else _api(workload, address, tail=str(ask.tail), after=shown.last),
    }
    return render(request, "logs/workload.html", context)


logs_of = opening(_logs)


def _shown(workload: Workload, *, timestamps: bool) -> tuple[Shown, list[str]]:
    """Return the lines, and what is missing among them in sentences."""
    try:
        found = workload_logs.read(workload)
    except BackendError as exc:
        return Shown(trouble=exc.message), []
    mark = workload.ask.search.strip()
    parsed = [(said, log_lines.parse(said.line, stamped=True)) for said in found.lines]
    html = "".join(
        row_html(entry, mark=mark, timestamps=timestamps, pod=said.pod, container=said.container)
        for said, entry in parsed
    )
    last = parsed[-1][1].stamp if parsed else ""
    notes = [f"{source}: {why}" for source, why in found.unread.items()]
    if found.left_out:
        notes.append(f"Too many to be read at once, so left out: {', '.join(found.left_out)}.")
    return Shown(mark_safe(html), len(parsed), found.cut, last), notes


def _choices(workload: Workload, address: tables.Address) -> Sequence[tuple[logs.Container, str, bool]]:
    """Return the containers that can be chosen, all of them first."""
    chosen = workload.ask.container
    every = replace(workload, ask=replace(workload.ask, container=""))
    try:
        names = dict.fromkeys(each.container for each in workload_logs.sources(every).logs)
    except BackendError:
        names = {}
    found = [(logs.Container(name, ""), address.to(container=name), name == chosen) for name in names]
    return [(EVERY, address.to(container=None), not chosen), *found]


def _api(workload: Workload, address: tables.Address, **more: str) -> str:
    query: dict[str, Any] = {key: address.get(key) for key in KEPT} | more
    query["namespace"] = workload.scope.namespace
    path = reverse(f"apis:{workload.kind}-logs", args=[workload.name])
    return f"{path}?{urlencode({key: value for key, value in query.items() if value})}"

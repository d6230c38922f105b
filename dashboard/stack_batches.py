"""Deleting many stacks: which, the question before, and the page of the job."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from dashboard import stack_cells, tables
from dashboard.htmx import etag, render_either, unchanged
from dashboard.permissions import caller_of, needs
from dashboard.shell import env_of
from dashboard.stack_acts import READ, WRITE
from orchestrator.services.stacks import batches, place, reads
from orchestrator.services.stacks.batches import Job
from orchestrator.services.stacks.reads import View

FILTERS = ("status", "node_id", "q")
MANY = 10  # From more than so many on, the number has to be typed.
MOST_NAMED = 200
GLYPHS = {"queued": "prog", "running": "prog", "completed": "ok", "failed": "crit"}
RESULTS = {  # result of one stack -> shape, words
    "waiting": ("off", "waits"),
    "begun": ("prog", "being deleted"),
    "deleted": ("ok", "deleted"),
    "not_found": ("off", "was gone already"),
    "failed": ("crit", "failed"),
}


@dataclass(frozen=True, slots=True)
class Progress:
    """A job as pages show it."""

    job: Job
    glyph: str
    title: str
    bar: SafeString
    href: str

    @property
    def done(self) -> int:
        return self.job.total - self.job.left


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE)
def delete_many(request: HttpRequest) -> HttpResponse:
    """Ask whether the chosen stacks are to be deleted, or begin to."""
    at = now()
    if request.method != "POST":
        return _question(request, _chosen(request), asked=len(request.GET.getlist("stack_id")))
    ids = request.POST.get("stack_ids", "").split()
    typed = request.POST.get("confirm", "").strip()
    if len(ids) > MANY and typed != str(len(ids)):
        wanted = set(ids)
        views = [view for view in reads.page(reads.Query(), at=at).views if view.stack_id in wanted]
        return _question(request, views, asked=len(ids), typed=typed)
    job = batches.begin(caller_of(request), ids, at=at)
    return redirect("dashboard:stack-job", job.job_id)


@require_safe
@needs(READ)
def job(request: HttpRequest, job_id: str) -> HttpResponse:
    """Answer with how far a job is and how each of its stacks ended."""
    address = tables.Address(request, known=("page",))
    found = batches.job(job_id)
    items = batches.results(job_id, limit=tables.PAGE_SIZE, offset=address.offset)
    tag = etag(address.query, found, items)
    context = {
        "etag": tag,
        "topics": batches.topic(job_id),
        "here": address.to(),
        "progress": progress(found),
        "job": found,
        "rows": [(each, *RESULTS[each.result]) for each in items],
        "pager": tables.pager(address, total=found.total, shown=len(items)),
    }
    return unchanged(request, etag=tag) or render_either(
        request, context, page="stacks/job.html", fragment="stacks/_job.html"
    )


def progress(job: Job) -> Progress:
    """Return a job with its bar and its words."""
    done = job.total - job.left
    parts = ((job.deleted, "done"), (job.not_found, "miss"), (job.failed, "fail"))
    bar = stack_cells.segments(parts, total=job.total, title=f"{done} of {job.total} stacks are done")
    stacks = f"{job.total:,} stack{'' if job.total == 1 else 's'}"
    title = f"Deleting {stacks}" if not job.over else f"Deleted {job.deleted:,} of {stacks}"
    glyph = GLYPHS.get(job.status, "unk")
    if job.over and job.failed and job.status == "completed":
        glyph = "warn"
    return Progress(job, glyph, title, bar, reverse("dashboard:stack-job", args=[job.job_id]))


def _chosen(request: HttpRequest) -> list[View]:
    """Return the stacks that the address names, or with `all` those that match its filter."""
    at = now()
    if request.GET.get("all"):
        address = tables.Address(request, known=FILTERS)
        query = reads.Query(
            status=tuple(filter(None, address.get("status").split(","))),
            node_id=address.get("node_id"),
            search=address.get("q"),
        )
        return reads.page(query, at=at).views
    wanted = set(request.GET.getlist("stack_id"))
    return [view for view in reads.page(reads.Query(), at=at).views if view.stack_id in wanted]


def _question(request: HttpRequest, views: list[View], *, asked: int, typed: str = "") -> HttpResponse:
    if not views:
        messages.info(request, "No stack was chosen, or all of them are gone already.")
        return redirect("dashboard:stacks")
    name = place.name()
    context: dict[str, Any] = {
        "views": [(view, stack_cells.badge(view)) for view in views[:MOST_NAMED]],
        "more": max(0, len(views) - MOST_NAMED),
        "number": len(views),
        "gone": max(0, asked - len(views)),
        "ids": " ".join(view.stack_id for view in views),
        "type_it": len(views) > MANY,
        "typed": typed,
        "wrong": request.method == "POST",
        "place": name,
        "env": env_of(name),
        "back": reverse("dashboard:stacks"),
    }
    return render(request, "stacks/delete_many.html", context, status=422 if context["wrong"] else 200)


urlpatterns = [
    path("stacks/delete", delete_many, name="stacks-delete"),
    path("stacks/jobs/<str:job_id>", job, name="stack-job"),
]

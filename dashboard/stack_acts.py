"""Extending, stopping and deleting a stack: the questions before, and what is said after."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect, reswap, trigger_client_event

from dashboard import errors, stack_cells
from dashboard.doors import SEE_OTHER
from dashboard.htmx import render_either, wants_fragment
from dashboard.permissions import caller_of, needs
from dashboard.shell import env_of
from orchestrator.errors import DomainError, Missing
from orchestrator.services.stacks import doors, reads, removal
from orchestrator.services.stacks.reads import View

READ, WRITE = "stacks:read", "stacks:write"
LONGEST_DIGITS = 9  # of seconds; more would be no time span


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before something is ended: what is lost, and what may be enough instead."""

    verb: str
    icon: str
    lost: str
    milder: str = ""  # tab of the milder way
    milder_words: str = ""


QUESTIONS = {
    "stop": Question(
        "Stop",
        "player-stop",
        "Its pod and its service are deleted, and its node ports are free for others. "
        "Files in the pod are lost. What it was stays readable here until its time is over.",
    ),
    "delete": Question(
        "Delete",
        "trash",
        "Its pod, its service and this record are deleted, and its node ports are free for others. "
        "Files in the pod are lost. There is no undo.",
        "stop",
        "Stop it, and keep the record until its time is over",
    ),
}


@require_POST
@needs(WRITE)
def extend(request: HttpRequest, stack_id: str) -> HttpResponse:
    """Let a stack live longer, and go back to where that was asked for."""
    text = request.POST.get("seconds", "")
    seconds = int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_DIGITS else 0
    view = removal.extend(caller_of(request), stack_id, seconds, at=now())
    end = view.ttl_expires_at.strftime("%H:%M:%S")
    said = f"{stack_id} is extended by {stack_cells.span(seconds)}."
    return _answer(request, said, f"It stops at {end} UTC.", back=_next(request, stack_id))


@require_POST
@needs(READ)
def open_port(request: HttpRequest, stack_id: str, port: int) -> HttpResponse:
    """Make a link to a port of a stack, and go there."""
    link = doors.open_link(caller_of(request), stack_id, port, at=now())
    return HttpResponseRedirect(link.path, status=SEE_OTHER)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(WRITE)
def end(request: HttpRequest, stack_id: str, how: str) -> HttpResponse:
    """Ask whether a stack is to be stopped or deleted, or do it."""
    at = now()
    view = reads.get(stack_id, at=at)
    if request.method != "POST":
        return _question(request, view, how)
    try:
        if how == "stop":
            removal.stop(caller_of(request), stack_id, at=at)
        else:
            removal.delete(caller_of(request), stack_id, at=at)
    except Missing:
        pass  # Somebody else was first, and it is as it was asked for.
    except DomainError as exc:
        return _question(request, view, how, problem=exc)
    if how == "stop":
        said = f"{stack_id} is stopped."
        return _answer(request, said, "Its ports are free.", back=stack_cells.path(stack_id))
    messages.success(request, f"{stack_id} is deleted, and its ports are free.")
    stacks = reverse("dashboard:stacks")
    return HttpResponseClientRedirect(stacks) if wants_fragment(request) else redirect(stacks)


def _question(
    request: HttpRequest, view: View, how: str, *, problem: DomainError | None = None
) -> HttpResponse:
    question = QUESTIONS[how]
    context: dict[str, Any] = {
        "view": view,
        "question": question,
        "env": env_of(view.context),
        "here": stack_cells.path(view.stack_id, how),
        "back": stack_cells.path(view.stack_id),
        "milder": stack_cells.path(view.stack_id, question.milder) if question.milder else "",
        "problem": errors.sentence_of(problem) if problem else "",
        "dialog": wants_fragment(request),
    }
    status = 200
    if problem:  # htmx takes a form again as a 422 alone.
        status = 422 if wants_fragment(request) else errors.status_of(problem)
    return render_either(
        request, context, page="stacks/confirm.html", fragment="stacks/_confirm.html", status=status
    )


def _answer(request: HttpRequest, title: str, message: str, *, back: str) -> HttpResponse:
    """Say what was done: in a toast where the page stays open, else above the next page."""
    if not wants_fragment(request):
        messages.success(request, f"{title} {message}")
        return redirect(back)
    answer = reswap(HttpResponse(), "none")
    toast = {"title": title, "message": message, "glyph": "ok"}
    return trigger_client_event(trigger_client_event(answer, "toast", toast), "acted", {})


def _next(request: HttpRequest, stack_id: str) -> str:
    """Return where the form was; never another site."""
    target = request.POST.get("next", "")
    fine = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return target if fine else stack_cells.path(stack_id)


urlpatterns = [
    path("stacks/<str:stack_id>/extend", extend, name="stack-extend"),
    path("stacks/<str:stack_id>/ports/<int:port>/open", open_port, name="stack-open"),
    path("stacks/<str:stack_id>/stop", end, {"how": "stop"}, name="stack-stop"),
    path("stacks/<str:stack_id>/delete", end, {"how": "delete"}, name="stack-delete"),
]

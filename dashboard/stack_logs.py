"""The page with the log of a stack's pod."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from dashboard import logs, tables
from dashboard.stack_detail import head, opening
from orchestrator.backends.errors import BackendError, NotFound
from orchestrator.errors import DomainError
from orchestrator.services.stacks import reads
from orchestrator.services.stacks.reads import View


def _logs(request: HttpRequest, view: View, at: datetime) -> HttpResponse:
    context = head(request, view, tab="logs")
    try:
        scope, pod = reads.log_place(view.stack_id, at=at)
        address = tables.Address(request, known=logs.KNOWN)
        address.query["context"] = scope.context.name
        context |= logs.of_pod(scope, pod, address)
    except NotFound:
        context["problem"] = "Its pod is gone, and its log with it."
    except (BackendError, DomainError) as exc:
        context["problem"] = exc.message
    return render(request, "stacks/logs.html", context)


urlpatterns = [path("stacks/<str:stack_id>/logs", opening(_logs), name="stack-logs")]

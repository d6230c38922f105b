"""/stacks: pods with public ports for a while."""

import re
from collections.abc import Callable, Sequence
from functools import partial

from django.http import HttpResponse, HttpResponseBase
from django.urls import URLPattern, path
from django.utils.timezone import now
from rest_framework.request import Request

from apis import idempotency, stack_logs, stack_requests, stack_schema, stack_shapes, stack_stream
from apis.shapes import TEXT, obj
from apis.stack_area import StackView, answer
from apis.stack_batches import BatchView, JobView
from apis.stack_schema import described, listed, reference
from orchestrator.services import stacks
from orchestrator.services.idempotency import Answer, Claim, UnderWay, making
from orchestrator.services.stacks.errors import StackNotFound

LONGEST_HEADER = 4000  # characters; many proxies take no more than 8 KB of headers
LONGEST_WAIT, USUAL_WAIT = 60, 30  # seconds


class HealthzView(StackView):
    """Whether a key is good: probes use /livez and /readyz."""

    @described("stacksHealth", obj({"status": TEXT}))
    def get(self, request: Request) -> HttpResponse:
        return answer({"status": "ok"})


class StatsView(StackView):
    """All stacks in figures."""

    @described("stacksStats", reference("StackStats"))
    def get(self, request: Request) -> HttpResponse:
        return answer(stack_shapes.stats(stacks.stats(at=now())))


class StacksView(StackView):
    """The stacks there are, and the way to a new one."""

    @described(
        "listStacks",
        obj({"stacks": listed(reference("Stack"))}),
        parameters=stack_schema.LIST,
        errors=[400],
        about=f"The stacks there are, the oldest first. {stack_schema.STREAM}",
    )
    def get(self, request: Request) -> HttpResponseBase:
        if stack_stream.wanted(request._request):
            return stack_stream.of_all(request._request)
        found = stacks.page(stack_requests.query(request._request), at=now(), counted=False)
        shown = [stack_shapes.stack(view) for view in found.views]
        return answer({"stacks": shown}, headers={"X-Total-Count": str(found.total)})

    @described(
        "createStack",
        reference("Stack"),
        status=201,
        parameters=stack_schema.CREATED,
        errors=[400, 409, 413],
        request=stack_schema.NEW,
        about="A new stack, as soon as it has a node; it usually does not run by then.",
    )
    def post(self, request: Request) -> HttpResponse:
        return idempotency.once(
            request._request, self.caller, self._create, longest=stacks.longest(), found=_found
        )

    def _create(self, claim: Claim | None) -> HttpResponse:
        spec, targets = stack_requests.ask(self.request._request)
        reserved: Callable[[str], None] | None = partial(making, claim) if claim else None
        made = stacks.create(self.caller, pod_spec=spec, targets=targets, at=now(), reserved=reserved)
        return _created(made.view, _warned(made.warnings))


class StackDetailView(StackView):
    """One stack."""

    @described(
        "getStack",
        reference("Stack"),
        parameters=[stack_schema.ID],
        errors=[404],
        about=f"One stack. {stack_schema.STREAM}",
    )
    def get(self, request: Request, stack_id: str) -> HttpResponseBase:
        view = stacks.get(stack_id, at=now())
        if stack_stream.wanted(request._request):
            return stack_stream.of_one(request._request, view)
        return answer(stack_shapes.stack(view))

    @described("deleteStack", stack_schema.DELETED, parameters=[stack_schema.ID], errors=[404])
    def delete(self, request: Request, stack_id: str) -> HttpResponse:
        """End a stack; answered once the cluster has confirmed it."""
        stacks.delete(self.caller, stack_id, at=now())
        return answer({"deleted": True, "stack_id": stack_id})


class StatusView(StackView):
    """What one asks for most often."""

    @described("getStackStatus", reference("StackStatus"), parameters=[stack_schema.ID], errors=[404])
    def get(self, request: Request, stack_id: str) -> HttpResponse:
        return answer(stack_shapes.summary(stacks.get(stack_id, at=now())))


class ManifestView(StackView):
    """What was really created, as the cluster has it; empty for what is gone."""

    @described("getStackManifest", stack_schema.MANIFEST, parameters=[stack_schema.ID], errors=[404])
    def get(self, request: Request, stack_id: str) -> HttpResponse:
        pod, service = stacks.manifest(stack_id, at=now())
        return answer({"pod": pod, "service": service})


class EventsView(StackView):
    """What the cluster has told of a stack, latest first."""

    @described(
        "getStackEvents",
        obj({"events": listed(stack_schema.EVENT)}),
        parameters=[stack_schema.ID],
        errors=[404],
    )
    def get(self, request: Request, stack_id: str) -> HttpResponse:
        found = stacks.events(stack_id, at=now())
        return answer({"events": [stack_shapes.event(each) for each in found]})


class WaitView(StackView):
    """A stack as soon as it has a status, or can no longer come to have it, or as it is in the end."""

    @described(
        "waitForStack",
        reference("Stack"),
        parameters=[stack_schema.ID, *stack_schema.WAIT],
        errors=[400, 404],
    )
    def get(self, request: Request, stack_id: str) -> HttpResponse:
        wanted = request.query_params.get("for", "").strip() or "running"
        seconds = stack_requests.number(request._request, "timeout", least=0, most=LONGEST_WAIT)
        view = stacks.until(stack_id, wanted, seconds=USUAL_WAIT if seconds is None else seconds)
        return answer(stack_shapes.stack(view))


class StopView(StackView):
    """End what runs and keep the stack readable until its time is over."""

    @described("stopStack", reference("Stack"), parameters=[stack_schema.ID], errors=[404])
    def post(self, request: Request, stack_id: str) -> HttpResponse:
        return answer(stack_shapes.stack(stacks.stop(self.caller, stack_id, at=now())))


class ExtendView(StackView):
    """Let a stack live for so many seconds longer."""

    @described(
        "extendStack",
        reference("Stack"),
        parameters=[stack_schema.ID],
        errors=[400, 404, 413],
        request=stack_schema.LONGER,
    )
    def post(self, request: Request, stack_id: str) -> HttpResponse:
        seconds = stack_requests.seconds(request._request)
        return answer(stack_shapes.stack(stacks.extend(self.caller, stack_id, seconds, at=now())))


def paths() -> list[URLPattern]:
    """Return the URLs of stacks; none ends in a slash."""
    return [
        path("healthz", HealthzView.as_view(), name="healthz"),
        path("stats", StatsView.as_view(), name="stack-stats"),
        path("stacks", StacksView.as_view(), name="stacks"),
        path("stacks/batch-delete", BatchView.as_view(), name="stack-batches"),
        path("stacks/batch-delete/<str:job_id>", JobView.as_view(), name="stack-batch"),
        path("stacks/<str:stack_id>", StackDetailView.as_view(), name="stack"),
        path("stacks/<str:stack_id>/status", StatusView.as_view(), name="stack-status"),
        path("stacks/<str:stack_id>/manifest", ManifestView.as_view(), name="stack-manifest"),
        path("stacks/<str:stack_id>/events", EventsView.as_view(), name="stack-events"),
        path("stacks/<str:stack_id>/logs", stack_logs.logs, name="stack-logs"),
        path("stacks/<str:stack_id>/wait", WaitView.as_view(), name="stack-wait"),
        path("stacks/<str:stack_id>/stop", StopView.as_view(), name="stack-stop"),
        path("stacks/<str:stack_id>/extend", ExtendView.as_view(), name="stack-extend"),
    ]


def _warned(warnings: Sequence[str]) -> dict[str, str]:
    """Return what was left out or changed as a header: on one line, and not endless."""
    text = re.sub(r"[^\x20-\x7e]+", "?", "; ".join(warnings))
    if len(text) > LONGEST_HEADER:
        text = f"{text[:LONGEST_HEADER]}..."
    return {"X-Pod-Spec-Warnings": text} if text else {}


def _created(view: stacks.View, more: dict[str, str] | None = None) -> HttpResponse:
    headers = {"Location": f"/stacks/{view.stack_id}", **(more or {})}
    return answer(stack_shapes.stack(view), status=201, headers=headers)


def _found(stack_id: str) -> Answer | None:
    """Return what a create that was cut short should have answered; see `services.idempotency.Call`."""
    try:
        response = _created(stacks.get(stack_id, at=now()))
    except StackNotFound:
        if stacks.is_being_made(stack_id):
            raise UnderWay from None
        return None
    return Answer(response.status_code, response.content, dict(response.headers))

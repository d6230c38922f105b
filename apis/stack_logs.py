"""GET /stacks/{id}/logs: what a stack prints, in the forms that logs of pods have."""

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt

from apis import authentication, errors, throttling
from apis import logs as pod_logs
from apis.authentication import in_thread
from apis.stack_area import JSON, READ, BodyTooLarge, group_of, name_backend, refused
from orchestrator.backends.errors import BackendError
from orchestrator.services import stacks
from orchestrator.services.clusters.logs import require_container
from orchestrator.services.stacks.errors import NoLogYet

METHODS = ["GET", "HEAD"]


@login_not_required  # A redirect to the sign-in page means nothing to a program.
@csrf_exempt  # Other methods are 405, with a token and without.
async def logs(request: HttpRequest, stack_id: str) -> HttpResponseBase:
    """Answer with the log of a container; whatever is wrong is said before anything is streamed."""
    try:
        await _admit(request)
        response = await _answer(request, stack_id)
    except Exception as exc:  # Handed on if it is not one of ours.
        response = refused(exc, request)
    await sync_to_async(name_backend)(response)
    if response.headers["Content-Type"] == "application/json":
        response["Content-Type"] = JSON
    return response


async def _admit(request: HttpRequest) -> None:
    """Let whom we know go on, as `StackView` does; raises what keeps others away."""
    caller = await authentication.caller(request, scope=READ)
    await sync_to_async(throttling.require)(group_of(request.method), request, caller=caller)
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise BodyTooLarge


async def _answer(request: HttpRequest, stack_id: str) -> HttpResponseBase:
    if request.method not in METHODS:
        return errors.method_not_allowed(request, METHODS)
    scope, pod = await in_thread(stacks.log_place, stack_id, at=now())
    parameters = pod_logs.LogParameters(data=request.GET.dict())
    parameters.is_valid(raise_exception=True)
    try:
        return await pod_logs.answer(request, scope, pod, parameters.validated_data, needs=READ)
    except BackendError as exc:
        if exc.status != 400:
            raise
        await in_thread(require_container, scope, pod, parameters.validated_data["container"].strip())
        # It is waiting to start; the sentence says what for.
        raise NoLogYet(exc.message) from exc

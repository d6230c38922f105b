"""GET /stacks/{id}/logs: what a stack prints, in the forms that logs of pods have."""

from django.http import HttpRequest, HttpResponseBase
from django.utils.timezone import now

from apis import logs as pod_logs
from apis.authentication import in_thread
from apis.stack_area import READ
from apis.stack_plain import reading
from orchestrator.backends.errors import BackendError
from orchestrator.services import stacks
from orchestrator.services.stacks.errors import NoLogYet


@reading
async def logs(request: HttpRequest, stack_id: str) -> HttpResponseBase:
    """Answer with the log of a container; whatever is wrong is said before anything is streamed."""
    scope, pod = await in_thread(stacks.log_place, stack_id, at=now())
    parameters = pod_logs.LogParameters(data=request.GET.dict())
    parameters.is_valid(raise_exception=True)
    try:
        return await pod_logs.answer(request, scope, pod, parameters.validated_data, needs=READ)
    except BackendError as exc:
        if exc.status == 400:  # It is waiting to start; the sentence says what for.
            raise NoLogYet(exc.message) from exc
        raise

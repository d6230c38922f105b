"""/stacks/batch-delete: many stacks deleted by one call, as a job that can be watched."""

from datetime import timedelta

from django.http import HttpResponse
from django.utils.timezone import now
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from apis import idempotency, stack_requests, stack_schema, stack_shapes
from apis.shapes import TEXT, obj
from apis.stack_area import StackView, answer
from apis.stack_schema import described, reference
from orchestrator.services.idempotency import Claim
from orchestrator.services.stacks import batches
from orchestrator.services.stacks.errors import StackNotFound

LONGEST = timedelta(seconds=30)  # for writing a job down
JOB_ID = OpenApiParameter("job_id", str, "path", description="As it was answered when the job began.")


class BatchView(StackView):
    """The way to a new job. To every other method `batch-delete` is the id of a stack, which there is not."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        raise StackNotFound

    @extend_schema(exclude=True)
    def delete(self, request: Request) -> HttpResponse:
        raise StackNotFound

    @described(
        "deleteStacks",
        obj({"job_id": TEXT}),
        status=202,
        parameters=idempotency.PARAMETERS,
        errors=[400, 409, 413],
        request=stack_schema.IDS,
        about="Begin a job that deletes stacks one after another.",
    )
    def post(self, request: Request) -> HttpResponse:
        return idempotency.once(request._request, self.caller, self._begin, longest=LONGEST)

    def _begin(self, _claim: Claim | None) -> HttpResponse:
        ids = stack_requests.stack_ids(self.request._request)
        return answer({"job_id": batches.begin(self.caller, ids, at=now()).job_id}, status=202)


class JobView(StackView):
    """One job: how far it is, and what could not be deleted."""

    @described("getStackJob", reference("StackJob"), parameters=[JOB_ID], errors=[404])
    def get(self, request: Request, job_id: str) -> HttpResponse:
        return answer(stack_shapes.job(batches.job(job_id)))

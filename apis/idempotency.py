"""The header `Idempotency-Key` of calls that make something: a repeated call gets the first answer."""

from collections.abc import Callable
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from drf_spectacular.utils import OpenApiParameter

from apis import errors
from orchestrator.services import idempotency
from orchestrator.services.access import Caller
from orchestrator.services.idempotency import Answer, Call, Claim

HEADER = "Idempotency-Key"
REPLAY = "Idempotent-Replay"
PARAMETERS = [
    OpenApiParameter(
        HEADER,
        {"type": "string", "minLength": 1, "maxLength": idempotency.LONGEST_KEY},
        "header",
        description="Makes it safe to repeat the request for 24 hours: the same key and body get the first "
        "answer, another body 409 `idempotency_key_reused`, and 409 `conflict` while the first is under way.",
    ),
    OpenApiParameter(
        REPLAY, str, "header", description="true if this is the answer of before.", response=True
    ),
]


def nothing_found(_name: str) -> Answer | None:
    """Say of what was begun that nothing came of it: it may be begun again."""
    return None


def once(
    request: HttpRequest,
    caller: Caller,
    make: Callable[[Claim | None], HttpResponse],
    *,
    longest: timedelta,
    found: Callable[[str], Answer | None] = nothing_found,
) -> HttpResponse:
    """Return the answer of `make`, or the one that the same key was given before.

    What it refuses (4xx) is kept as well; failures of ours are not, so they may be tried again. For
    `longest` and `found` see `services.idempotency.Call`; raises what `claim` raises there.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return make(None)
    route = f"{request.method} {request.path}"
    call = Call(caller=caller, route=route, key=key, body=request.body, longest=longest, found=found)

    def made(claim: Claim) -> Answer:
        response = _answer(request, claim, make)
        return Answer(response.status_code, response.content, dict(response.headers))

    answer, again = idempotency.once(call, made, at=now())
    replay = {REPLAY: "true"} if again else {}
    return HttpResponse(answer.body, status=answer.status, headers={**answer.headers, **replay})


def _answer(request: HttpRequest, claim: Claim, make: Callable[[Claim | None], HttpResponse]) -> HttpResponse:
    try:
        return make(claim)
    except Exception as exc:  # Handed on if it is not one of ours.
        return errors.answered(exc, request)

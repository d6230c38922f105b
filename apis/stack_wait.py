"""GET /stacks/{id}/wait: a stack as soon as it is what somebody waits for; nothing is polled."""

import asyncio
from contextlib import suppress

from django.http import HttpRequest, HttpResponseBase
from django.utils.timezone import now

from apis import stack_requests, stack_shapes
from apis.authentication import in_thread
from apis.stack_area import answer
from apis.stack_plain import reading
from apis.stack_stream import topics_of
from orchestrator import live
from orchestrator.errors import Problem
from orchestrator.services import stacks
from orchestrator.services.stacks import View
from orchestrator.services.stacks.errors import InvalidQuery

LONGEST_SECONDS = 60
USUAL_SECONDS = 30
MERGE_SECONDS = 0.1
LAST = {"stopped", "failed", "node_deleted"}  # From here no stack comes back to life.


@reading
async def wait(request: HttpRequest, stack_id: str) -> HttpResponseBase:
    """Answer with the stack once it has the status, cannot come to have it, or the time is over."""
    wanted = request.GET.get("for", "").strip() or "running"
    if wanted not in stacks.STATUSES:
        raise InvalidQuery(Problem("for", f"for is one of {', '.join(stacks.STATUSES)}"))
    seconds = stack_requests.number(request, "timeout", least=0, most=LONGEST_SECONDS)
    view = await _until(stack_id, wanted, seconds=USUAL_SECONDS if seconds is None else seconds)
    return answer(stack_shapes.stack(view))


async def _until(stack_id: str, wanted: str, *, seconds: int) -> View:
    """Wait for a status; raise `StackNotFound` if the stack goes meanwhile."""
    clock = asyncio.get_running_loop().time
    ends_at = clock() + seconds
    view = await in_thread(stacks.get, stack_id, at=now())
    with live.hub.follow(topics_of(view), interval_seconds=MERGE_SECONDS) as follower:
        while True:
            # Looked at after following, so that nothing happens unseen in between.
            view = await in_thread(stacks.get, stack_id, at=now())
            if _is_decided(view, wanted) or clock() >= ends_at:
                return view
            with suppress(TimeoutError):
                async with asyncio.timeout_at(ends_at):
                    await follower.next()


def _is_decided(view: View, wanted: str) -> bool:
    return view.status == wanted or (view.status in LAST and wanted not in LAST)

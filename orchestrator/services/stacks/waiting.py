"""Waits until a stack is what somebody wants it to be. The hub says when to look; nothing is polled."""

from time import monotonic

from django.utils.timezone import now

from orchestrator import connections, live
from orchestrator.backends.cluster.objects import Pod
from orchestrator.backends.cluster.port import Kind
from orchestrator.errors import Problem
from orchestrator.models import Stack
from orchestrator.services.clusters import feed
from orchestrator.services.stacks import reads
from orchestrator.services.stacks.errors import InvalidQuery
from orchestrator.services.stacks.reads import STATUSES, View

LAST = frozenset({"stopped", "failed", "node_deleted"})  # From here no stack comes back to life.


def until(stack_id: str, wanted: str, *, seconds: float) -> View:
    """Return a stack once it has a status, can no longer come to have it, or the time is over.

    It waits in this thread and keeps no connection to the database meanwhile. Raises `InvalidQuery` for a
    status that there is not, and `StackNotFound`, also if the stack goes meanwhile.
    """
    if wanted not in STATUSES:
        raise InvalidQuery(Problem("for", f"for is one of {', '.join(STATUSES)}"))
    ends_at = monotonic() + seconds
    while True:
        mark = live.hub.mark()  # Before looking, so that nothing happens unseen in between.
        row = reads.row(stack_id, at=now())
        pod = reads.pod_of(row)
        view = reads.view_of(row)
        if is_decided(view.status, wanted) or monotonic() >= ends_at:
            return view
        connections.give_back()
        _await_change(row, pod, since=mark, ends_at=ends_at)


def is_decided(status: str, wanted: str) -> bool:
    """Return True if a stack has the status that is wanted, or can no longer come to have it."""
    return status == wanted or (status in LAST and wanted not in LAST)


def topics_of(*, stack_id: str, context: str, namespace: str) -> frozenset[str]:
    """Return what to follow to hear of a stack: its row, and the pods of its namespace."""
    return frozenset({f"stack:{stack_id}", feed.topic(Kind.PODS, context=context, namespace=namespace)})


def _await_change(row: Stack, pod: Pod | None, *, since: int, ends_at: float) -> None:
    """Wait until the row or the pod of a stack has changed; other pods of its namespace do not count."""
    topics = topics_of(stack_id=row.pk, context=row.context, namespace=row.namespace)
    own = frozenset({f"stack:{row.pk}"})
    while (left := ends_at - monotonic()) > 0:
        seen = live.hub.wait(*topics, since=since, seconds=left)
        if live.hub.changed(own, since=since) or reads.pod_of(row) is not pod:
            return
        since = seen

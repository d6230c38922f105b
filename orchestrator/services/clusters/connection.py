"""Whether a cluster answers, and whether we may read it."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

from django.conf import settings

from orchestrator.backends.cluster.port import RESOURCES, Kind
from orchestrator.backends.errors import TimedOut
from orchestrator.errors import Refused
from orchestrator.services.clusters.contexts import Scope

T = TypeVar("T")

ANSWER_SECONDS = 4.5  # An answer is promised within 5.


def verify(scope: Scope) -> str:
    """Return the version of the cluster's API server; raise the `BackendError` that keeps it away."""
    return within(ANSWER_SECONDS, scope.cluster.version)


def check(scope: Scope) -> None:
    """Ask for the version, then whether pods may be listed; answers within five seconds.

    Raises `Refused` if the cluster answers and lets us read no pods, and the `BackendError` of one that does
    not answer.
    """
    if not within(ANSWER_SECONDS, lambda: _reads_pods(scope)):
        place = f"in the namespace {scope.namespace}" if scope.namespace else "in any namespace we know of"
        raise Refused(f"The cluster answers, but you may not list pods {place}.")


def _reads_pods(scope: Scope) -> bool:
    """Return True if pods may be listed in the scope; where not everywhere, then in one of those we try."""
    scope.cluster.version()
    tried = settings.CLUSTER_NAMESPACES or [scope.context.namespace]
    places = [scope.namespace] if scope.namespace else ["", *tried]
    return any(scope.cluster.may("list", resource=RESOURCES[Kind.PODS], namespace=place) for place in places)


def within(seconds: float, ask: Callable[[], T]) -> T:
    """Return what `ask` returns, or raise what it raises; raise `TimedOut` if that takes longer.

    The time-outs of a connection do not hold for the lookup of a name or for a log-in plug-in of the
    kubeconfig. What takes too long goes on in its thread, where nobody waits for it.
    """
    future: Future[T] = Future()
    Thread(target=_settle, args=(future, ask), name="connection", daemon=True).start()
    try:
        return future.result(seconds)
    except TimeoutError as exc:
        sentence = "The API server did not answer in time."
        raise TimedOut(sentence, service="kubernetes", reason="ETIMEDOUT") from exc


def _settle(future: "Future[T]", ask: Callable[[], T]) -> None:
    try:
        future.set_result(ask())
    except Exception as exc:  # The top of a thread: whoever waits for the future gets it.
        future.set_exception(exc)

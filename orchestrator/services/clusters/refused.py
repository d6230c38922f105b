"""What an API server has refused a moment ago, so that it is not asked for the same all the time."""

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import TypeVar
from weakref import WeakKeyDictionary

from orchestrator.backends.cluster.port import Cluster
from orchestrator.backends.errors import Forbidden

T = TypeVar("T")
SECONDS = 30.0
MOST = 1000  # refusals of one cluster; names come from addresses, so there is no end to them

_lock = Lock()
_known: WeakKeyDictionary[Cluster, dict[str, tuple[float, Forbidden]]] = WeakKeyDictionary()


def unless(cluster: Cluster, what: str, ask: Callable[[], T]) -> T:
    """Return what `ask` returns, unless the same was refused within the last 30 seconds.

    Raises that `Forbidden` again, and what `ask` raises.
    """
    with _lock:
        refusals = _known.setdefault(cluster, {})
        refused_at, refusal = refusals.get(what, (-SECONDS, None))
    if refusal is not None and monotonic() - refused_at < SECONDS:
        raise refusal.with_traceback(None)  # It must not grow with each one who hears it.
    try:
        return ask()
    except Forbidden as exc:
        with _lock:
            if len(refusals) >= MOST:
                refusals.clear()
            refusals[what] = monotonic(), exc
        raise

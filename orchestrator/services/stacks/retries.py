"""When what could not be done is tried again: ever later, up to a minute. A restart tries at once."""

from collections.abc import Collection
from datetime import datetime, timedelta
from threading import Lock

FIRST = timedelta(seconds=2)
LONGEST = timedelta(minutes=1)


class Retries:
    """The failures in a row of things that have names. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._failed: dict[str, tuple[int, datetime]] = {}

    def may_try(self, name: str, *, at: datetime) -> bool:
        """Return True for what has not failed, or failed long enough ago."""
        failed = self._failed.get(name)
        return failed is None or failed[1] <= at

    def failed(self, name: str, *, at: datetime) -> bool:
        """Note a failure and return True if it is the first; the next try waits longer after each."""
        with self._lock:
            times = self._failed.get(name, (0, at))[0]
            self._failed[name] = (times + 1, at + min(FIRST * 2 ** min(times, 10), LONGEST))
        return not times

    def worked(self, name: str) -> None:
        with self._lock:
            self._failed.pop(name, None)

    def keep(self, names: Collection[str]) -> None:
        """Forget all others: they are no more."""
        with self._lock:
            self._failed = {name: each for name, each in self._failed.items() if name in names}

    def next_due(self, *, at: datetime) -> datetime | None:
        """Return when something may be tried again that may not be now; None if there is nothing."""
        with self._lock:
            return min((due for _, due in self._failed.values() if due > at), default=None)

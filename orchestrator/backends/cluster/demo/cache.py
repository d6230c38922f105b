"""The caches of the demo cluster: the rows of one kind, always current."""

from collections.abc import Callable, Sequence
from datetime import datetime

from orchestrator.backends.cluster.objects import Row
from orchestrator.backends.cluster.port import CacheState, ChangeType, Condition
from orchestrator.backends.cluster.store import Store

Clock = Callable[[], datetime]


class DemoCache(Store):
    """The rows of one kind. It always is current: its source is in the same process."""

    def __init__(self, content: Sequence[Row], *, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._since = self.used_at = clock()
        self.replace(content)

    def rows(self, namespace: str | None = None) -> Sequence[Row]:
        self.used_at = self._clock()
        return super().rows(namespace)

    def peek(self) -> Sequence[Row]:
        return super().rows()

    def get(self, namespace: str, name: str) -> Row | None:
        self.used_at = self._clock()
        return super().get(namespace, name)

    def state(self) -> CacheState:
        return CacheState(condition=Condition.LIVE, since=self._since, heard_at=self._clock(), synced=True)

    def wait(self, seconds: float) -> bool:
        return True

    def retry(self) -> None:
        pass  # This source never fails.

    def become(self, content: Sequence[Row]) -> list[tuple[ChangeType, Row]]:
        """Take over what differs; return it, what is gone first."""
        known = {row.key: row for row in self.peek()}
        fresh = {row.key: row for row in content}
        gone = [self.remove(key) for key in known.keys() - fresh.keys()]
        changed = [row for key, row in fresh.items() if known.get(key) != row]
        return [
            *((ChangeType.DELETED, row) for row in gone if row is not None),
            *((self.put(row), row) for row in changed),
        ]

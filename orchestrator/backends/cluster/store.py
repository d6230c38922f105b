"""The rows of one kind in memory, in order. Adapters write, everybody reads."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from threading import Lock

from orchestrator.backends.cluster.objects import Row
from orchestrator.backends.cluster.port import ChangeType

Key = tuple[str, str]  # namespace, name


class Store:
    """Rows by namespace and name. Every method may be called from any thread."""

    def __init__(self) -> None:
        self.version = 0
        self._lock = Lock()
        self._rows: dict[Key, Row] = {}
        self._keys: list[Key] = []  # sorted
        self._all: tuple[int, list[Row]] = (0, [])  # version, rows in order

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self, namespace: str | None = None) -> Sequence[Row]:
        """Return the rows in order; the list is shared, so callers do not change it."""
        with self._lock:
            if namespace is not None:
                begin = bisect_left(self._keys, (namespace, ""))
                end = bisect_left(self._keys, (namespace + "\0", ""))
                return [self._rows[key] for key in self._keys[begin:end]]
            if self._all[0] != self.version:
                self._all = (self.version, [self._rows[key] for key in self._keys])
            return self._all[1]

    def get(self, namespace: str, name: str) -> Row | None:
        return self._rows.get((namespace, name))

    def put(self, row: Row) -> ChangeType:
        """Add or replace a row; return which of the two it was."""
        key = row.key
        with self._lock:
            known = key in self._rows
            if not known:
                insort(self._keys, key)
            self._rows[key] = row
            self.version += 1
        return ChangeType.MODIFIED if known else ChangeType.ADDED

    def remove(self, key: Key) -> Row | None:
        """Remove a row and return it; None if it was not there."""
        with self._lock:
            row = self._rows.pop(key, None)
            if row is not None:
                del self._keys[bisect_left(self._keys, key)]
                self.version += 1
        return row

    def replace(self, rows: Iterable[Row], *, namespace: str | None = None) -> None:
        """Put `rows` in the place of everything, or of everything in one namespace."""
        fresh = {row.key: row for row in rows}
        with self._lock:
            kept = {} if namespace is None else {k: v for k, v in self._rows.items() if k[0] != namespace}
            self._rows = kept | fresh
            self._keys = sorted(self._rows)
            self.version += 1

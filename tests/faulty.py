"""A cluster that fails when a test says so, and else does what the one behind it does."""

from collections import deque
from typing import Any


class Faulty:
    """Raises, at the calls that were named, what was given for them: before they are handed on, or after."""

    def __init__(self, cluster: Any) -> None:
        self._cluster = cluster
        self._faults: dict[tuple[str, str], deque[tuple[Exception, bool]]] = {}
        self.calls: list[tuple[str, str]] = []

    def fail(self, verb: str, plural: str, *errors: Exception, after: bool = False) -> None:
        """Let the next calls of a verb on a kind fail, one by one; `after` it was done all the same."""
        queue = self._faults.setdefault((verb, plural), deque())
        queue.extend((error, after) for error in errors)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._cluster, name)
        if name not in ("create", "delete", "get", "replace", "patch"):
            return found

        def called(resource: Any, *given: Any, **more: Any) -> Any:
            key = (name, resource.plural)
            self.calls.append(key)
            queue = self._faults.get(key)
            if not queue:
                return found(resource, *given, **more)
            error, after = queue.popleft()
            if after:
                found(resource, *given, **more)
            raise error

        return called

"""Topics that wait to be sent to the other processes."""

from threading import Condition

from orchestrator import live

LIMIT = 1000  # beyond it, one "everything" replaces them all


class Outbox:
    """Holds each topic once. A publisher never waits, and a long silence costs no memory."""

    def __init__(self) -> None:
        self._topics: dict[str, None] = {}
        self._changed = Condition()

    def put(self, *topics: str) -> None:
        """Add topics; may be called from any thread."""
        with self._changed:
            self._topics.update(dict.fromkeys(topics))
            if len(self._topics) > LIMIT or live.EVERYTHING in self._topics:
                self._topics = {live.EVERYTHING: None}
            self._changed.notify()

    def take(self, *, seconds: float) -> tuple[str, ...]:
        """Wait for topics, `seconds` at most, and return all there are."""
        with self._changed:
            self._changed.wait_for(lambda: self._topics, timeout=seconds)
            topics, self._topics = tuple(self._topics), {}
        return topics

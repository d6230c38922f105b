"""The demo world as it is now: what follows from seed and minute, with what people did laid over it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from orchestrator.backends.cluster.demo import controllers, world
from orchestrator.backends.cluster.demo.overlay import Draft, Edits
from orchestrator.backends.cluster.demo.saved import Saved
from orchestrator.backends.cluster.demo.world import World

SOON = timedelta(seconds=5)  # What gets on sooner is not written down in between.


class Present:
    """A world at a moment. One thread at a time."""

    def __init__(
        self, *, seed: int, start: datetime, minute: int, at: datetime, saved: Saved | None = None
    ) -> None:
        self.start, self.minute = start, minute
        self._seed = seed
        self._saved = saved
        self._edits = Edits(at=at)
        self._due: datetime | None = None  # when what people began gets on
        self._shown: tuple[World, Edits, World] | None = None  # generated, laid over it, both

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes out while the world is moved, changed and kept."""
        if self._saved is None:
            yield
            return
        with self._saved.locked():
            yield

    def move(self, *, start: datetime, minute: int, at: datetime) -> None:
        """Go on to another moment: what people began gets on as far."""
        self.start, self.minute = start, minute
        if self._saved is not None and self._saved.is_news():
            self._edits = self._saved.read() or Edits(at=at)
            self._due = self._edits.at
        if not self._edits.objects:
            self._edits = replace(self._edits, at=max(at, self._edits.at))
        elif at > self._edits.at:
            self._advance(at)

    def _advance(self, at: datetime) -> None:
        before, draft = self._edits.version, self.draft()
        self._due = controllers.advance(draft, to=at)
        self._edits = draft.edits()
        if before != self._edits.version and (self._due is None or self._due > at + SOON):
            self._save()

    def is_due(self, *, start: datetime, minute: int, at: datetime) -> bool:
        """Return True if the world would be another then."""
        if (start, minute) != (self.start, self.minute) or (self._due is not None and at >= self._due):
            return True
        return self._saved is not None and self._saved.is_news()

    def draft(self) -> Draft:
        """Return the present world, to be changed."""
        return Draft(self._generated(), self._edits, seed=self._seed)

    def keep(self, draft: Draft) -> None:
        """Let a changed world be the present one."""
        self._due = controllers.settle(draft)
        self._edits = draft.edits()
        self._save()

    def reset(self) -> None:
        """Forget what people did."""
        self._edits, self._due = Edits(at=self._edits.at), None
        self._save()

    def _save(self) -> None:
        if self._saved is not None:
            self._saved.write(self._edits)

    def world(self) -> World:
        """Return every object by kind, in the order of lists; it is shared, so callers do not change it."""
        generated = self._generated()
        if self._shown is None or self._shown[0] is not generated or self._shown[1] is not self._edits:
            self._shown = (generated, self._edits, self.draft().world())
        return self._shown[2]

    def _generated(self) -> World:
        return world.build(self._seed, start=self.start, minute=self.minute)

"""The demo world as it is now: what follows from seed and minute, with what people did laid over it."""

from dataclasses import replace
from datetime import datetime

from orchestrator.backends.cluster.demo import controllers, world
from orchestrator.backends.cluster.demo.overlay import Draft, Edits
from orchestrator.backends.cluster.demo.world import World


class Present:
    """A world at a moment. One thread at a time."""

    def __init__(self, *, seed: int, start: datetime, minute: int, at: datetime) -> None:
        self.start, self.minute = start, minute
        self._seed = seed
        self._edits = Edits(at=at)
        self._due: datetime | None = None  # when what people began gets on
        self._shown: tuple[World, Edits, World] | None = None  # generated, laid over it, both

    def move(self, *, start: datetime, minute: int, at: datetime) -> None:
        """Go on to another moment: what people began gets on as far."""
        self.start, self.minute = start, minute
        if not self._edits.objects:
            self._edits = replace(self._edits, at=max(at, self._edits.at))
        elif at > self._edits.at:
            draft = self.draft()
            self._due = controllers.advance(draft, to=at)
            self._edits = draft.edits()

    def is_due(self, *, start: datetime, minute: int, at: datetime) -> bool:
        """Return True if the world would be another then."""
        return (start, minute) != (self.start, self.minute) or (self._due is not None and at >= self._due)

    def draft(self) -> Draft:
        """Return the present world, to be changed."""
        return Draft(self._generated(), self._edits, seed=self._seed)

    def keep(self, draft: Draft) -> None:
        """Let a changed world be the present one."""
        self._due = controllers.settle(draft)
        self._edits = draft.edits()

    def reset(self) -> None:
        """Forget what people did."""
        self._edits, self._due = Edits(at=self._edits.at), None

    def world(self) -> World:
        """Return every object by kind, in the order of lists; it is shared, so callers do not change it."""
        generated = self._generated()
        if self._shown is None or self._shown[0] is not generated or self._shown[1] is not self._edits:
            self._shown = (generated, self._edits, self.draft().world())
        return self._shown[2]

    def _generated(self) -> World:
        return world.build(self._seed, start=self.start, minute=self.minute)

"""A moment of the demo world: times and seeded draws for everything in it."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

DAY = 1440  # minutes
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # what Kubernetes makes generated names of


@dataclass(frozen=True, slots=True)
class Moment:
    """`minute` whole minutes after `start`, which is a full hour in UTC."""

    seed: int
    start: datetime
    minute: int

    def time(self, minute: float) -> datetime:
        """Return the time of a minute, counted from the start."""
        return self.start + timedelta(seconds=round(minute * 60))

    def stamp(self, minute: float) -> str:
        """Return the time of a minute as the API server writes it."""
        return self.time(minute).strftime("%Y-%m-%dT%H:%M:%SZ")

    def latest(self, slot: int, *, every: int) -> int:
        """Return the latest minute, not after now, of what happens at `slot` and every so many minutes."""
        return self.minute - (self.minute - slot) % every

    def draw(self, *words: object) -> Random:
        """Return a random source of its own for what the words name: the same in every moment."""
        return Random("/".join(str(word) for word in (self.seed, *words)))

    def letters(self, length: int, *words: object) -> str:
        """Return letters as Kubernetes appends them to generated names."""
        return "".join(self.draw("letters", *words).choices(ALPHABET, k=length))

    def uid(self, kind: str, namespace: str, name: str) -> str:
        """Return the uid of an object."""
        return str(uuid.UUID(int=self.draw("uid", kind, namespace, name).getrandbits(128), version=4))

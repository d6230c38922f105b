"""The file in which what people did to the demo world survives a restart, and is shared between processes."""

import fcntl
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestrator.backends.cluster.demo.overlay import Edits, Key

logger = logging.getLogger(__name__)
FORMAT = 1


class Saved:
    """A file, readable by its owner alone: people may have written secrets. One thread at a time."""

    def __init__(self, path: Path, *, seed: int) -> None:
        self._path = path
        self._seed = seed
        self._seen: tuple[int, int, int] | None = None  # what we read or wrote last

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from reading and writing between our own reading and writing."""
        with self._opened() as file:
            if file is not None:
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _opened(self) -> Iterator[int | None]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as exc:
            logger.warning("the demo cluster cannot be kept in a file: %s", exc.strerror)
            yield None
            return
        try:
            yield file
        finally:
            os.close(file)

    def is_news(self) -> bool:
        """Return True if another process wrote the file."""
        return self._stamp() != self._seen

    def read(self) -> Edits | None:
        """Return what the file holds; None if there is none, or it makes no sense."""
        self._seen = self._stamp()
        if self._seen is None:
            return None
        try:
            return _edits(json.loads(self._path.read_bytes()), seed=self._seed)
        except (OSError, AttributeError, KeyError, TypeError, ValueError) as exc:
            logger.warning("the file of the demo cluster is ignored, for it makes no sense: %s", exc)
            return None

    def write(self, edits: Edits) -> None:
        """Write the file as a whole, or not at all; that it cannot be written is logged."""
        fresh = self._path.with_suffix(".new")
        try:
            with open(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
                json.dump(_content(edits, seed=self._seed), file, separators=(",", ":"))
            fresh.replace(self._path)
        except OSError as exc:
            logger.warning("the demo cluster cannot be kept in a file: %s", exc.strerror)
        self._seen = self._stamp()

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


def _content(edits: Edits, *, seed: int) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "seed": seed,
        "at": edits.at.isoformat(),
        "version": edits.version,
        "taken": [[*key, since] for key, since in edits.taken.items()],
        "gone": [[*key] for key in edits.gone],
        "objects": [[key.kind, each] for key, each in edits.objects.items()],
    }


def _edits(content: dict[str, Any], *, seed: int) -> Edits:
    """Return the edits in a file; raise what comes if it holds something else."""
    if (content["format"], content["seed"]) != (FORMAT, seed):
        raise ValueError("it is of another world")
    objects = {}
    for kind, each in content["objects"]:
        metadata = each["metadata"]
        objects[Key(str(kind), str(metadata.get("namespace", "")), str(metadata["name"]))] = each
    return Edits(
        at=datetime.fromisoformat(content["at"]).astimezone(UTC),
        version=int(content["version"]),
        taken={Key(*found): str(since) for *found, since in content["taken"]},
        gone=frozenset(Key(*found) for found in content["gone"]),
        objects=objects,
    )

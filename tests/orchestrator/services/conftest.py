"""What tests of services share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from orchestrator import live


@pytest.fixture
def published(monkeypatch, django_capture_on_commit_callbacks) -> Callable:
    """Return a context manager that gives the topics published by what runs inside it."""

    @contextmanager
    def capture() -> Iterator[list[str]]:
        topics: list[str] = []
        monkeypatch.setattr(live, "forward", topics.append)
        with django_capture_on_commit_callbacks(execute=True):
            yield topics

    return capture

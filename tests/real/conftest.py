"""What real tests share. Mark a file or a test with `pytest.mark.needs("TEST_KUBECONFIG")`."""

import os
import time
from collections.abc import Callable

import pytest


@pytest.fixture
def kubeconfig() -> str:
    """The administrator's kubeconfig of the real cluster."""
    return os.environ["TEST_KUBECONFIG"]


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """Return a function that waits until a condition holds, and fails after a deadline."""

    def wait(condition: Callable[[], object], *, within_seconds: float = 20) -> None:
        deadline = time.monotonic() + within_seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {within_seconds} s"
            time.sleep(0.05)

    return wait

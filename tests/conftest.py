"""Fixtures every test may use. No test reaches a network unless a TEST_ variable names the other end."""

import os
import time
from collections.abc import Callable
from weakref import WeakKeyDictionary

import hypothesis
import pytest
from django.contrib.auth.models import Group, User

from orchestrator import live
from orchestrator.services import preferences
from orchestrator.services.clusters import added, refused, sampler

pytest_plugins = ["tests.lab_parts"]
# How fast a busy machine makes examples says nothing about the code. CI judges a change, so it tries the same
# examples each time; new ones are looked for where somebody can mend what they find.
hypothesis.settings.register_profile(
    "tests",
    deadline=None,
    derandomize=os.environ.get("CI") == "true",
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("tests")


@pytest.fixture(autouse=True)
def hub(monkeypatch) -> live.Hub:
    """Give each test a hub of its own."""
    hub = live.Hub()
    monkeypatch.setattr(live, "hub", hub)
    return hub


@pytest.fixture(autouse=True)
def choices(monkeypatch) -> None:
    """Let no test remember what callers chose in another."""
    monkeypatch.setattr(preferences, "_choices", {})


@pytest.fixture(autouse=True)
def added_contexts(monkeypatch) -> None:
    """Let no test see contexts that were added in another, nor read their table without having a database."""
    monkeypatch.setattr(added, "_opened", {})
    monkeypatch.setattr(added, "_look_at", float("inf"))


@pytest.fixture(autouse=True)
def refusals(monkeypatch) -> None:
    """Let no test be refused what was refused in another."""
    monkeypatch.setattr(refused, "_known", WeakKeyDictionary())


@pytest.fixture(autouse=True)
def samplers(monkeypatch):
    """Let no test see the samples of another, and nobody be asked after its end."""
    made: dict = {}
    monkeypatch.setattr(sampler, "_samplers", made)
    yield made
    for each in made.values():
        each.stop()


def user_in(group: str) -> User:
    user = User.objects.create_user(f"{group}-user", password="secret-for-tests")
    user.groups.add(Group.objects.get_or_create(name=group)[0])
    return user


@pytest.fixture
def viewer(db) -> User:
    return user_in("viewer")


@pytest.fixture
def operator(db) -> User:
    return user_in("operator")


@pytest.fixture
def admin(db) -> User:
    return user_in("admin")


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """Return a function that waits until a condition holds, and fails after a deadline."""

    def wait(condition: Callable[[], object], *, within_seconds: float = 20) -> None:
        deadline = time.monotonic() + within_seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {within_seconds} s"
            time.sleep(0.05)

    return wait

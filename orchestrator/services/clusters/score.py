"""A score of how well a cluster is, with the reasons that lowered it. Pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass

HEALTHY, WARNING = 80, 50  # the least scores that are called so


@dataclass(frozen=True, slots=True)
class Reason:
    """What lowered a score, by how many points. A reason too small to be told has no text."""

    points: int
    text: str


@dataclass(frozen=True, slots=True)
class Health:
    """A score of 0 to 100, the reasons that lowered it, and whether everything could be looked at."""

    score: int
    reasons: tuple[Reason, ...]
    partial: bool = False

    @property
    def status(self) -> str:
        if self.score >= HEALTHY:
            return "healthy"
        return "warning" if self.score >= WARNING else "critical"

    @property
    def issues(self) -> list[str]:
        return [reason.text for reason in self.reasons if reason.text]


def score(
    *,
    deployments: Mapping[str, int],
    pods: Mapping[str, int],
    nodes: Mapping[str, int],
    volumes: Mapping[str, int],
    partial: bool = False,
) -> Health:
    """Return the health that follows from what `deployments`, `pods`, `nodes` and `volumes` count."""
    unbound = volumes["total"] - volumes["bound"]
    reasons = [
        _degraded(deployments["degraded"], deployments["total"]),
        _failing(pods["failed"], pods["total"]),
        _pending(pods["pending"], pods["total"]),
        _not_ready(nodes["notReady"], nodes["total"]),
        _unbound(unbound),
    ]
    lowered = tuple(reason for reason in reasons if reason)
    return Health(max(0, 100 - sum(reason.points for reason in lowered)), lowered, partial)


def _over(number: int, total: int, percent: int) -> bool:
    return number * 100 > percent * total


def _degraded(number: int, total: int) -> Reason | None:
    if _over(number, total, 20):
        return Reason(30 if _over(number, total, 50) else 15, f"{number} deployments degraded")
    return Reason(5, f"{number} deployment(s) degraded") if number else None


def _failing(number: int, total: int) -> Reason | None:
    if _over(number, total, 10):
        return Reason(20, f"{number} pods failing")
    return Reason(10, f"{number} pod(s) failing") if number else None


def _pending(number: int, total: int) -> Reason | None:
    return Reason(10, f"{number} pods pending") if _over(number, total, 20) else None


def _not_ready(number: int, total: int) -> Reason | None:
    if _over(number, total, 30):
        return Reason(25, f"{number} nodes not ready")
    return Reason(15, f"{number} node(s) not ready") if number else None


def _unbound(number: int) -> Reason | None:
    if number > 5:
        return Reason(15, f"{number} volumes unbound")
    return Reason(5, "") if number else None

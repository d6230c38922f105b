"""orchestrator.services.clusters.score"""

import pytest

from orchestrator.services.clusters.score import Health, score


def scored(*, degraded=(0, 100), failed=(0, 100), pending=0, not_ready=(0, 100), unbound=0, **more) -> Health:
    return score(
        deployments={"degraded": degraded[0], "total": degraded[1]},
        pods={"failed": failed[0], "pending": pending, "total": failed[1]},
        nodes={"notReady": not_ready[0], "total": not_ready[1]},
        volumes={"total": unbound + 3, "bound": 3},
        **more,
    )


@pytest.mark.parametrize(
    ("asked", "points", "issues"),
    [
        ({"degraded": (0, 0)}, 0, []),
        ({"degraded": (0, 15)}, 0, []),
        ({"degraded": (1, 100)}, 5, ["1 deployment(s) degraded"]),
        ({"degraded": (20, 100)}, 5, ["20 deployment(s) degraded"]),
        ({"degraded": (21, 100)}, 15, ["21 deployments degraded"]),
        ({"degraded": (50, 100)}, 15, ["50 deployments degraded"]),
        ({"degraded": (51, 100)}, 30, ["51 deployments degraded"]),
        ({"degraded": (1, 1)}, 30, ["1 deployments degraded"]),
        ({"failed": (1, 1000)}, 10, ["1 pod(s) failing"]),
        ({"failed": (10, 100)}, 10, ["10 pod(s) failing"]),
        ({"failed": (11, 100)}, 20, ["11 pods failing"]),
        ({"pending": 20}, 0, []),
        ({"pending": 21}, 10, ["21 pods pending"]),
        ({"not_ready": (1, 100)}, 15, ["1 node(s) not ready"]),
        ({"not_ready": (30, 100)}, 15, ["30 node(s) not ready"]),
        ({"not_ready": (31, 100)}, 25, ["31 nodes not ready"]),
        ({"unbound": 1}, 5, []),
        ({"unbound": 5}, 5, []),
        ({"unbound": 6}, 15, ["6 volumes unbound"]),
    ],
)
def test_each_input_costs_what_it_should(asked, points, issues):
    found = scored(**asked)
    assert (100 - found.score, found.issues) == (points, issues)
    assert sum(reason.points for reason in found.reasons) == points


@pytest.mark.parametrize(
    ("asked", "number", "status"),
    [
        ({}, 100, "healthy"),
        ({"failed": (11, 100)}, 80, "healthy"),
        ({"failed": (11, 100), "unbound": 1}, 75, "warning"),
        ({"degraded": (60, 100), "failed": (20, 100)}, 50, "warning"),
        ({"degraded": (60, 100), "failed": (20, 100), "unbound": 1}, 45, "critical"),
    ],
)
def test_the_word_follows_from_the_score(asked, number, status):
    found = scored(**asked)
    assert (found.score, found.status) == (number, status)


def test_everything_wrong_at_once_leaves_nothing_but_what_is_never_lost():
    found = scored(degraded=(9, 9), failed=(9, 40), pending=21, not_ready=(9, 9), unbound=9)
    assert (found.score, found.status, len(found.reasons)) == (0, "critical", 5)


def test_an_empty_cluster_is_healthy():
    assert scored(degraded=(0, 0), failed=(0, 0), not_ready=(0, 0)).score == 100


def test_what_could_not_be_looked_at_is_said():
    assert scored(partial=True).partial
    assert not scored().partial

"""orchestrator.services.clusters.samples: an hour of use, in memory"""

from datetime import UTC, datetime

import pytest

from orchestrator.backends.cluster.port import Usage
from orchestrator.services.clusters.samples import FORGOTTEN_AFTER, ROUNDS, Samples, Use

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
WEB = ("shop", "web")


def usage(cpu: float = 0.5, memory: int = 100, *, name: str = "web", container: str = "c") -> Usage:
    return Usage(name=name, namespace="shop", container=container, cpu=cpu, memory=memory, at=AT)


def cpu(samples: Samples, *keys: tuple[str, str], since: float = 0, **more) -> list[float | None]:
    return [point.cpu for point in samples.history(keys or (WEB,), since=since, **more)]


@pytest.fixture
def samples() -> Samples:
    return Samples()


def test_a_pod_uses_what_its_containers_use(samples):
    samples.add([usage(0.5, 100, container="a"), usage(0.25, 50, container="b")], at=0)
    assert samples.latest(*WEB) == {"a": Use(0.5, 100), "b": Use(0.25, 50)}
    assert samples.total(*WEB) == Use(0.75, 150)


def test_nothing_is_known_of_a_pod_that_the_last_round_left_out(samples):
    samples.add([usage()], at=0)
    samples.add([], at=30)
    assert samples.total(*WEB) is None
    assert cpu(samples) == [0.5, None]


def test_a_history_is_in_the_order_of_time(samples):
    for number in range(4):
        samples.add([usage(number, number * 1024)], at=30 * number)
    points = samples.history([WEB], since=0)
    assert [(point.at, point.cpu, point.memory) for point in points] == [
        (0, 0, 0),
        (30, 1, 1024),
        (60, 2, 2048),
        (90, 3, 3072),
    ]


def test_a_pod_that_comes_later_has_no_past(samples):
    samples.add([], at=0)
    samples.add([usage(0.5)], at=30)
    assert cpu(samples) == [None, 0.5]


def test_rounds_that_a_pod_missed_are_gaps(samples):
    samples.add([usage(0.25)], at=0)
    samples.add([], at=30)
    samples.add([], at=60)
    samples.add([usage(0.5)], at=90)
    assert cpu(samples) == [0.25, None, None, 0.5]


def test_a_time_that_nobody_watched_is_a_gap(samples):
    samples.add([usage(0.25)], at=0)
    samples.add([usage(0.5)], at=300)
    assert [(point.at, point.cpu) for point in samples.history([WEB], since=0)] == [
        (0, 0.25),
        (30, None),
        (300, 0.5),
    ]


def test_an_hour_is_kept(samples):
    for number in range(ROUNDS + 50):
        samples.add([usage(number)], at=30 * number)
    assert cpu(samples) == [float(number) for number in range(50, ROUNDS + 50)]


def test_what_was_overwritten_is_never_shown_again(samples):
    samples.add([usage(1)], at=0)
    for number in range(1, ROUNDS + 5):
        samples.add([usage(name="other")], at=30 * number)
    samples.add([usage(2)], at=30 * (ROUNDS + 5))
    assert set(cpu(samples)) == {None, 2.0}


def test_the_time_before_a_moment_is_left_out(samples):
    for number in range(4):
        samples.add([usage(number)], at=30 * number)
    assert cpu(samples, since=60) == [2, 3]


def test_pods_add_up_as_far_as_each_is_known(samples):
    samples.add([usage(0.25)], at=0)
    samples.add([usage(0.25), usage(0.5, name="late")], at=30)
    assert cpu(samples, WEB, ("shop", "late")) == [0.25, 0.75]


def test_one_container_has_a_history_of_its_own(samples):
    samples.add([usage(0.25, container="a"), usage(0.5, container="b")], at=0)
    assert cpu(samples, container="b") == [0.5]
    assert cpu(samples, container="gone") == [None]


def test_pods_that_are_gone_are_forgotten(samples):
    samples.add([usage()], at=0)
    for number in range(1, 3 * FORGOTTEN_AFTER):
        samples.add([], at=30 * number)
    assert len(samples) == 0


def test_there_is_room_for_so_many_and_no_more():
    samples = Samples(most=2)
    samples.add([usage(name="a"), usage(name="b"), usage(name="c")], at=0)
    assert (len(samples), samples.left_out) == (2, 1)
    samples.add([usage(name="c"), usage(name="b"), usage(name="a")], at=30)
    assert samples.total("shop", "a") is not None
    assert samples.total("shop", "c") is None


def test_nothing_is_left_after_clearing(samples):
    samples.add([usage()], at=0)
    before = samples.round
    samples.clear()
    assert (len(samples), samples.total(*WEB), cpu(samples)) == (0, None, [])
    assert samples.round != before


def test_the_latest_amounts_are_exact(samples):
    samples.add([usage(0.31935609, 1851187201)], at=0)
    assert samples.total(*WEB) == Use(0.31935609, 1851187201)

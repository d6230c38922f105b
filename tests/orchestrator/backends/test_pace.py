"""orchestrator.backends.cluster.pace"""

from orchestrator.backends.cluster.pace import Pace


def test_a_burst_waits_for_nothing_and_what_follows_for_the_rate():
    pace = Pace(rate=10, burst=3)
    assert [pace.reserve(100.0) for _ in range(5)] == [0, 0, 0, 0.1, 0.2]


def test_permits_come_back_with_time_up_to_the_burst():
    pace = Pace(rate=10, burst=2)
    for _ in range(3):
        pace.reserve(100.0)
    assert pace.reserve(100.2) == 0
    assert [pace.reserve(1000.0) for _ in range(3)] == [0, 0, 0.1]


def test_a_clock_that_seems_to_go_back_gives_nothing_away():
    pace = Pace(rate=10, burst=1)
    assert [pace.reserve(at) for at in (100.0, 99.0, 100.0)] == [0, 0.1, 0.2]

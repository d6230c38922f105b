"""dashboard.charts: small and large charts as SVG"""

import re

import pytest

from dashboard import charts


def paths(svg: str) -> list[str]:
    """Return the curves of a chart, without areas and lines."""
    return re.findall(r'<path d="([^"]+)"', svg)


def spark(*values: float | None, **more) -> str:
    points = [(30.0 * index, value) for index, value in enumerate(values)]
    return charts.spark(points, title="CPU", seconds=30.0 * (len(values) - 1) or 30, **more)


def test_a_curve_goes_from_the_left_to_the_right():
    assert paths(spark(1, 1, 1)) == ["M0.0,1.3L32.0,1.3L64.0,1.3"]


def test_a_time_of_which_nothing_is_known_is_a_gap():
    assert len(paths(spark(1, 2, None, 2, 1))) == 2


def test_a_moment_alone_is_seen():
    assert paths(spark(None, 1, None)) == ["M32.0,1.3h1"]


@pytest.mark.parametrize("values", [(), (None,), (None, None)])
def test_nothing_known_is_no_chart(values):
    assert charts.spark([(0.0, value) for value in values], title="CPU", seconds=60) == ""


def test_nothing_used_is_a_line_at_the_bottom():
    assert paths(spark(0, 0)) == ["M0.0,18.0L64.0,18.0"]


@pytest.mark.parametrize(
    ("values", "limit", "red"),
    [
        ((1, 2), 3, False),
        ((1, 3.5), 3, True),
        ((4, 1), 3, False),
        ((1, 2), None, False),
        ((4, None), 3, True),
    ],
)
def test_it_is_red_only_above_the_limit(values, limit, red):
    assert ("crit" in spark(*values, limit=limit)) is red


def test_a_limit_is_a_line_with_room_for_it():
    found = re.search(r'class="lim" d="M0,([0-9.]+)H64"', spark(1, 2, limit=4))
    assert 0 < float(found[1]) < 3


def test_words_in_a_title_are_text():
    assert "<title>&lt;b&gt;</title>" in charts.spark([(0, 1), (1, 1)], title="<b>", seconds=1)


@pytest.mark.parametrize(
    ("part", "css", "width"), [(0.5, "", "50"), (0.95, "warn", "95"), (1.2, "crit", "100"), (-1, "", "0")]
)
def test_a_meter_is_as_full_as_its_part(part, css, width):
    svg = charts.meter(part)
    assert f'class="o-meter {css}"' in svg
    assert f'<rect width="{width}"' in svg


def test_a_large_chart_has_the_limit_dashed_and_the_request_dotted():
    svg = charts.large([(0, 1), (30, 2)], title="CPU", seconds=60, limit=4, request=1)
    assert 'class="lim"' in svg
    assert 'class="ask"' in svg

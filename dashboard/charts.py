"""Charts of use as SVG, made on the server: they need no script and no style of their own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString, mark_safe

Value = tuple[float, float | None]  # Unix time, and what was used then; None is a time that nobody watched
ROOM = 1.08  # above the highest value, so that a line is never cut
TIGHT = 0.9  # of what may be used


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a chart shows: a span of time that ends at `end`, and amounts from 0 to `top`."""

    width: float
    height: float
    end: float
    seconds: float
    top: float

    def x(self, at: float) -> float:
        return self.width * (1 - (self.end - at) / self.seconds)

    def y(self, value: float) -> float:
        return self.height * (1 - value / self.top)


def frame_of(
    values: Sequence[Value], lines: Iterable[float | None], *, width: float, height: float, seconds: float
) -> Frame:
    """Return the frame in which all values and lines have room; it ends with the last value."""
    end = values[-1][0] if values else 0.0
    amounts = [value for _, value in values if value is not None] + [line for line in lines if line]
    return Frame(
        width=width, height=height, end=end, seconds=seconds, top=max(amounts, default=0.0) * ROOM or 1.0
    )


def runs(values: Iterable[Value]) -> list[list[tuple[float, float]]]:
    """Return the parts of a history without a gap."""
    found: list[list[tuple[float, float]]] = [[]]
    for at, value in values:
        if value is None:
            found.append([])
        else:
            found[-1].append((at, value))
    return [run for run in found if run]


def spark(
    values: Sequence[Value],
    *,
    title: str,
    seconds: float,
    limit: float | None = None,
    width: int = 64,
    height: int = 18,
) -> SafeString:
    """Return a small chart, red if the last value is above the limit; "" if nothing is known."""
    if not runs(values):
        return SafeString()
    frame = frame_of(values, (limit,), width=width, height=height, seconds=seconds)
    css = "o-spark crit" if is_over(values, limit) else "o-spark"
    size = f'width="{width}" height="{height}"'
    return mark_safe(f"{_opening(css, frame, title, size)}{_curve(values, frame)}{_line(frame, limit)}</svg>")


def large(
    values: Sequence[Value],
    *,
    title: str,
    seconds: float,
    limit: float | None = None,
    request: float | None = None,
) -> SafeString:
    """Return a chart as wide as its place: the limit dashed, what is asked for dotted."""
    frame = frame_of(values, (limit, request), width=600, height=120, seconds=seconds)
    css = "o-spark o-large crit" if is_over(values, limit) else "o-spark o-large"
    lines = _line(frame, request, css="ask") + _line(frame, limit)
    return mark_safe(f"{_opening(css, frame, title)}{_curve(values, frame)}{lines}</svg>")


def meter(part: float, *, title: str = "", css: str | None = None) -> SafeString:
    """Return a bar of which `part`, 0 to 1, is full: amber when little is left, red when nothing is.

    `css` says the colour where a full bar means something else.
    """
    if css is None:
        css = "crit" if part >= 1 else "warn" if part >= TIGHT else ""
    full = round(100 * min(1.0, max(0.0, part)), 1)
    named = f'role="img" aria-label="{escape(title)}"' if title else 'aria-hidden="true"'
    return mark_safe(
        f'<svg class="o-meter {css}" viewBox="0 0 100 4" preserveAspectRatio="none" {named}>'
        f'<rect class="w" width="100" height="4"/><rect width="{full:g}" height="4"/></svg>'
    )


def is_over(values: Sequence[Value], limit: float | None) -> bool:
    """Return True if the last known value is above the limit."""
    last = next((value for _, value in reversed(values) if value is not None), None)
    return bool(limit) and last is not None and limit is not None and last > limit


def _opening(css: str, frame: Frame, title: str, size: str = "") -> str:
    box = f'viewBox="0 0 {frame.width:g} {frame.height:g}" preserveAspectRatio="none"'
    return f'<svg class="{css}" {size} {box} role="img"><title>{escape(title)}</title>'


def _curve(values: Sequence[Value], frame: Frame) -> str:
    parts = []
    for run in runs(values):
        points = [f"{frame.x(at):.1f},{frame.y(value):.1f}" for at, value in run]
        first, last = frame.x(run[0][0]), frame.x(run[-1][0])
        # A moment alone would be a line without a length, which nobody sees.
        path = f"M{'L'.join(points)}" if len(points) > 1 else f"M{points[0]}h1"
        floor = f"{frame.height:g}"
        area = f"M{first:.1f},{floor}L{'L'.join(points)}L{last:.1f},{floor}Z"
        parts.append(f'<path class="a" d="{area}"/><path d="{path}"/>')
    return "".join(parts)


def _line(frame: Frame, value: float | None, *, css: str = "lim") -> str:
    return f'<path class="{css}" d="M0,{frame.y(value):.1f}H{frame.width:g}"/>' if value else ""

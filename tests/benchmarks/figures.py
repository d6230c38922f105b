"""What was measured, beside its goal, as a table for people."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.connection import Connection

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report. `met` is None without a goal; `beside` is the API server's own figure."""

    what: str
    found: str
    goal: str = ""
    met: bool | None = None
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    figures: Sequence[Figure]
    note: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Series:
    """Milliseconds of many requests, and the bytes of the last answer's body as it was sent."""

    p50: float
    p95: float
    size: int

    def __str__(self) -> str:
        return f"{milliseconds(self.p50)} (p95 {milliseconds(self.p95)})"


def series(connection: Connection, path: str, *, times: int) -> Series:
    """Ask for the same again and again, after once for nothing; raise `Failed` on a bad answer."""
    connection.get(path)
    answers = [connection.get(path) for _ in range(times)]
    return Series(
        p50=percentile([answer.seconds * 1000 for answer in answers], 50),
        p95=percentile([answer.seconds * 1000 for answer in answers], 95),
        size=len(answers[-1].raw),
    )


def percentile(values: Sequence[float], part: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * part // 100)]


def milliseconds(value: float) -> str:
    return f"{value:.1f} ms" if value < 100 else f"{value:,.0f} ms"


def kilobytes(size: int) -> str:
    return f"{size / 1000:,.0f} kB"


def word(met: bool | None) -> str:
    return "" if met is None else "met" if met else "**missed**"


def markdown(sections: Sequence[Section]) -> str:
    """Return the sections as tables."""
    parts = []
    for section in sections:
        lines = [f"## {section.title}", ""]
        lines += [section.note, ""] if section.note else []
        lines += ["| | found | goal | | API server itself |", "|---|---|---|---|---|"]
        lines += [
            f"| {each.what} | {each.found} | {each.goal} | {word(each.met)} | {each.beside} |"
            for each in section.figures
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def plain(section: Section) -> str:
    """Return a section as text for a terminal."""
    lines = [section.title]
    for each in section.figures:
        met = word(each.met).strip("*").upper() if each.met is False else word(each.met)
        beside = f"  API server {each.beside}" if each.beside else ""
        goal = f"  goal {each.goal}: {met}" if each.goal else ""
        lines.append(f"  {each.what:<58} {each.found:<34}{goal}{beside}".replace("`", ""))
    return "\n".join(lines)

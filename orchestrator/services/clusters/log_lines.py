"""Lines of logs: when they were written, how serious they are, and what they say."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

LONGEST_BYTES = 262_144  # A longer line is cut into several: nobody promises that one ever ends.
LEVELS = "trace debug info notice warn warning error err fatal critical crit panic alert emerg emergency"
KNOWN = frozenset(LEVELS.split())
TIME_KEYS = ("timestamp", "time", "ts", "@timestamp")
LEVEL_KEYS = ("level", "severity", "loglevel")
MESSAGE_KEYS = ("message", "msg", "text")
SGR = r"(?:\x1b\[[0-9;]*m)*"  # colours may stand around every part
ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
PREFIX = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))(?: |$)")
DATED = re.compile(
    rf"({SGR})\[?({ISO})\]?{SGR}(?:\s+{SGR}\[{SGR}\s*([A-Za-z]{{2,12}})\s*{SGR}\]{SGR}:?)?(?:\s+|$)"
)
BRACKETED = re.compile(rf"{SGR}\[{SGR}([A-Za-z]{{2,12}}){SGR}\]{SGR}:?\s*")
WORDED = re.compile(rf"{SGR}([A-Za-z]{{2,12}}){SGR}:{SGR}\s+")
UTC_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line. `stamp` is when the node took it down, as the API server wrote it; the rest is its own."""

    raw: str
    message: str
    stamp: str = ""
    timestamp: str = ""
    level: str = ""
    data: dict[str, Any] | None = None

    def as_json(self, number: int) -> dict[str, Any]:
        """Return the documented entry; members without a value are absent."""
        said: dict[str, Any] = {"line": number}
        if self.timestamp:
            said["timestamp"] = self.timestamp
        if self.level:
            said["level"] = self.level
        said |= {"message": self.message, "raw": self.raw, "isJson": self.data is not None}
        return said if self.data is None else {**said, "data": self.data}


class Splitter:
    """Makes lines of parts that are cut anywhere, without ever holding more than one line."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that a part completes."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > LONGEST_BYTES:
            lines.append(self._rest)
            self._rest = b""
        return lines

    def end(self) -> list[bytes]:
        """Return what came without a newline at its end."""
        rest, self._rest = self._rest, b""
        return [rest] if rest else []


def divided(text: str) -> tuple[str, str]:
    """Return the time that the API server put before a line, and the line; "" if there is none."""
    found = PREFIX.match(text)
    return (found[1], text[found.end() :]) if found else ("", text)


def parse(text: str, *, stamped: bool) -> Line:
    """Return what a line says; `stamped` means that the API server put the time before it.

    The time is the line's own, else the API server's. Colours stay in the message.
    """
    stamp, raw = divided(text) if stamped else ("", text)
    raw = raw.rstrip("\r")
    found = _of_json(raw) or _of_text(raw)
    return replace(found, stamp=stamp, timestamp=found.timestamp or normal(stamp))


def parsed(lines: list[str], *, stamped: bool) -> Iterator[Line]:
    """Yield what lines say, in order."""
    return (parse(line, stamped=stamped) for line in lines)


def normal(stamp: str) -> str:
    """Return a time as the API writes it, in UTC with milliseconds; as it is if it names no zone."""
    found = UTC_TIME.fullmatch(stamp)
    if found:
        return f"{found[1]}T{found[2]}.{((found[3] or '') + '000')[:3]}Z"
    try:
        moment = datetime.fromisoformat(stamp.replace(",", "."))
    except ValueError:
        return stamp
    return stamp if moment.tzinfo is None else _written(moment)


def _of_json(raw: str) -> Line | None:
    if not raw.lstrip().startswith("{"):
        return None
    try:
        data = json.loads(raw, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    time, level = _first(data, TIME_KEYS), _first(data, LEVEL_KEYS)
    message = _first(data, MESSAGE_KEYS)
    return Line(
        raw=raw,
        message=json.dumps(data) if message is None else _text(message),
        timestamp="" if time is None else _time(time),
        level="" if level is None else _text(level).upper(),
        data=data,
    )


def _refuse(word: str) -> None:
    """Refuse NaN and Infinity, which Python reads and JSON does not know."""
    raise ValueError(word)


def _text(value: Any) -> str:
    """Return a value as text that can be sent: JSON may escape halves of characters."""
    return str(value).encode(errors="replace").decode()


def _of_text(raw: str) -> Line:
    dated = DATED.match(raw)
    if dated:
        message = dated[1] + raw[dated.end() :]
        return Line(raw=raw, message=message, timestamp=normal(dated[2]), level=(dated[3] or "").upper())
    for pattern in (BRACKETED, WORDED):
        found = pattern.match(raw)
        if found and _is_level(found[1]):
            return Line(raw=raw, message=raw[found.end() :], level=found[1].upper())
    return Line(raw=raw, message=raw)


def _is_level(word: str) -> bool:
    """Return False for what merely begins a sentence, such as "Note: …"."""
    return word.isupper() or word.lower() in KNOWN


def _first(data: dict[str, Any], keys: tuple[str, ...]) -> Any:
    return next((data[key] for key in keys if data.get(key) not in (None, "")), None)


def _time(value: Any) -> str:
    """Return a time of a JSON line; numbers are seconds since 1970, or milliseconds and finer if larger."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return normal(_text(value))
    seconds = float(value)
    while abs(seconds) >= 1e11:
        seconds /= 1000
    try:
        return _written(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, ValueError):  # NaN is a number, too.
        return str(value)


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"

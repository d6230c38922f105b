"""What YAML 1.1 takes a word for, and the text that such a value is read as where text is wanted.

The words and numbers are those that Kubernetes' own reader of YAML knows, not all of https://yaml.org/type:
no numbers to the base of 60, and times stay text.
"""

import base64
import binascii
import calendar
import math
import re
from decimal import Decimal
from typing import Any

WORDS: dict[str, Any] = {
    **dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"], True),
    **dict.fromkeys(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"], False),
    **dict.fromkeys(["", "~", "null", "Null", "NULL"]),
    **dict.fromkeys([".nan", ".NaN", ".NAN"], math.nan),
    **dict.fromkeys([".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"], math.inf),
    **dict.fromkeys(["-.inf", "-.Inf", "-.INF"], -math.inf),
}
INTEGER = re.compile(
    r"([-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<bits>[01]+)|0[oO]?(?P<octal>[0-7]+)|(?P<decimal>0|[1-9][0-9]*))"
)
BASES = {"hex": 16, "bits": 2, "octal": 8, "decimal": 10}
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
SIXTIES = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
TIME = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:(?P<between>[Tt ])([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?"
    r"(?P<zone>Z|[-+][0-9]{2}:[0-9]{2})?)?"
)
LONGEST_NUMBER = 400  # characters; what is longer stays text, and so does what is larger than every float
LARGEST = 2**1024
TAG = "tag:yaml.org,2002:"
KINDS = {"bool": bool, "int": int, "float": float, "null": type(None)}


def resolve(word: str) -> Any:
    """Return what a plain word stands for: a bool, an int, a float, None, or the word itself."""
    if word in WORDS:
        return WORDS[word]
    if word[0] == ".":
        return _float(word)
    return _number(word) if word[0] in "+-0123456789" else word


def tagged(tag: str, word: str) -> Any:
    """Return what a word with a tag stands for; raise ValueError if it is none of that type."""
    name = tag.removeprefix(TAG) if tag.startswith(TAG) else ""
    if name == "binary":
        return _binary(word)
    if name == "timestamp" and not is_time(word):
        raise ValueError("no timestamp")
    if name not in KINDS:
        return word
    value = resolve(word)
    if name == "float" and type(value) is int:
        return float(value)
    if type(value) is not KINDS[name]:
        raise ValueError(f"no {name}")
    return value


def text(value: Any) -> str:
    """Return the text that a number or a truth value becomes where text is wanted."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _float_text(value) if isinstance(value, float) else str(value)


def is_ambiguous(word: str) -> bool:
    """Return whether a reader of YAML 1.1 would take the word for something else than text."""
    return type(resolve(word)) is not str or is_time(word) or bool(SIXTIES.fullmatch(word))


def is_time(word: str) -> bool:
    """Return whether the word is a date or a time that Kubernetes' reader knows."""
    found = TIME.fullmatch(word)
    if not found:
        return False
    year, month, day, _, hour, minute, second, _ = found.groups()
    if not 1 <= int(month) <= 12 or not 1 <= int(day) <= _days(int(year), int(month)):
        return False
    if hour is None:
        return True
    zoned = found["zone"] is not None
    return int(hour) < 24 and int(minute) < 60 and int(second) < 60 and zoned == (found["between"] != " ")


def _days(year: int, month: int) -> int:
    return calendar.monthrange(year or 2000, month)[1]  # The year 0 was a leap year, too.


def _number(word: str) -> Any:
    plain = word.replace("_", "")
    if len(plain) > LONGEST_NUMBER:
        return word
    found = INTEGER.fullmatch(plain)
    if not found:
        return _float(plain) if FLOAT.fullmatch(plain) else word
    name = str(found.lastgroup)
    value = int(found[name], BASES[name])
    if value >= (LARGEST if name == "decimal" else 2**64):
        return word
    return -value if found[1] == "-" else value


def _float(word: str) -> Any:
    if len(word) > LONGEST_NUMBER or not FLOAT.fullmatch(word):
        return word
    value = float(word)
    return word if math.isinf(value) else value


def _float_text(value: float) -> str:
    """As Go writes a float by %g with the fewest digits that are exact: 1.5, 1e+06, +Inf."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'+' if value > 0 else '-'}Inf"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    power = len(digits) + int(exponent) - 1
    if -4 <= power < 6 or not value:
        return f"{Decimal(repr(value)).normalize():f}"
    mantissa = "".join(map(str, digits))
    fraction = f".{mantissa[1:]}" if mantissa[1:] else ""
    return f"{'-' if sign else ''}{mantissa[0]}{fraction}e{power:+03d}"


def _binary(word: str) -> str:
    try:
        return base64.b64decode("".join(word.split()), validate=True).decode()
    except (binascii.Error, ValueError) as exc:
        raise ValueError("no text in base64") from exc

"""Label selectors, as Kubernetes writes them.

https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

import re
from collections.abc import Callable, Mapping

LONGEST = 1000  # characters
NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
KEY = rf"(?:[a-z0-9](?:[-a-z0-9.]{{0,251}}[a-z0-9])?/)?{NAME}"
VALUE = rf"(?:{NAME})?"
EQUALS = re.compile(rf"\s*({KEY})\s*(==|!=|=)\s*({VALUE})\s*")
ONE_OF = re.compile(rf"\s*({KEY})\s+(in|notin)\s*\(([^()]*)\)\s*")
EXISTS = re.compile(rf"\s*(!?)\s*({KEY})\s*")
AT_COMMAS = re.compile(r",(?![^()]*\))")  # but not inside the brackets of a set

Labels = Mapping[str, str]
Test = Callable[[Labels], bool]


def labels(text: str) -> Test:
    """Return a test of labels; every part must hold. Raises `ValueError` that says what is wrong."""
    if len(text) > LONGEST:
        raise ValueError(f"a selector has at most {LONGEST} characters")
    tests = [_requirement(part) for part in AT_COMMAS.split(text)]
    if len(tests) == 1:  # Most have one part, and every row of a list is asked.
        return tests[0]
    return lambda found: all(test(found) for test in tests)


def _requirement(part: str) -> Test:
    if match := EQUALS.fullmatch(part):
        key, operator, value = match.groups()
        if operator == "!=":
            return lambda found: found.get(key) != value
        return lambda found: found.get(key) == value
    if match := ONE_OF.fullmatch(part):
        key, operator, inside = match.groups()
        values = {value.strip() for value in inside.split(",")}
        if not all(re.fullmatch(VALUE, value) for value in values):
            raise ValueError(f"({inside}) is not a list of label values")
        if operator == "notin":
            return lambda found: found.get(key) not in values
        return lambda found: key in found and found[key] in values
    if match := EXISTS.fullmatch(part):
        absent, key = match.groups()
        return lambda found: (key not in found) if absent else (key in found)
    raise ValueError(f"{part.strip()[:100]!r} is not k=v, k!=v, k in (a,b), k notin (a,b), k or !k")

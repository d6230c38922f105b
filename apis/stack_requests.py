"""What callers of stacks send: types alone are checked here, rules in `services.stacks`."""

import json
import re
from typing import Any, NoReturn

from django.http import HttpRequest
from django.http.request import RawPostDataException

from apis.stack_area import InvalidJSON
from orchestrator.errors import Problem
from orchestrator.services.stacks import reads, targets
from orchestrator.services.stacks.errors import InvalidQuery
from orchestrator.services.stacks.targets import Target

SPACE = " \t\r\n"  # https://www.rfc-editor.org/rfc/rfc8259#section-2
HALVES = re.compile("[\ud800-\udfff]")  # of characters; no encoding has them alone
NUMBER = re.compile(r"-?[0-9]{1,18}")
MOST_STACKS = reads.MOST


def _no_number(_name: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError


DECODER = json.JSONDecoder(parse_constant=_no_number)


def members(request: HttpRequest) -> dict[str, Any]:
    """Return the members of the first JSON value of a body, under names in lower case.

    The content type does not matter, and null is an object without members. Raises `InvalidJSON`.
    """
    try:
        text = request.body.decode(errors="replace")
        value, _end = DECODER.raw_decode(text.lstrip(SPACE))
    except (ValueError, RecursionError, RawPostDataException):
        raise InvalidJSON from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidJSON
    return {name.casefold(): each for name, each in value.items()}


def ask(request: HttpRequest) -> tuple[str, list[Target]]:
    """Return the pod spec and the targets of a new stack; raise `InvalidJSON`."""
    found = members(request)
    spec = _text(found.get("pod_spec"))
    try:
        return spec, targets.decoded(found.get("target_port"))
    except ValueError:
        raise InvalidJSON from None


def stack_ids(request: HttpRequest) -> list[str]:
    """Return the ids of a batch as they were given, null as blank; raise `InvalidJSON`."""
    value = members(request).get("stack_ids")
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidJSON
    return [_text(each) for each in value]


def seconds(request: HttpRequest) -> int:
    """Return how much longer a stack is to live, 0 if it is not said; raise `InvalidJSON`."""
    value = members(request).get("seconds")
    if value is None:
        return 0
    if type(value) is not int:
        raise InvalidJSON
    return value


def query(request: HttpRequest) -> reads.Query:
    """Return which stacks are asked for; raise `InvalidQuery` for what is no number."""
    asked = request.GET
    words = [word.strip() for each in asked.getlist("status") for word in each.split(",")]
    return reads.Query(
        status=tuple(word for word in words if word),
        node_id=asked.get("node_id", "").strip(),
        search=asked.get("search", ""),
        sort=asked.get("sort", "").strip() or "created_at",
        limit=number(request, "limit", least=1, most=MOST_STACKS),
        offset=number(request, "offset", least=0, most=10**12) or 0,
    )


def number(request: HttpRequest, name: str, *, least: int, most: int) -> int | None:
    """Return a parameter of the query, None if it is absent or blank; raise `InvalidQuery`."""
    text = request.GET.get(name, "").strip()
    if not text:
        return None
    if not NUMBER.fullmatch(text) or not least <= int(text) <= most:
        raise InvalidQuery(Problem(name, f"{name} is a whole number from {least} to {most}"))
    return int(text)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidJSON
    return HALVES.sub("\ufffd", value)

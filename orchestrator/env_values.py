"""The kinds of values that variables of the environment have."""

import re
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

UNIT_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
DURATION = re.compile(r"(?:\d{1,8}(?:\.\d+)?(?:ms|[smhd])){1,5}")  # what fits into a timedelta
LONGEST = timedelta(days=36500)  # A time so long ago or ahead must still be a date.
# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
LABEL_VALUE = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def duration(value: object) -> object:
    """Return `500ms`, `1h30m` or a bare number of seconds as a `timedelta`; other types are left alone."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if re.fullmatch(r"\d{1,10}(\.\d+)?", text):
        text += "s"
    elif not DURATION.fullmatch(text):
        raise ValueError("write a duration such as 500ms, 10s, 20m, 2h, 30d, 1h30m, or a number of seconds")
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|[smhd])", text)
    length = timedelta(seconds=sum(float(number) * UNIT_SECONDS[unit] for number, unit in parts))
    if length > LONGEST:
        raise ValueError("write at most 36500d")
    return length


def split_at_commas(value: object) -> object:
    """Return the non-empty parts of a comma list."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def nothing_if_blank(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


Duration = Annotated[timedelta, BeforeValidator(duration)]
Positive = Annotated[Duration, Field(gt=timedelta(0))]
Names = Annotated[list[str], NoDecode, BeforeValidator(split_at_commas)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
Port = Annotated[int, Field(ge=1, le=65535)]
Text = Annotated[str | None, BeforeValidator(nothing_if_blank)]
Secret = Annotated[SecretStr | None, BeforeValidator(nothing_if_blank)]


def network(text: str) -> IPv4Network | IPv6Network:
    """Return an address or a network such as 10.0.0.0/8; raise `ValueError` for anything else."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise ValueError("write addresses or networks such as 10.0.0.1 or 10.0.0.0/8") from None

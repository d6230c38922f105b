"""The ports of a pod that are to be reached from outside."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.services.stacks.errors import InvalidTargets

MOST = 24
PROTOCOLS = ("TCP", "UDP")


@dataclass(frozen=True, slots=True)
class Target:
    """One port as it was asked for, or, after `checked`, with the protocol in capitals."""

    container_port: int
    protocol: str


def decoded(value: Any) -> list[Target]:
    """Return the targets of decoded JSON; raise ValueError where a type is wrong.

    Names of members match without regard to case, and null is the empty value of its type.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError("target_port is a list")
    return [_target(item) for item in value]


def checked(targets: Sequence[Target]) -> tuple[Target, ...]:
    """Return the targets with protocols in capitals; raise `InvalidTargets` for the first broken rule."""
    if not targets:
        raise InvalidTargets("target_port is required")
    if len(targets) > MOST:
        raise InvalidTargets(f"target_port exceeds limit (max {MOST})")
    return tuple(_checked(targets))


def _target(item: Any) -> Target:
    if item is not None and not isinstance(item, dict):
        raise ValueError("an entry of target_port is an object")
    members = {name.lower(): value for name, value in (item or {}).items()}
    port, protocol = members.get("container_port"), members.get("protocol")
    if not isinstance(protocol, str | None):
        raise ValueError("protocol is a text")
    return Target(_integer(port), protocol or "")


def _integer(value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if type(value) is not int:
        raise ValueError("container_port is a whole number")
    return value


def _checked(targets: Sequence[Target]) -> Iterator[Target]:
    seen: set[Target] = set()
    for index, target in enumerate(targets):
        path = f"target_port[{index}]"
        if not 1 <= target.container_port <= 65535:
            raise InvalidTargets("target_port is out of range", path=f"{path}.container_port")
        found = Target(target.container_port, target.protocol.strip().upper())
        if not found.protocol:
            raise InvalidTargets("protocol is required", path=f"{path}.protocol")
        if found.protocol not in PROTOCOLS:
            raise InvalidTargets("protocol must be TCP or UDP", path=f"{path}.protocol")
        if found in seen:
            raise InvalidTargets("duplicate target_port entry", path=path)
        seen.add(found)
        yield found

"""Node ports: drawn at random, held by a row each, and free again when their service is gone."""

import random
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import chain
from typing import Protocol

from django.conf import settings
from django.db.models import Q

from orchestrator.backends.cluster.objects import Service
from orchestrator.backends.cluster.port import Cluster, Kind
from orchestrator.models import HeldPort, Stack, StackPort
from orchestrator.services.stacks.errors import NoNodePort


class Wanted(Protocol):
    """A port that a stack asks for."""

    @property
    def container_port(self) -> int: ...

    @property
    def protocol(self) -> str: ...


def draw(low: int, high: int, *, held: Collection[int], start: int) -> int:
    """Return the first free number from `start` on, from `low` again after `high`; raise `NoNodePort`."""
    for number in chain(range(start, high + 1), range(low, start)):
        if number not in held:
            return number
    raise NoNodePort


def draw_many(low: int, high: int, *, held: Collection[int], count: int) -> list[int]:
    """Return `count` free numbers, each from a start of its own; raise `NoNodePort` if there are fewer."""
    taken = set(held)
    drawn = []
    for _ in range(count):
        # Predictable ports would tell strangers where the next stack will be.
        number = draw(low, high, held=taken, start=random.SystemRandom().randint(low, high))
        taken.add(number)
        drawn.append(number)
    return drawn


def reserve(stack: Stack, wanted: Sequence[Wanted], *, avoid: Collection[int]) -> list[StackPort]:
    """Write a row for each port that a stack asks for, within the caller's transaction.

    `avoid` are numbers that others hold. Raises `NoNodePort`, and `IntegrityError` if another
    transaction took one of them at the same moment: then all of it is to be tried again.
    """
    held = {*avoid, *_reserved(stack.context)}
    numbers = draw_many(
        settings.STACK_NODEPORT_MIN, settings.STACK_NODEPORT_MAX, held=held, count=len(wanted)
    )
    rows = [
        StackPort(
            context=stack.context,
            node_port=number,
            stack=stack,
            container_port=each.container_port,
            protocol=each.protocol,
            position=position,
        )
        for position, (each, number) in enumerate(zip(wanted, numbers, strict=True))
    ]
    # In the order of their numbers: two that want the same two ports never wait for each other.
    StackPort.objects.bulk_create(sorted(rows, key=lambda row: row.node_port))
    return rows


def move(row: StackPort, *, avoid: Collection[int]) -> None:
    """Give a stack another number for one of its ports; raises what `reserve` raises."""
    held = {*avoid, *_reserved(row.context), row.node_port}
    row.node_port = draw_many(settings.STACK_NODEPORT_MIN, settings.STACK_NODEPORT_MAX, held=held, count=1)[0]
    row.save(update_fields=["node_port"])


def set_aside(context: str, node_port: int, *, at: datetime) -> None:
    """Do not draw a number for a while: something that is not ours holds it."""
    HeldPort.objects.update_or_create(
        context=context, node_port=node_port, defaults={"until": at + settings.STACK_PORT_LOCK_TTL}
    )


def held_by_others(cluster: Cluster, *, at: datetime) -> set[int]:
    """Return the numbers of the range that others hold: services of the cluster, and those set aside."""
    aside = HeldPort.objects.filter(context=cluster.context.name, until__gt=at)
    services = (row for row in cluster.cache(Kind.SERVICES).rows() if isinstance(row, Service))
    seen = {port.node_port for row in services for port in row.ports if isinstance(port.node_port, int)}
    found = {
        number for number in {*aside.values_list("node_port", flat=True), *seen} if isinstance(number, int)
    }
    return {
        number for number in found if settings.STACK_NODEPORT_MIN <= number <= settings.STACK_NODEPORT_MAX
    }


def forget_held(*, at: datetime) -> None:
    """Delete what was set aside and may be drawn again."""
    HeldPort.objects.filter(until__lte=at).delete()


def used() -> int:
    """Return how many ports are held by stacks, those of half-made ones included."""
    return StackPort.objects.count()


def free(cluster: Cluster, *, at: datetime) -> tuple[int, int]:
    """Return how many numbers the range has, and how many of them are free."""
    low, high = settings.STACK_NODEPORT_MIN, settings.STACK_NODEPORT_MAX
    ours = StackPort.objects.filter(
        Q(context=cluster.context.name), node_port__gte=low, node_port__lte=high
    ).values_list("node_port", flat=True)
    held = held_by_others(cluster, at=at) | set(ours)
    return high - low + 1, high - low + 1 - len(held)


def _reserved(context: str) -> set[int]:
    return set(StackPort.objects.filter(context=context).values_list("node_port", flat=True))

"""Ports of stacks, opened at an address that stays: by a link that ends by itself, or by who may read stacks.

Whoever may read a stack may open its ports: it was made to be reached, and its node ports answer anybody
who knows their numbers.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

from django.contrib.auth.models import User
from django.core import signing

from orchestrator.backends.cluster.forwards import Door
from orchestrator.backends.cluster.port import Cluster, Kind
from orchestrator.errors import Missing, Problem, Refused
from orchestrator.models import APIKey, Stack
from orchestrator.services import access
from orchestrator.services.access import Caller
from orchestrator.services.clusters.forwarding import Closed, Link
from orchestrator.services.stacks import place, reads
from orchestrator.services.stacks.errors import ClusterUnavailable, InvalidQuery, StackNotFound

SCOPE = "stacks:read"
SALT = "orchestrator.stack-doors"
ROOT = "/proxy/stacks"
MARK = "~"  # before the ticket in a path
LIFE = timedelta(hours=8)
LONGEST_LIFE = timedelta(hours=24)
ACTION = "Open port"
ENDED: dict[str, str] = {
    Stack.Status.STOPPED: "it has stopped.",
    Stack.Status.FAILED: "it has failed.",
    Stack.Status.NODE_DELETED: "its node is gone.",
}


class NoSuchPort(Missing):
    """The stack does not publish this port by TCP."""

    code = "port_not_found"


class Over(Missing):
    """The stack is there no longer, or runs no longer."""

    code = "stack_not_found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """Who may go through which door: somebody's link, or somebody at this moment."""

    stack_id: str
    port: int
    user_id: int = 0  # 0 is nobody
    key_id: int = 0  # 0 is no key, or the one of the environment
    expires_at: datetime | None = None

    @property
    def path(self) -> str:
        """Return the address that stays, without its last slash."""
        return f"{ROOT}/{self.stack_id}/{self.port}"


def open_link(caller: Caller, stack_id: str, port: int, *, at: datetime, life: timedelta = LIFE) -> Link:
    """Return a link to a port of a stack, audited; what else begins like its path may be asked as well.

    It ends by itself, with the stack, and with the role or the key of who made it. Raises `Refused` without
    the scope, `InvalidQuery` for a bad life, `StackNotFound`, `NoSuchPort`, and `Over` for a stopped stack.
    """
    let = admitted(caller, stack_id, port)
    if not timedelta(0) < life <= LONGEST_LIFE:
        message = f"a link lives 1 to {int(LONGEST_LIFE.total_seconds())} seconds"
        raise InvalidQuery(Problem("seconds", message))
    stack = _stack(let, at=at)
    ends = ceil((at + life).timestamp())
    expires_at = datetime.fromtimestamp(ends, tz=UTC)
    access.record(
        caller,
        area="stacks",
        action=ACTION,
        target=f"Stack {stack_id}:{port}",
        place=f"{stack.context} / {stack.namespace}",
        note=f"until {expires_at:%Y-%m-%d %H:%M:%S} UTC",
        at=at,
    )
    said = [stack_id, port, let.user_id, let.key_id, ends]
    return Link(f"{let.path}/{MARK}{signing.dumps(said, salt=SALT)}/", expires_at)


def admitted(caller: Caller, stack_id: str, port: int) -> Pass:
    """Return the pass of somebody we know; raise `Refused` without the scope."""
    if not caller.may(SCOPE):
        raise Refused(f"This needs the scope {SCOPE}.")
    user_id = caller.user.pk if caller.user else 0
    return Pass(stack_id=stack_id, port=port, user_id=user_id, key_id=caller.key_id or 0)


def read(ticket: str, *, stack_id: str, port: int, at: datetime) -> Pass:
    """Return what a ticket says; raise `Closed` if it is not ours, not for this door, or has ended."""
    try:
        for_stack, for_port, user_id, key_id, ends = signing.loads(ticket, salt=SALT)
    except (signing.BadSignature, ValueError) as exc:
        raise Closed("This link is not complete, or not of this server.") from exc
    if (for_stack, for_port) != (stack_id, port):
        raise Closed("This link leads to another port.")
    expires_at = datetime.fromtimestamp(ends, tz=UTC)
    if expires_at <= at:
        raise Closed("This link has ended. Ask for a new one where you had it from.")
    return Pass(stack_id=stack_id, port=port, user_id=user_id, key_id=key_id, expires_at=expires_at)


def welcome(let: Pass, *, at: datetime) -> tuple[Cluster, Door]:
    """Return where a pass leads. Asks no cluster anything.

    Raises `Closed` if the time is over or who made it may no longer open it, `Over` if the stack has ended or
    was stopped, `NoSuchPort`, and `ClusterUnavailable` if its cluster is not among those of the settings.
    """
    if let.expires_at is not None and let.expires_at <= at:
        raise Closed("This link has ended. Ask for a new one where you had it from.")
    if not _still_may(let, at=at):
        raise Closed("Who made this link may no longer open ports of stacks.")
    try:
        stack = _stack(let, at=at)
    except StackNotFound as exc:
        raise Over("There is no such stack, or no longer: it was deleted, or its time is over.") from exc
    cluster = place.named(stack.context)
    if cluster is None:
        raise ClusterUnavailable
    return cluster, Door(kind=Kind.PODS, namespace=stack.namespace, name=stack.pk, port=str(let.port))


def _still_may(let: Pass, *, at: datetime) -> bool:
    """Return whether the user and the key behind a pass are still good; where there is none, it is."""
    if let.key_id and not APIKey.objects.usable(at=at).filter(pk=let.key_id).exists():
        return False
    if not let.user_id:
        return True
    user = User.objects.filter(pk=let.user_id, is_active=True).first()
    return user is not None and access.caller_of_user(user).may(SCOPE)


def _stack(let: Pass, *, at: datetime) -> Stack:
    """Return the stack of a pass, which runs or is about to, and has the port.

    Whether it runs already is left to the API server: the cache may be a moment behind.
    """
    stack = reads.row(let.stack_id, at=at)
    seen = reads.seen_of(stack)
    if seen.status in ENDED:
        raise Over(
            f"Nothing answers on the ports of this stack: {ENDED[seen.status]} {seen.message}".rstrip()
        )
    published = {each.container_port for each in stack.ports.all() if each.protocol == "TCP"}
    if let.port not in published:
        numbers = ", ".join(map(str, sorted(published))) or "none"
        raise NoSuchPort(
            f"The stack does not publish the TCP port {let.port}. Those that it does: {numbers}."
        )
    return stack

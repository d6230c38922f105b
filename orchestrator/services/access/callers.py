"""Who is calling, and what they may do."""

from dataclasses import dataclass

from django.contrib.auth.models import User

from orchestrator.services.access.scopes import ADMIN, NO_ROLE, role_of, scopes_of


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody we know: a user, a key, or nobody in particular where an area is open."""

    name: str
    scopes: frozenset[str]
    user: User | None = None
    anonymous: bool = False  # let in without a credential
    role: str = NO_ROLE
    address: str = ""
    key_id: int | None = None  # of the key that speaks, unless it is the one of the environment
    stack_limit: int | None = None  # how many stacks this key may have; None is what settings say

    def may(self, scope: str) -> bool:
        """Return True if this caller has `scope`, such as "clusters:read"; `admin` includes every other."""
        return scope in self.scopes or ADMIN in self.scopes


def caller_of_user(user: User, *, address: str = "") -> Caller:
    """Return what a signed-in user may do; nothing if they are in none of the three groups."""
    role = role_of(user)
    return Caller(user.get_username(), scopes_of(role), user=user, role=role, address=address)


def nobody(name: str, *, address: str = "") -> Caller:
    """Return a stranger who may do nothing, for the audit of what was refused."""
    return Caller(name or "unknown", frozenset(), anonymous=True, address=address)

"""What there is to permit: areas, scopes, and the scopes of each role."""

from collections.abc import Iterable

from django.contrib.auth.models import Group, User
from django.db.models import prefetch_related_objects

AREAS = (
    "clusters",
    "stacks",
    "containers",
    "sessions",
    "projects",
    "repositories",
    "assistant",
    "access",
    "activity",
)
ADMIN = "admin"  # includes every other scope
METRICS = "metrics:read"
SECRETS = "clusters:secrets"
READS = frozenset({*(f"{area}:read" for area in AREAS), METRICS})
WRITES = frozenset(f"{area}:write" for area in AREAS)
EVERYTHING = READS | WRITES | {SECRETS, ADMIN}
ROLES: dict[str, frozenset[str]] = {
    "viewer": READS,
    "operator": READS | WRITES,
    "admin": EVERYTHING,
}
NO_ROLE = ""


def expand(scopes: Iterable[str]) -> frozenset[str]:
    """Return the known scopes among `scopes`; `admin` stands for all."""
    known = EVERYTHING.intersection(scopes)
    return EVERYTHING if ADMIN in known else known


def scopes_of(role: str) -> frozenset[str]:
    """Return what a role may do; nothing for a name that is no role."""
    return ROLES.get(role, frozenset())


def strongest(groups: Iterable[str], *, superuser: bool = False) -> str:
    """Return the strongest role among group names, or "" if there is none."""
    if superuser:
        return ADMIN
    held = set(groups)
    return next((role for role in reversed(ROLES) if role in held), NO_ROLE)


def role_of(user: User) -> str:
    """Return a user's role, or "" if they have none. Reads the groups once for each user object."""
    prefetch_related_objects([user], "groups")
    return strongest((group.name for group in user.groups.all()), superuser=user.is_superuser)


def make_roles(**_signal: object) -> None:
    """Make the group of each role; repeating it is fine. Called after every `migrate`."""
    for role in ROLES:
        Group.objects.get_or_create(name=role)

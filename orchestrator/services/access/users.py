"""Users and their roles."""

from datetime import datetime

from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet

from orchestrator.errors import InvalidInput, Missing, NotNow, Problem
from orchestrator.services.access import audit
from orchestrator.services.access.callers import Caller
from orchestrator.services.access.links import make_link
from orchestrator.services.access.scopes import ADMIN, ROLES, role_of

AREA = "access"


def people(*, q: str = "", role: str = "") -> QuerySet[User]:
    """Return the users whose name or address mentions `q`, those of one role if one is given, by name.

    Each has `keys`, the number of their API keys that are not revoked.
    """
    alive = Q(api_keys__isnull=False, api_keys__revoked_at__isnull=True)
    found = User.objects.annotate(keys=Count("api_keys", filter=alive, distinct=True))
    found = found.prefetch_related("groups").order_by("username")
    if role:
        found = found.filter(pk__in=User.objects.filter(_holds(role)).values("pk"))
    return found.filter(Q(username__icontains=q) | Q(email__icontains=q)) if q else found


def users_by_role() -> dict[str, int]:
    """Return how many active users hold each role, each user counted once, under the strongest."""
    counts = dict.fromkeys(ROLES, 0)
    for user in User.objects.filter(is_active=True).prefetch_related("groups"):
        role = role_of(user)
        if role in counts:
            counts[role] += 1
    return counts


def invite(username: str, *, role: str, by: Caller, at: datetime) -> tuple[User, str]:
    """Make a user without a password, audited; return them and the path of their one-time sign-in link.

    Raises `InvalidInput` for a bad or taken name or an unknown role.
    """
    username = username.strip()
    _check_role(role)
    try:
        User._meta.get_field("username").clean(username, None)
        with transaction.atomic():
            user = User.objects.create_user(username)  # Without a password, so with an unusable one.
            user.groups.add(Group.objects.get_or_create(name=role)[0])
    except ValidationError as exc:
        raise _bad("username", exc.messages[0]) from None
    except IntegrityError:
        raise _bad("username", f"There is a user called {username} already.") from None
    audit.record(by, area=AREA, action="Invite user", target=username, note=role, at=at)
    return user, make_link(user, at=at)


def set_role(user_id: int, *, role: str, by: Caller, at: datetime) -> User:
    """Give a user one role and take the others away, audited; "" takes all. Repeating it is fine.

    Raises `Missing`, `InvalidInput` for an unknown role, `NotNow` for a superuser, who is an admin in any
    case, and for oneself, so that the last admin cannot lock everybody out.
    """
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise Missing("There is no such user.")
    _check_role(role, none_is_fine=True)
    if user.is_superuser:
        raise NotNow(f"{user} is a superuser and stays an admin. Change that in the admin site.")
    if user == by.user:
        raise NotNow("You cannot change your own role. Ask another admin.")
    before = role_of(user)
    if before != role:
        user.groups.remove(*Group.objects.filter(name__in=ROLES))
        user.groups.add(*Group.objects.filter(name=role))
        note = f"{before or 'no role'} → {role or 'no role'}"
        audit.record(by, area=AREA, action="Change role", target=user.username, note=note, at=at)
    return user


def _holds(role: str) -> Q:
    named = Q(groups__name=role)
    return named | Q(is_superuser=True) if role == ADMIN else named


def _check_role(role: str, *, none_is_fine: bool = False) -> None:
    if role not in ROLES and not (none_is_fine and role == ""):
        raise _bad("role", f"There is no role {role!r}. Roles are {', '.join(ROLES)}.")


def _bad(path: str, message: str) -> InvalidInput:
    return InvalidInput(message, problems=[Problem(path, message)])

"""One-time sign-in links."""

import secrets
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.urls import reverse
from django.utils.timezone import now

from orchestrator.errors import Missing, NotNow, Refused
from orchestrator.models import SignInLink
from orchestrator.services.access.keys import digest
from orchestrator.services.access.scopes import ADMIN, role_of

FIRST_ADMIN = "admin"


class BadLink(Refused):
    """The link is unknown, used up, too old, or its user may no longer sign in."""

    code = "bad_link"


def make_link(user: User, *, at: datetime) -> str:
    """Return the path of a new link that signs `user` in once; each call makes another one."""
    token = secrets.token_urlsafe(32)
    expires_at = at + settings.SIGN_IN_LINK_TTL
    SignInLink.objects.create(digest=digest(token), user=user, expires_at=expires_at)
    return reverse("dashboard:sign-in", args=[token])


def redeem(token: str, *, at: datetime) -> User:
    """Use a link up and return its user; raises `BadLink` that says why it does not work."""
    found = digest(token)
    taken = SignInLink.objects.take(found, at=at)
    link = SignInLink.objects.filter(digest=found).select_related("user").first()
    if link is None:
        raise BadLink("This sign-in link is not known. Is it complete?")
    if not taken and link.used_at is not None:
        raise BadLink("This sign-in link was used already. Each one works once.")
    if not taken:
        raise BadLink("This sign-in link is too old.")
    if not link.user.is_active:
        raise BadLink(f"The account of {link.user} is switched off.")
    return link.user


def first_link(base_url: str) -> str:
    """Return a whole URL that signs an admin in once; make the first admin if there is none.

    Raises `NotNow` as `link_holder` does.
    """
    return base_url.rstrip("/") + make_link(link_holder(), at=now())


def own_url() -> str:
    """Return the address of this server as a browser on the same machine would write it."""
    host, port = settings.ENV.host, settings.ENV.port
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # Listening everywhere includes here.
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def link_holder(name: str | None = None) -> User:
    """Return whom to make a link for: the named user, else an admin, made if there is none.

    Raises `Missing` if the name is unknown, `NotNow` if the account is switched off or in the way.
    """
    if name is None:
        return _any_admin() or _make_admin()
    user = User.objects.filter(username=name).first()
    if user is None:
        raise Missing(f"There is no user called {name}.")
    if not user.is_active:
        raise NotNow(f"The account of {name} is switched off.")
    return user


def forget_links(*, before: datetime) -> int:
    """Delete the links that ended before a time, used or not; return how many."""
    return SignInLink.objects.filter(expires_at__lt=before).delete()[0]


def _any_admin() -> User | None:
    active = User.objects.filter(is_active=True)
    admins = active.filter(is_superuser=True) | active.filter(groups__name=ADMIN)
    return admins.distinct().order_by("date_joined", "pk").first()


def _make_admin() -> User:
    """Make a superuser without a password: they sign in by link until they set one."""
    with transaction.atomic():
        user, made = User.objects.get_or_create(
            username=FIRST_ADMIN, defaults={"is_staff": True, "is_superuser": True}
        )
        if made:
            user.set_unusable_password()
            user.save(update_fields=["password"])
            user.groups.add(Group.objects.get_or_create(name=ADMIN)[0])
    if not user.is_active or role_of(user) != ADMIN:
        raise NotNow(
            f"There is no active admin, and the user {FIRST_ADMIN} is not one. Name one with --user."
        )
    return user

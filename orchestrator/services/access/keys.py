"""API keys: issue, list, revoke, and find whom they speak for."""

import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import F, QuerySet

from orchestrator import live
from orchestrator.errors import InvalidInput, Missing, Problem
from orchestrator.models import APIKey
from orchestrator.models.access import USED_INTERVAL
from orchestrator.services.access import audit
from orchestrator.services.access.callers import Caller, caller_of_user
from orchestrator.services.access.scopes import ADMIN, EVERYTHING, READS, WRITES, expand, scopes_of, strongest

TOPIC = "keys"
AREA = "access"
SOON = timedelta(days=3)
ENVIRONMENT_SCOPES = READS | WRITES  # of the key in the variable API_KEY
KEY_ROLE = "key"
MOST_STACKS = 1_000_000


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key. `key` exists only here: the row holds its digest."""

    key: str
    row: APIKey


def issue_key(
    name: str,
    *,
    scopes: Collection[str],
    owner: User | None,
    at: datetime,
    expires_at: datetime | None = None,
    stack_limit: int | None = None,
    by: Caller | None = None,
) -> IssuedKey:
    """Make a key, audited, and return it with its row. Repeating it makes another one.

    Without an owner it may do all its scopes say, with one never more than the owner may at that moment.
    `stack_limit` is how many stacks it may have at a time; None is what STACK_LIMIT_PER_KEY says.
    Raises `InvalidInput` for a bad name, scope or time; an owner's keys in use have different names.
    """
    name = name.strip()
    check_key(name, scopes=scopes, owner=owner, at=at, expires_at=expires_at, stack_limit=stack_limit, by=by)
    key = f"orc_{secrets.token_urlsafe(32)}"
    row = APIKey.objects.create(
        name=name,
        prefix=key[:8],
        digest=digest(key),
        scopes=sorted(scopes),
        owner=owner,
        expires_at=expires_at,
        stack_limit=stack_limit,
    )
    audit.record(by, area=AREA, action="Create API key", target=name, note=", ".join(row.scopes), at=at)
    live.publish_on_commit(TOPIC)
    return IssuedKey(key, row)


def check_key(
    name: str,
    *,
    scopes: Collection[str],
    owner: User | None,
    at: datetime,
    expires_at: datetime | None = None,
    stack_limit: int | None = None,
    by: Caller | None = None,
) -> None:
    """Raise `InvalidInput` where `issue_key` would."""
    problems = [*_name_problems(name.strip(), owner, at), *_scope_problems(scopes, owner, by)]
    if expires_at is not None and expires_at <= at:
        problems.append(Problem("expires", "The end must be in the future."))
    problems += _limit_problems(stack_limit, by)
    if problems:
        raise InvalidInput(problems[0].message, problems=problems)


def revoke_key(key_id: int, *, by: Caller, at: datetime) -> APIKey:
    """End a key for good, audited, and return its row; repeating it changes nothing.

    Raises `Missing` if there is no such key among those that `by` may see.
    """
    row = find_key(key_id, by=by)
    if APIKey.objects.filter(pk=row.pk, revoked_at__isnull=True).update(revoked_at=at):
        row.revoked_at = at
        audit.record(by, area=AREA, action="Revoke API key", target=row.name, at=at)
        live.publish_on_commit(TOPIC)
    return row


def keys_seen_by(caller: Caller) -> QuerySet[APIKey]:
    """Return all keys for an admin and their own for everybody else, last used first."""
    rows = APIKey.objects.select_related("owner").order_by(
        F("last_used_at").desc(nulls_last=True), "name", "pk"
    )
    if caller.may(ADMIN):
        return rows
    return rows.filter(owner=caller.user) if caller.user else rows.none()


def find_key(key_id: int, *, by: Caller) -> APIKey:
    """Return a key that `by` may see; raises `Missing` otherwise."""
    row = keys_seen_by(by).filter(pk=key_id).first()
    if row is None:
        raise Missing("There is no such API key.")
    return row


def caller_of_key(key: str, *, at: datetime, address: str = "") -> Caller | None:
    """Return whom a key speaks for at `at`, or None if it is not, or no longer, good.

    One query by a unique index, plus a write at most once a minute for each key. Nothing is cached, so a
    revoked key is refused at once.
    """
    if _is_key_of_environment(key):
        return Caller("API_KEY", ENVIRONMENT_SCOPES, role=KEY_ROLE, address=address)
    # The join gives one row for each group of the owner, so key, owner and role take one query.
    usable = APIKey.objects.usable(at=at).filter(digest=digest(key)).select_related("owner")
    rows = list(usable.annotate(group=F("owner__groups__name")))
    if not rows:
        return None
    _note_use(rows[0], at=at)
    groups = {getattr(row, "group", None) or "" for row in rows}
    return _speaker(rows[0], groups=groups, address=address)


def state_of(key: APIKey, *, at: datetime) -> tuple[str, str]:
    """Return the status class and the word that pages show for a key."""
    if key.revoked_at is not None:
        return "off", "revoked"
    if key.expires_at is not None and key.expires_at <= at:
        return "crit", "expired"
    if key.expires_at is not None and key.expires_at <= at + SOON:
        return "warn", "ends soon"
    return ("ok", "active") if key.last_used_at else ("off", "never used")


def digest(secret: str) -> str:
    """Return the SHA-256 by which a key or token is stored.

    256 random bits cannot be guessed, so a fast hash is enough; passwords need a slow one.
    """
    return sha256(secret.encode(errors="replace")).hexdigest()


def _is_key_of_environment(key: str) -> bool:
    configured = settings.API_KEY.get_secret_value().strip() if settings.API_KEY else ""
    return bool(configured) and hmac.compare_digest(digest(key), digest(configured))


def _speaker(key: APIKey, *, groups: Collection[str], address: str) -> Caller:
    """Return whom a key speaks for: itself, or its owner, of whom it may no more than the groups give."""
    scopes, owner = expand(key.scopes), key.owner
    known = partial(Caller, role=KEY_ROLE, address=address, key_id=key.pk, stack_limit=key.stack_limit)
    if owner is None:
        return known(f"key {key.name}", scopes)
    scopes &= scopes_of(strongest(groups, superuser=owner.is_superuser))
    name = f"{owner.get_username()} (key {key.name})"
    return known(name, scopes, user=owner)


def _note_use(key: APIKey, *, at: datetime) -> None:
    if key.last_used_at is None or key.last_used_at < at - USED_INTERVAL:
        APIKey.objects.filter(pk=key.pk).note_use(at=at)


def _name_problems(name: str, owner: User | None, at: datetime) -> list[Problem]:
    if not 1 <= len(name) <= 64 or not name.isprintable():
        return [Problem("name", "A name has 1 to 64 printable characters.")]
    if owner is not None and APIKey.objects.usable(at=at).filter(owner=owner, name=name).exists():
        return [Problem("name", f"{owner} has a key called “{name}” already.")]
    return []


def _limit_problems(limit: int | None, by: Caller | None) -> list[Problem]:
    usual: int = settings.STACK_LIMIT_PER_KEY
    if limit is None:
        return []
    if not 0 <= limit <= MOST_STACKS:
        return [Problem("stack_limit", f"A number of stacks is 0 to {MOST_STACKS}.")]
    if usual and limit > usual and by is not None and not by.may(ADMIN):
        return [Problem("stack_limit", f"Only an admin makes keys for more than {usual} stacks.")]
    return []


def _scope_problems(scopes: Collection[str], owner: User | None, by: Caller | None) -> list[Problem]:
    if not scopes:
        return [Problem("scopes", "A key needs at least one scope.")]
    unknown = sorted(set(scopes) - EVERYTHING)
    if unknown:
        return [Problem("scopes", f"There is no scope {unknown[0]!r}.")]
    for judge in (caller_of_user(owner) if owner else None, by):
        beyond = sorted(scope for scope in scopes if judge and not judge.may(scope))
        if beyond and judge:
            return [Problem("scopes", f"{judge.name} has no scope {beyond[0]}, so a key cannot have it.")]
    return []

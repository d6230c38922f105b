"""Keys of other services, such as OpenAI's, that callers keep here. Those without an owner share one set."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from orchestrator.errors import InvalidInput, Missing, Problem
from orchestrator.models import StoredKey
from orchestrator.services import access, vault
from orchestrator.services.access import Caller

AREA = "clusters"
NAME = re.compile(r"[a-z][a-z0-9_-]{0,49}")
LONGEST = 500  # characters
SHOWN = 4  # characters at the end; none of a short key, which they would give away


@dataclass(frozen=True, slots=True)
class Masked:
    """A key that is kept, and as much of it as may be shown."""

    name: str
    hint: str


def find(caller: Caller, name: str) -> Masked:
    """Return what may be shown of the caller's key; raise `InvalidInput` or `Missing`."""
    row = StoredKey.objects.of(caller.user, name=_checked(name)).first()
    if row is None:
        raise Missing("API key not found", details={"name": name})
    return Masked(row.name, row.hint)


def value_of(caller: Caller, name: str) -> str | None:
    """Return the caller's key itself, for a call to its service; None if there is none that opens."""
    row = StoredKey.objects.of(caller.user, name=_checked(name)).first()
    try:
        return vault.unseal(row.sealed, purpose=_purpose(name)) if row else None
    except vault.Unsealable:
        return None


def keep(caller: Caller, name: Any, *, value: Any, at: datetime) -> None:
    """Keep a key in the place of the one before, encrypted and audited; raise `InvalidInput`."""
    name = _checked(name)
    text = value.strip() if isinstance(value, str) else ""
    if not 1 <= len(text) <= LONGEST:
        problem = Problem("value", f"a key is a text of 1 to {LONGEST} characters")
        raise InvalidInput("Invalid request body", problems=[problem])
    with transaction.atomic():
        StoredKey.objects.update_or_create(
            owner=caller.user,
            name=name,
            defaults={
                "hint": hint_of(text),
                "sealed": vault.seal(text, purpose=_purpose(name)),
                "updated_at": at,
            },
        )
        access.record(caller, area=AREA, action="Keep key", target=name, at=at)


def forget(caller: Caller, name: str, *, at: datetime) -> None:
    """Forget a key, audited; raise `InvalidInput`, and `Missing` if there is none."""
    with transaction.atomic():
        gone, _ = StoredKey.objects.of(caller.user, name=_checked(name)).delete()
        if not gone:
            raise Missing("API key not found", details={"name": name})
        access.record(caller, area=AREA, action="Remove key", target=name, at=at)


def hint_of(key: str) -> str:
    """Return as much of a key as tells its owner which one it is: `sk-…abcd`."""
    prefix = re.match(r"[a-z]{1,4}[-_]", key)
    end = key[-SHOWN:] if len(key) >= 5 * SHOWN else ""
    return f"{prefix[0] if prefix and end else ''}…{end}"


def _purpose(name: str) -> str:
    return f"stored-key:{name}"


def _checked(name: Any) -> str:
    text = name.strip() if isinstance(name, str) else ""
    if not text:
        problem = Problem("name", "say which key: name=openai")
        raise InvalidInput("Missing key name parameter", problems=[problem])
    if not NAME.fullmatch(text):
        problem = Problem("name", "a name is 1 to 50 lower-case letters, digits, _ and -, a letter first")
        raise InvalidInput("Invalid key name", problems=[problem])
    return text

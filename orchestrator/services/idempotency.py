"""Calls that make something, repeated under the same key: the first answer again, and nothing twice.

After the header of https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from orchestrator.errors import InvalidInput, NotNow, Problem
from orchestrator.models import KeptAnswer
from orchestrator.services import activity
from orchestrator.services.access import Caller

KEEP = timedelta(hours=24)
LONGEST_KEY = 255  # characters


class KeyReused(NotNow):
    """The key came before, with another body."""

    code = "idempotency_key_reused"


class UnderWay(NotNow):
    """The first call with this key has not ended. `retry_after` is in seconds."""

    retry_after = 1

    def __init__(self) -> None:
        super().__init__("The first request with this Idempotency-Key is still under way.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller is told."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that makes something. `longest` is how long it takes at most while its process lives.

    `found` is asked about a call that has not ended, with the name of what it was to make: it returns the
    answer if that exists, None if it does not, and raises `UnderWay` if that is not decided yet.
    """

    caller: Caller
    route: str
    key: str
    body: bytes
    longest: timedelta
    found: Callable[[str], Answer | None]


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to make what a key stands for."""

    row_id: int
    run: str


def once(call: Call, make: Callable[[Claim], Answer], *, at: datetime) -> tuple[Answer, bool]:
    """Return the answer to a call, and True if it is that of an earlier one; only the first is made.

    What `make` raises is handed on, and the call may be tried again. Raises what `claim` raises.
    """
    begun = claim(call, at=at)
    if isinstance(begun, Answer):
        return begun, True
    try:
        answer = make(begun)
    except Exception:
        release(begun)
        raise
    settle(begun, answer)
    return answer, False


def claim(call: Call, *, at: datetime) -> Claim | Answer:
    """Return the right to go on, or what the first call with this key was answered.

    Of many at one moment exactly one may go on. Raises `InvalidInput` for a bad key, `KeyReused`, and
    `UnderWay` while the first has not ended. One whose process died is taken over after `longest`, unless
    what it made is found before.
    """
    _check(call.key)
    row = _first(call, at=at)
    if isinstance(row, Claim):
        return row
    if row.begun_at <= at - KEEP:
        return _taken_over(row, call, at=at)
    if row.body_digest != digest(call.body):
        raise KeyReused("This Idempotency-Key was used with another request.")
    if row.done:
        return Answer(row.status, bytes(row.body), row.headers)
    return _unfinished(row, call, at=at)


def making(claim: Claim, name: str) -> None:
    """Note the name of what is about to be made; do it in the transaction that writes its row.

    Raises `UnderWay` if another call took over.
    """
    if not _running(claim).update(made=name):
        raise UnderWay


def settle(claim: Claim, answer: Answer) -> None:
    """Keep an answer for those who repeat the call; after a failure of ours (5xx) it may be tried again."""
    if answer.status >= 500:
        release(claim)
        return
    _running(claim).update(done=True, status=answer.status, body=answer.body, headers=dict(answer.headers))


def release(claim: Claim) -> None:
    """Let the call be tried again, as if it had not been made."""
    _running(claim).delete()


def prune(at: datetime) -> bool:
    """Delete answers that are too old; return True if there is more to delete."""
    return activity.delete_in_batches(KeptAnswer.objects.filter(begun_at__lte=at - KEEP).order_by("pk"))


def digest(text: bytes) -> str:
    return sha256(text).hexdigest()


def name_of(caller: Caller) -> str:
    """Return what tells a caller from all others; names of keys need not be their own."""
    if caller.key_id is not None:
        return f"key {caller.key_id}"
    if caller.user is not None:
        return f"user {caller.user.pk}"
    return f"{caller.name} {caller.address}" if caller.anonymous else caller.name


def _check(key: str) -> None:
    if not 1 <= len(key) <= LONGEST_KEY:
        sentence = f"Idempotency-Key has 1 to {LONGEST_KEY} characters"
        raise InvalidInput(sentence, problems=[Problem("Idempotency-Key", sentence)])


def _first(call: Call, *, at: datetime) -> Claim | KeptAnswer:
    """Write the row of a key if there is none yet; return the one that is there if there is."""
    named = {
        "caller": name_of(call.caller)[:200],
        "route": call.route[:300],
        "key_digest": digest(call.key.encode(errors="replace")),
    }
    run = secrets.token_hex(16)
    for _ in range(2):
        row = KeptAnswer.objects.filter(**named).first()
        if row is not None:
            return row
        try:
            with transaction.atomic():
                made = KeptAnswer.objects.create(**named, body_digest=digest(call.body), run=run, begun_at=at)
            return Claim(made.pk, run)
        except IntegrityError:  # Somebody was faster; they are there now, or gone again.
            continue
    raise UnderWay


def _unfinished(row: KeptAnswer, call: Call, *, at: datetime) -> Claim | Answer:
    answer = call.found(row.made) if row.made else None
    if answer is not None:
        settle(Claim(row.pk, row.run), answer)
        return answer
    if row.begun_at > at - call.longest:
        raise UnderWay
    return _taken_over(row, call, at=at)


def _taken_over(row: KeptAnswer, call: Call, *, at: datetime) -> Claim:
    run = secrets.token_hex(16)
    mine = KeptAnswer.objects.filter(pk=row.pk, run=row.run, done=row.done).update(
        run=run, begun_at=at, done=False, made="", body_digest=digest(call.body)
    )
    if not mine:
        raise UnderWay
    return Claim(row.pk, run)


def _running(claim: Claim) -> "QuerySet[KeptAnswer]":
    return KeptAnswer.objects.filter(pk=claim.row_id, run=claim.run, done=False)

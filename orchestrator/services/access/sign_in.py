"""What became of attempts to sign in with a password: counted by django-axes, audited by us."""

from datetime import datetime, timedelta
from typing import Any

from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.http import HttpRequest

from orchestrator.services.access import audit
from orchestrator.services.access.callers import nobody
from orchestrator.services.access.peers import peer_address

ACTION = "Sign in"


def tries_left(request: HttpRequest) -> int:
    """Return how often the name that has just failed in `request` may be tried again before a pause."""
    failures = getattr(request, "axes_failures_since_start", None) or 0
    return max(0, int(settings.AXES_FAILURE_LIMIT) - failures)


def pause() -> timedelta:
    """Return how long nobody may try again after too many failures."""
    return get_cool_off() or timedelta(0)


def pause_left(request: HttpRequest, *, at: datetime) -> timedelta:
    """Return how long the name and address that were locked out in `request` still have to wait."""
    credentials: dict[str, Any] = getattr(request, "axes_credentials", None) or {}
    failed = AccessAttempt.objects.filter(
        username=credentials.get("username"), ip_address=peer_address(request)
    )
    last = failed.order_by("-attempt_time").first()
    return max(timedelta(0), last.attempt_time + pause() - at) if last else pause()


def note_refusal(
    *, credentials: dict[str, Any], request: HttpRequest | None = None, **_signal: object
) -> None:
    """Audit a refused password. Receives Django's `user_login_failed`, after axes has counted it."""
    locked = getattr(request, "axes_locked_out", False)
    audit.record(
        nobody(str(credentials.get("username") or ""), address=peer_address(request) if request else ""),
        area="access",
        action=ACTION,
        result="refused",
        note="too many tries" if locked else "wrong name or password",
    )

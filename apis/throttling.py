"""Rate limits: a fixed window for each group of calls and each caller, counted once for all processes."""

from typing import Any, cast

from django.conf import settings
from django.core.cache import cache
from django.utils.timezone import now
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from orchestrator.services.access import Caller

GENERAL = "GENERAL"


def count(group: str, caller: Caller | None, address: str) -> tuple[int, int, float]:
    """Count one call; return the limit, how many calls are left (below 0: too many), and seconds to wait."""
    limit, window = settings.RATE_LIMITS[group]
    moment = now().timestamp()
    name = address if caller is None or caller.anonymous else caller.name
    key = f"rate:{group}:{name}:{int(moment // window)}"
    cache.add(key, 0, timeout=int(window) + 1)
    return limit, limit - cache.incr(key), window - moment % window


class GroupThrottle(BaseThrottle):
    """Counts the calls of a view in its `throttle_group`."""

    _wait = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:
        if not settings.RATE_LIMIT_ENABLED:
            return True
        group = getattr(view, "throttle_group", GENERAL)
        limit, left, self._wait = count(group, cast(Caller | None, request.auth), self.get_ident(request))
        view.limit_headers = headers(limit, left, self._wait)
        return left >= 0

    def wait(self) -> float:
        return self._wait


def headers(limit: int, left: int, wait: float) -> dict[str, str]:
    """Return what tells a caller where they stand."""
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(max(0, left)),
        "X-RateLimit-Reset": str(int(now().timestamp() + wait) + 1),
    }


def check(group: str, caller: Caller) -> dict[str, str]:
    """Count a call of a plain view and return its headers; raise `Throttled` if it is one too many."""
    if not settings.RATE_LIMIT_ENABLED:
        return {}
    limit, left, wait = count(group, caller, caller.address)
    if left < 0:
        raise Throttled(wait=wait)
    return headers(limit, left, wait)

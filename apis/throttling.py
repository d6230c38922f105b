"""Rate limits: a fixed window for each group of calls and each caller, counted once for all processes."""

from dataclasses import dataclass
from hashlib import blake2b
from math import ceil
from typing import Any, cast

import structlog
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.timezone import now
from redis.exceptions import RedisError
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from orchestrator.services import access
from orchestrator.services.access import Caller

GENERAL = "GENERAL"

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Count:
    """Where a caller stands after one more call. `left` is below 0 if it was one too many."""

    limit: int
    left: int
    ends_at: float  # unix seconds
    wait_seconds: float

    @property
    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.left)),
            "X-RateLimit-Reset": str(ceil(self.ends_at)),
        }


def count(group: str, *, name: str) -> Count:
    """Count one call of somebody in a group."""
    limit, window = settings.RATE_LIMITS[group]
    moment = now().timestamp()
    number = moment // window
    ends_at = (number + 1) * window
    # A digest, because names may be long and hold any character.
    key = f"rate:{group}:{blake2b(name.encode(), digest_size=16).hexdigest()}:{int(number)}"
    return Count(limit, limit - _increased(key, seconds=int(window) + 1), ends_at, ends_at - moment)


def _increased(key: str, *, seconds: int) -> int:
    """Return the count under a key after adding one; 0, so no limit, while the store does not answer."""
    try:
        cache.add(key, 0, timeout=seconds)
        return cache.incr(key)
    except ValueError:  # It has just expired.
        return 1
    except RedisError as exc:
        logger.warning("rate_limits_not_counted", error=type(exc).__name__)
        return 0


def check(group: str, request: HttpRequest, *, caller: Caller | None) -> Count | None:
    """Count a call and note the headers of its answer; None if nothing is limited."""
    if not settings.RATE_LIMIT_ENABLED:
        return None
    address = access.peer_address(request)
    known = caller is not None and not caller.anonymous
    counted = count(group, name=f"caller {caller.name}" if caller and known else f"address {address}")
    request.limit_headers = counted.headers  # type: ignore[attr-defined]  # for `RequestMiddleware`
    return counted


def require(group: str, request: HttpRequest, *, caller: Caller) -> None:
    """Count a call of a plain view; raise `Throttled` if it is one too many."""
    counted = check(group, request, caller=caller)
    if counted is not None and counted.left < 0:
        raise Throttled(wait=counted.wait_seconds)


class GroupThrottle(BaseThrottle):
    """Counts the calls of a view in its `throttle_group`."""

    _wait = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:
        group = getattr(view, "throttle_group", GENERAL)
        counted = check(group, request._request, caller=cast(Caller | None, request.auth))
        if counted is None:
            return True
        self._wait = counted.wait_seconds
        return counted.left >= 0

    def wait(self) -> float:
        return self._wait

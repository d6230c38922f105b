"""What can go wrong when we call another system.

* BackendError
  - Unreachable   no connection, or no answer that makes sense
  - TimedOut      connected, but no answer in time; what was asked may still happen
  - Unauthorized  the credentials are refused (401)
  - Forbidden     the credentials do not allow the call (403)
  - NotFound      the named thing is not there (404)
  - Conflict      it exists already, or changed since it was read (409)
  - Gone          the point to resume from is no longer known (410)
  - Overloaded    it asks to be left alone for a while (429, 503)
  - Invalid       the other system does not accept the request (400, 422)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """One of several reasons; `field` is what it is about, as the other system writes it."""

    message: str = ""
    field: str = ""
    reason: str = ""


class BackendError(Exception):
    """Base class; `service` names the other system, such as "kubernetes".

    `message` is for people and holds no address and no credential. `status` is the other system's own, 0 if
    it sent none; `retry_after` is how many seconds it asks us to wait; `details` are words for programs;
    `causes` are the reasons one by one, if it gave them.
    """

    code = "backend"

    def __init__(
        self,
        message: str,
        *,
        service: str,
        status: int = 0,
        reason: str = "",
        retry_after: float | None = None,
        details: Mapping[str, str] | None = None,
        causes: Sequence[Cause] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.service = service
        self.status = status
        self.reason = reason
        self.retry_after = retry_after
        self.details = dict(details or {})
        self.causes = tuple(causes)


class Unreachable(BackendError):
    """No connection, or no answer that makes sense."""

    code = "unreachable"


class TimedOut(BackendError):
    """Connected, but no answer in time; what was asked may still happen."""

    code = "timed_out"


class Unauthorized(BackendError):
    """The credentials are refused."""

    code = "unauthorized"


class Forbidden(BackendError):
    """The credentials do not allow the call."""

    code = "forbidden"


class NotFound(BackendError):
    """The named thing is not there."""

    code = "not_found"


class Conflict(BackendError):
    """It exists already, or changed since it was read."""

    code = "conflict"


class Gone(BackendError):
    """The point to resume from is no longer known."""

    code = "gone"


class Overloaded(BackendError):
    """It asks to be left alone for a while."""

    code = "overloaded"


class Invalid(BackendError):
    """The other system does not accept the request."""

    code = "invalid"

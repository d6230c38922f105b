"""Reasons why the product itself refuses.

* DomainError
  - InvalidInput   a value breaks a rule; `problems` name each one
  - Missing        the thing does not exist, or is on its way out
  - UnknownContext there is no such context
  - Refused        the caller may not do this
  - NotNow         right in itself, but not in the present state
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule: `path` is the parameter or field."""

    path: str
    message: str


class DomainError(Exception):
    """Base class; `code` is a stable word for programs, `message` is for people."""

    code = "bad_request"

    def __init__(
        self, message: str, *, problems: Sequence[Problem] = (), details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.problems = tuple(problems)
        self.details = dict(details or {})


class InvalidInput(DomainError):
    """A value breaks a rule."""

    code = "validation_error"


class Missing(DomainError):
    """The thing does not exist, or is on its way out."""

    code = "not_found"


class UnknownContext(Missing):
    """There is no such context."""

    code = "context_not_found"


class Refused(DomainError):
    """The caller may not do this."""

    code = "forbidden"


class NotNow(DomainError):
    """Right in itself, but not in the present state."""

    code = "conflict"

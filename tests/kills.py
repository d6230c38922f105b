"""Ends the process, as tests see it, at a statement or a call of one's choice."""

from collections.abc import Callable
from typing import Any


class Killed(BaseException):
    """The process ends here."""


def dies_at(number: int) -> Callable[..., Any]:
    """Return a wrapper of statements that lets `number` of them happen, and then ends the process.

    A database rolls back by itself what a dead process leaves open, so that still happens.
    """
    left = iter(range(number))

    def wrapper(execute, sql, params, many, context):
        if not sql.startswith("ROLLBACK") and next(left, None) is None:
            raise Killed
        return execute(sql, params, many, context)

    return wrapper

"""Ends the process, as tests see it, at a statement or a call of one's choice."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from tests.stack_cluster import StackCluster


class Killed(BaseException):
    """The process ends here."""


class Life:
    """So many statements and calls can still be made, each call being a point before it and one after."""

    def __init__(self, points: int) -> None:
        self.left = points

    def spend(self, *_: object) -> None:
        if not self.left:
            raise Killed
        self.left -= 1

    def statement(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        # A database rolls back by itself what a dead process leaves open.
        if not sql.startswith("ROLLBACK"):
            self.spend()
        return execute(sql, params, many, context)


@contextmanager
def life(cluster: StackCluster, points: int) -> Iterator[None]:
    """End the process, as `Killed`, when this block has come so far. What is refused still is.

    For tests whose transactions are real ones: in another one what is rolled back would be too much.
    """
    ending, refuses = Life(points), cluster.before

    def before(*asked: str) -> None:
        ending.spend()
        refuses(*asked)

    cluster.before, cluster.after = before, ending.spend
    try:
        with connection.execute_wrapper(ending.statement):
            yield
    finally:
        cluster.works()
        cluster.before = refuses

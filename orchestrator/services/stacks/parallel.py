"""Does one thing for many items side by side, in threads that act under the lease of who asks."""

from collections.abc import Callable, Iterable
from contextvars import copy_context
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

from django.db import connection

T = TypeVar("T")


def each(act: Callable[[T], object], items: Iterable[T], *, workers: int) -> None:
    """Do `act` for each item, as many at once as there are workers; return when all have ended.

    What one raises does not stop the others; the first failure is raised at the end. One alone does it all in
    the caller's thread.
    """
    queue: SimpleQueue[T] = SimpleQueue()
    count = 0
    for item in items:
        queue.put(item)
        count += 1
    failures: list[Exception] = []
    if min(workers, count) <= 1:
        _work(act, queue, failures)
    else:
        # A context can be entered by one thread only, so each gets a copy.
        threads = [
            Thread(target=copy_context().run, args=(_in_thread, act, queue, failures), daemon=True)
            for _ in range(min(workers, count))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]


def _in_thread(act: Callable[[T], object], queue: "SimpleQueue[T]", failures: list[Exception]) -> None:
    try:
        _work(act, queue, failures)
    finally:
        connection.close()


def _work(act: Callable[[T], object], queue: "SimpleQueue[T]", failures: list[Exception]) -> None:
    while True:
        try:
            item = queue.get_nowait()
        except Empty:
            return
        try:
            act(item)
        except Exception as exc:  # Raised in the caller's thread when the others are done.
            failures.append(exc)

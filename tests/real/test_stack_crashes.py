"""A server that is killed between two steps of a create or a delete: the next one leaves nothing half-made"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.real.faults import Answer, Handler, Request
from tests.real.processes import Process, started, wait_until
from tests.real.proxy import Proxy
from tests.real.shop import Shop
from tests.real.stacks import yard

pytestmark = [pytest.mark.needs("TEST_KUBECONFIG"), pytest.mark.timeout(240)]
POINTS = [(kind, after) for kind in ("pods", "services") for after in (False, True)]


class Killer(Proxy):
    """Kills the server that asks, when it asks for one thing: before that is done, or after."""

    def __init__(self, method: str, kind: str, *, after: bool) -> None:
        super().__init__(os.environ["TEST_KUBECONFIG"])
        self._method, self._kind, self._after = method, kind, after
        self.victim: Process | None = None
        self.killed = False

    def otherwise(self, handler: Handler, request: Request) -> Answer | None:
        if self.killed or self.victim is None or not self._meant(request):
            return super().otherwise(handler, request)
        answer = super().otherwise(handler, request) if self._after else None
        self.killed = True
        self.victim.kill()
        return answer or Answer(503)

    def _meant(self, request: Request) -> bool:
        return request.method == self._method and f"/{self._kind}" in request.path


def killed_at(folder: Path, method: str, kind: str, *, after: bool, act: Callable[[Shop], Callable]) -> None:
    """Do something during which the server is killed; then see another one clear up."""
    folder.mkdir()
    with (
        yard() as place,
        closing(Killer(method, kind, after=after)) as killer,
        started(f"sqlite:///{folder}/db.sqlite3") as processes,
    ):
        shop = Shop(processes, place, killer.kubeconfig(folder / "kubeconfig"))
        victim = shop.serve()
        finish = act(shop)
        killer.victim = victim
        with suppress(OSError, HTTPException):
            finish()
        assert killer.killed, "the server never came to this point"
        shop.serve()
        wait_until(shop.is_empty, within_seconds=90)
        # And it goes on as if nothing had been.
        stack = shop.create()
        assert shop.ask("GET", f"/stacks/{stack}")[0] == 200
        assert shop.ask("DELETE", f"/stacks/{stack}")[0] == 200
        assert shop.is_empty()


def creating(shop: Shop) -> Callable:
    return shop.create


def deleting(shop: Shop) -> Callable:
    stack = shop.create()
    return lambda: shop.ask("DELETE", f"/stacks/{stack}")


@pytest.mark.parametrize(("method", "act"), [("POST", creating), ("DELETE", deleting)])
def test_whoever_comes_next_undoes_what_was_begun(tmp_path, method, act):
    """All points side by side: most of the time is that until the dead server's lease ends."""

    def at(point: tuple[str, bool]) -> None:
        kind, after = point
        killed_at(tmp_path / f"{kind}-{after}", method, kind, after=after, act=act)

    with ThreadPoolExecutor(len(POINTS)) as pool:
        list(pool.map(at, POINTS))

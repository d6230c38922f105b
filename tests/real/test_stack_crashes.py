"""A server that is killed between two steps of a create or a delete: the next one leaves nothing half-made"""

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from tests.real.faults import Answer, Handler, Request
from tests.real.processes import Process, Processes, started, wait_until
from tests.real.proxy import Proxy
from tests.real.stacks import Yard, spec, yard
from tests.real.test_processes import free_port

pytestmark = [pytest.mark.needs("TEST_KUBECONFIG"), pytest.mark.timeout(240)]
KEY = "a-key-for-tests-alone"
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


class Shop:
    """A server with stacks in a namespace of its own, behind a proxy."""

    def __init__(self, processes: Processes, place: Yard, kubeconfig: Path) -> None:
        self._processes, self._place, self._kubeconfig = processes, place, kubeconfig
        self.port = 0

    def serve(self) -> Process:
        self.port = free_port()
        process = self._processes.manage(
            "serve",
            PORT=str(self.port),
            KUBECONFIG=str(self._kubeconfig),
            CLUSTER_BACKEND="kubernetes",
            API_KEY=KEY,
            STACK_NAMESPACE=self._place.name,
            STACK_SCHEDULER_INTERVAL="1s",
            STACK_SCHEDULING_TIMEOUT="2s",
        )
        process.wait_for("Orchestrator is at")
        return process

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, dict]:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            content = json.dumps(body) if body is not None else None
            connection.request(method, path, content, headers={"X-API-Key": KEY})
            response = connection.getresponse()
            return response.status, json.loads(response.read())

    def create(self) -> str:
        """Return the id of a new stack."""
        target = {"container_port": 8080, "protocol": "TCP"}
        status, body = self.ask("POST", "/stacks", {"pod_spec": spec(), "target_port": [target]})
        assert status == 201, body
        return str(body["stack_id"])

    def is_empty(self) -> bool:
        """Return True once no row, no port, no pod and no service is left."""
        with suppress(OSError, HTTPException):
            _, stats = self.ask("GET", "/stats")
            held = (stats["total_stacks"], stats["used_node_ports"])
            return held == (0, 0) and not (self._place.pods() or self._place.services())
        return False


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

"""A server of the product that makes stacks on a real cluster, asked over HTTP."""

import json
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from tests.real.processes import Process, Processes
from tests.real.stacks import Yard, spec
from tests.real.test_processes import free_port

KEY = "a-key-for-tests-alone"


class Shop:
    """A server with stacks in a namespace of its own, behind a proxy."""

    def __init__(self, processes: Processes, place: Yard, kubeconfig: Path) -> None:
        self._processes, self._place, self._kubeconfig = processes, place, kubeconfig
        self.port = 0

    def serve(self, **more: str) -> Process:
        """Start it; `more` are further variables."""
        self.port = free_port()
        usual = {
            "PORT": str(self.port),
            "KUBECONFIG": str(self._kubeconfig),
            "CLUSTER_BACKEND": "kubernetes",
            "API_KEY": KEY,
            "STACK_NAMESPACE": self._place.name,
            "STACK_SCHEDULER_INTERVAL": "1s",
            "STACK_SCHEDULING_TIMEOUT": "2s",
        }
        process = self._processes.manage("serve", **usual | more)
        process.wait_for("Orchestrator is at")
        return process

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            content = json.dumps(body) if body is not None else None
            connection.request(method, path, content, headers={"X-API-Key": KEY})
            response = connection.getresponse()
            return response.status, json.loads(response.read())

    def create(self, text: str = "") -> str:
        """Return the id of a new stack."""
        target = {"container_port": 8080, "protocol": "TCP"}
        status, body = self.ask("POST", "/stacks", {"pod_spec": text or spec(), "target_port": [target]})
        assert status == 201, body
        return str(body["stack_id"])

    def is_empty(self) -> bool:
        """Return True once no row, no port, no pod and no service is left."""
        with suppress(OSError, HTTPException):
            _, stats = self.ask("GET", "/stats")
            held = (stats["total_stacks"], stats["used_node_ports"])
            return held == (0, 0) and not (self._place.pods() or self._place.services())
        return False

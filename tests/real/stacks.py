"""What tests of stacks share: a namespace of their own on a real cluster, and a way to make stacks there."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.utils.timezone import now
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from orchestrator.services import stacks
from orchestrator.services.access import Caller
from orchestrator.services.stacks.targets import Target

WRITER = Caller("tests", frozenset({"stacks:read", "stacks:write"}))
HTTP = (Target(8080, "TCP"),)


def spec(
    *command: str, image: str = "lab/web:1", ports: str = "[{containerPort: 8080}]", more: str = ""
) -> str:
    """Return a pod spec; `more` are further lines of the pod's spec."""
    run = f"    command: {list(command)}\n" if command else ""
    return (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n"
        f"{more}"
        "  containers:\n  - name: web\n"
        f"    image: {image}\n    imagePullPolicy: IfNotPresent\n{run}    ports: {ports}\n"
        "    resources: {limits: {cpu: 10m, memory: 16Mi}}\n"
    )


class Yard:
    """A namespace for stacks. `core` goes straight to the API server."""

    def __init__(self) -> None:
        self._client = config.new_client_from_config(os.environ["TEST_KUBECONFIG"])
        self.core = client.CoreV1Api(self._client)
        self.network = client.NetworkingV1Api(self._client)
        self.name = f"t-stacks-{secrets.token_hex(4)}"

    def make(self, text: str | None = None, *, targets: Any = HTTP, caller: Caller = WRITER) -> stacks.View:
        return stacks.create(caller, pod_spec=text or spec(), targets=targets, at=now()).view

    def pods(self) -> set[str]:
        return {each.metadata.name for each in self.core.list_namespaced_pod(self.name).items}

    def services(self) -> set[str]:
        return {each.metadata.name for each in self.core.list_namespaced_service(self.name).items}

    def address(self) -> str:
        """Return an address of the node on which node ports answer."""
        node = self.core.list_node().items[0]
        return str(next(each.address for each in node.status.addresses if each.type == "InternalIP"))

    def close(self) -> None:
        with suppress(ApiException):
            self.core.delete_namespace(self.name)
        self._client.close()


@contextmanager
def yard() -> Iterator[Yard]:
    made = Yard()
    try:
        yield made
    finally:
        made.close()

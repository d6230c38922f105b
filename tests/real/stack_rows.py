"""Rows of stacks in the database of a running product, for pods that tests make themselves."""

import json
from datetime import UTC, datetime, timedelta
from random import randrange

from tests.real.processes import Processes

CODE = """
import json, sys
from orchestrator.models import Stack, StackPort
said = json.loads({text!r})
ports = said.pop("ports")
stack = Stack.objects.create(**said)
for position, port in enumerate(ports):
    StackPort.objects.create(context=stack.context, stack=stack, position=position, **port)
"""


def add(processes: Processes, stack_id: str, *, context: str, namespace: str, ports: list[int]) -> None:
    at = datetime.now(UTC)
    said = {
        "id": stack_id,
        "context": context,
        "namespace": namespace,
        "pod_spec": "",
        "pod": {},
        "requested_cpu_milli": 1,
        "requested_memory_bytes": 1,
        "settled": True,
        "status": "running",
        "actor": "tests",
        "created_at": at.isoformat(),
        "updated_at": at.isoformat(),
        "expires_at": (at + timedelta(hours=1)).isoformat(),
        "ports": [
            {"node_port": randrange(10**6), "container_port": each, "protocol": "TCP"} for each in ports
        ],
    }
    done = processes.manage("shell", "-c", CODE.format(text=json.dumps(said)))
    assert done.child.wait(60) == 0, "\n".join(done.lines)

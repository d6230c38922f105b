"""Rows of stacks whose pods are those of the demo world."""

from datetime import timedelta

from django.utils.timezone import now
from model_bakery import baker

from orchestrator.backends.cluster.port import DEMO_CONTEXT, Kind
from orchestrator.models import Stack, StackPort


def make_stack(pod: str, port: int, **fields) -> Stack:
    """Return the row of a stack whose pod is one of the demo world."""
    at = now()
    stack = baker.make(
        Stack,
        id=pod,
        context=DEMO_CONTEXT,
        namespace="default",
        settled=True,
        status="running",
        pod={},
        **({"created_at": at, "updated_at": at, "expires_at": at + timedelta(hours=2)} | fields),
    )
    for position, (number, protocol) in enumerate([(port, "TCP"), (port + 1, "UDP")]):
        baker.make(
            StackPort,
            context=DEMO_CONTEXT,
            node_port=31001 + position,
            stack=stack,
            container_port=number,
            protocol=protocol,
            position=position,
        )
    return stack


def running(demo, wait_until) -> Stack:
    """Return the row of a stack that runs, with a port by TCP and one by UDP."""
    rows = demo.cache(Kind.PODS)
    wait_until(rows.rows)
    for row in rows.rows():
        if row.namespace == "default" and row.status == "Running":
            manifest = demo.read(Kind.PODS, namespace=row.namespace, name=row.name)
            ports = [port for each in manifest["spec"]["containers"] for port in each.get("ports", [])]
            if ports:
                return make_stack(row.name, ports[0]["containerPort"])
    raise AssertionError("no pod of the demo has a port")

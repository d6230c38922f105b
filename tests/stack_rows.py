"""Rows of stacks for tests, as creates leave them."""

from datetime import UTC, datetime, timedelta

from django.utils.timezone import now

from orchestrator.models import Stack, StackPort

# When tests of stacks take place: `now` at the collection may be long ago when a test runs.
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
SPEC = """apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: nginx:alpine
    ports:
    - containerPort: 80
    resources:
      limits:
        cpu: 100m
        memory: 64Mi
"""
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web"},
    "spec": {
        "containers": [
            {
                "name": "web",
                "image": "nginx:alpine",
                "ports": [{"containerPort": 80}],
                "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
            }
        ],
        "restartPolicy": "Never",
    },
}


def stack_row(name: str = "stack-0000000000000001", *, ports: tuple[int, ...] = (), **more) -> Stack:
    """Write a stack that was created well, with a row for each of its node ports."""
    at: datetime = more.pop("created_at", now())
    values = {
        "context": "demo-cluster",
        "namespace": "stacks",
        "pod_spec": SPEC,
        "pod": POD,
        "requested_cpu_milli": 100,
        "requested_memory_bytes": 64 * 1024**2,
        "settled": True,
        "status": "running",
        "node_id": "worker-a",
        "actor": "somebody",
        "created_at": at,
        "updated_at": at,
        "expires_at": at + timedelta(hours=2),
    }
    row = Stack.objects.create(id=name, **{**values, **more})
    for position, number in enumerate(ports):
        StackPort.objects.create(
            context=row.context,
            node_port=number,
            stack=row,
            container_port=80 + position,
            protocol="TCP",
            position=position,
        )
    return row

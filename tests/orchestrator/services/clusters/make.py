"""Rows with no more said of them than a test needs."""

from typing import Any

from orchestrator.backends.cluster.objects import Amounts, Container, Event, Namespace, Node, Pod

CREATED = "2026-01-02T03:04:05.000Z"


def pod(name: str, *, namespace: str = "shop", images: tuple[str, ...] = (), **more: Any) -> Pod:
    containers = tuple(Container(f"c{number}", image, True, 0) for number, image in enumerate(images))
    known = {"status": "Running", "phase": "Running", "ready": "1/1", "created_at": CREATED}
    return Pod(name=name, namespace=namespace, containers=containers, **(known | more))


def node(name: str, **more: Any) -> Node:
    known = {"status": "Ready", "roles": ("worker",), "version": "v1.34.1", "created_at": CREATED}
    return Node(name=name, capacity=Amounts(), allocatable=Amounts(), **(known | more))


def namespace(name: str, **more: Any) -> Namespace:
    return Namespace(name=name, **({"status": "Active", "created_at": CREATED} | more))


def event(name: str, *, counts_at: str = CREATED, **more: Any) -> Event:
    known = {
        "id": f"shop/{name}",
        "namespace": "shop",
        "type": "Normal",
        "reason": "Started",
        "message": "",
        "kind": "Pod",
    }
    return Event(name=f"about-{name}", created_at=CREATED, counts_at=counts_at, **(known | more))

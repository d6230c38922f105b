"""Stacks, jobs and figures as callers get them: the members of the documentation, in its order."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from orchestrator.backends.cluster.objects import Event
from orchestrator.services.stacks.batches import Job
from orchestrator.services.stacks.reads import PortView, View
from orchestrator.services.stacks.totals import Stats


def stamp(at: datetime) -> str:
    """Return a time in UTC with as many digits after the second as it has: RFC 3339 as Go writes it."""
    text = at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00")
    return text.rstrip("0").removesuffix(".") + "Z"


def stack(view: View) -> dict[str, Any]:
    """Return a stack whole."""
    return {
        "stack_id": view.stack_id,
        "pod_id": view.pod_id,
        "namespace": view.namespace,
        "node_id": view.node_id,
        "node_public_ip": view.node_public_ip,
        "pod_spec": view.pod_spec,
        "ports": ports(view.ports),
        "service_name": view.service_name,
        "status": view.status,
        "ttl_expires_at": stamp(view.ttl_expires_at),
        "created_at": stamp(view.created_at),
        "updated_at": stamp(view.updated_at),
        "requested_cpu_milli": view.requested_cpu_milli,
        "requested_memory_bytes": view.requested_memory_bytes,
    }


def summary(view: View) -> dict[str, Any]:
    """Return what one asks for most often."""
    return {
        "stack_id": view.stack_id,
        "status": view.status,
        "ttl": stamp(view.ttl_expires_at),
        "ports": ports(view.ports),
        "node_public_ip": view.node_public_ip,
    }


def moved(view: View) -> dict[str, Any]:
    """Return what streams tell of a stack: its summary, where it is, and why it does not run."""
    return summary(view) | {
        "node_id": view.node_id,
        "reason": view.reason,
        "message": view.message,
        "updated_at": stamp(view.updated_at),
    }


def ports(found: Iterable[PortView]) -> list[dict[str, Any]]:
    return [
        {"container_port": each.container_port, "protocol": each.protocol, "node_port": each.node_port}
        for each in found
    ]


def stats(found: Stats) -> dict[str, Any]:
    return {
        "total_stacks": found.total_stacks,
        "active_stacks": found.active_stacks,
        "node_distribution": found.node_distribution,
        "used_node_ports": found.used_node_ports,
        "reserved_cpu_milli": found.reserved_cpu_milli,
        "reserved_memory_bytes": found.reserved_memory_bytes,
    }


def job(found: Job) -> dict[str, Any]:
    """Return a batch delete; `errors` is absent when there are none."""
    errors = [{"stack_id": stack_id, "error": sentence} for stack_id, sentence in found.errors]
    return {
        "job_id": found.job_id,
        "status": found.status,
        "total": found.total,
        "deleted": found.deleted,
        "not_found": found.not_found,
        "failed": found.failed,
        **({"errors": errors} if errors else {}),
        "created_at": stamp(found.created_at),
        "updated_at": stamp(found.updated_at),
    }


def event(found: Event) -> dict[str, Any]:
    seen = found.last_timestamp or found.created_at
    return {
        "type": found.type,
        "reason": found.reason,
        "message": found.message,
        "count": found.count,
        "last_seen": stamp(datetime.fromisoformat(seen)) if seen else "",
    }

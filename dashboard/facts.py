"""What the page of an object tells of it in single lines, by kind."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from dashboard import cells, columns, config, network, workloads
from dashboard.links import BY_WORD, Links
from orchestrator.backends.cluster import objects
from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters.objects import Found
from orchestrator.services.clusters.related import Reference
from orchestrator.services.stacks import manifests

Fact = tuple[str, SafeString | str]
LONGEST_NOTE = 200  # characters of an annotation; the YAML has it whole


def of(found: Found, links: Links, *, owners: Iterable[Reference] = ()) -> list[Fact]:
    """Return the facts of an object; those without a value are left out."""
    make = MAKERS.get(found.kind)
    metadata = found.manifest["metadata"]
    facts: list[Fact] = [
        (
            "Owner",
            format_html_join(
                "", "<div>{} {}</div>", ((each.kind.word, reference(links, each)) for each in owners)
            ),
        ),
        *(make(found, links) if make else ()),
        ("Labels", wrapped(metadata.get("labels") or {})),
        ("Annotations", annotations(metadata.get("annotations") or {})),
        ("Finalizers", ", ".join(metadata.get("finalizers") or ())),
        ("UID", code(metadata.get("uid"))),
    ]
    return [(label, value) for label, value in facts if value]


def reference(links: Links, each: Reference) -> SafeString:
    """Return the name of a related object as a link to it."""
    return links.named(each.kind, each.namespace, each.name, css="")


def code(value: object) -> SafeString | str:
    """Return a value in letters of equal width; "" for none."""
    return format_html("<code>{}</code>", value) if value else ""


def wrapped(values: Mapping[str, str]) -> SafeString | str:
    """Return labels as tags that may stand on several lines; "" for none."""
    return format_html('<span class="o-tags">{}</span>', cells.tags(values)) if values else ""


def annotations(notes: Mapping[str, str]) -> SafeString | str:
    """Return annotations, folded; "" for none."""
    shown = (
        (key, text if len(text) <= LONGEST_NOTE else f"{text[:LONGEST_NOTE]}…") for key, text in notes.items()
    )
    lines = format_html_join("", '<div class="mono"><b>{}</b> {}</div>', shown)
    words = f"{len(notes)} annotation{'' if len(notes) == 1 else 's'}"
    return format_html("<details><summary>{}</summary>{}</details>", words, lines) if notes else ""


def _pod(found: Found, links: Links) -> list[Fact]:
    spec, status = found.manifest.get("spec") or {}, found.manifest.get("status") or {}
    node = spec.get("nodeName")
    tolerated = [each.get("key", "everything") for each in spec.get("tolerations") or []]
    return [
        ("Stack", _stack(found)),
        ("Node", links.named(Kind.NODES, "", node, css="") if node else "none yet"),
        ("Pod IP", code(status.get("podIP"))),
        ("QoS", status.get("qosClass", "")),
        ("Service account", code(spec.get("serviceAccountName"))),
        ("Restarts", f"{spec.get('restartPolicy', '')}, each container by itself"),
        ("Priority", spec.get("priorityClassName", "")),
        ("Tolerates", ", ".join(dict.fromkeys(tolerated))),
    ]


def _stack(found: Found) -> SafeString | str:
    """Return the stack that a pod belongs to, as a link; "" if it is of none."""
    name = (found.manifest["metadata"].get("labels") or {}).get(manifests.ID_LABEL)
    return format_html('<a href="{}">{}</a>', reverse("dashboard:stack", args=[name]), name) if name else ""


def _node(found: Found, links: Links) -> list[Fact]:
    row = found.row
    assert isinstance(row, objects.Node)
    info = (found.manifest.get("status") or {}).get("nodeInfo") or {}
    room, whole = row.allocatable, row.capacity
    return [
        ("Roles", columns.roles(row) if row.roles != ("<none>",) else ""),
        *((each.type, code(each.address)) for each in row.addresses),
        ("Version", row.version),
        ("System", f"{row.os_image}, {info.get('architecture', '')}".rstrip(", ")),
        ("Runtime", info.get("containerRuntimeVersion", "")),
        ("CPU", f"{cells.cores_text(room.cpu)} of {cells.cores_text(whole.cpu)} cores for pods"),
        ("Memory", f"{cells.bytes_text(room.memory)} of {cells.bytes_text(whole.memory)} for pods"),
        ("Taints", columns.taints(row) if row.taints else ""),
    ]


def _replicas(found: Found, links: Links) -> list[Fact]:
    spec, status = found.manifest.get("spec") or {}, found.manifest.get("status") or {}
    strategy = spec.get("strategy") or spec.get("updateStrategy") or {}
    revision = (found.manifest["metadata"].get("annotations") or {}).get("deployment.kubernetes.io/revision")
    selector = (spec.get("selector") or {}).get("matchLabels") or {}
    wanted = spec.get("replicas", 1)
    return [
        ("Ready", f"{status.get('readyReplicas', 0)} of {wanted}"),
        ("Updated", f"{status['updatedReplicas']} of {wanted}" if "updatedReplicas" in status else ""),
        ("Revision", revision or ""),
        ("Strategy", strategy.get("type", "")),
        ("Service", code(spec.get("serviceName"))),
        ("Selects", wrapped(selector)),
    ]


def _daemons(found: Found, links: Links) -> list[Fact]:
    row = found.row
    assert isinstance(row, objects.DaemonSet)
    return [
        ("Ready", f"{row.ready} of {row.desired}"),
        ("Updated", f"{row.up_to_date} of {row.desired}"),
        ("Strategy", row.update_strategy),
        ("Selects", wrapped(row.selector)),
    ]


def _job(found: Found, links: Links) -> list[Fact]:
    row = found.row
    assert isinstance(row, objects.Job)
    spec = found.manifest.get("spec") or {}
    return [
        ("Succeeded", f"{row.succeeded} of {row.completions}"),
        ("Failed", f"{row.failed}, at most {spec.get('backoffLimit', 6)}"),
        ("Running", str(row.active or "")),
        ("Took", row.duration or ""),
        (
            "Removed",
            f"{spec['ttlSecondsAfterFinished']} s after its end" if "ttlSecondsAfterFinished" in spec else "",
        ),
    ]


def _cron_job(found: Found, links: Links) -> list[Fact]:
    row = found.row
    assert isinstance(row, objects.CronJob)
    spec = found.manifest.get("spec") or {}
    return [
        ("Schedule", code(row.schedule)),
        ("Time zone", spec.get("timeZone", "")),
        (
            "If late",
            {"Forbid": "skipped while one runs", "Replace": "replaces the one that runs"}.get(
                spec.get("concurrencyPolicy", ""), "runs beside others"
            ),
        ),
        ("Last run", ago(row.last_schedule)),
        ("Last success", ago(row.last_successful_time)),
    ]


def ago(moment: Any) -> SafeString | str:
    return format_html("{} ago", cells.since(moment)) if moment else ""


def _autoscaler(found: Found, links: Links) -> list[Fact]:
    row = found.row
    assert isinstance(row, objects.HPA)
    kind, name = BY_WORD.get(row.target_ref.kind), row.target_ref.name
    named = links.named(kind, row.namespace or "", name, css="") if kind else name
    return [
        ("Scales", format_html("{} {}", row.target_ref.kind, named)),
        ("Pods", f"{row.current_replicas} now, {row.desired_replicas} wanted"),
        ("From–to", f"{row.min_replicas}–{row.max_replicas}"),
        ("Metrics", format_html_join("", "<div>{}</div>", ((each,) for each in workloads.metrics(row)))),
    ]


def _service(found: Found, links: Links) -> list[Fact]:
    row = found.row
    assert isinstance(row, objects.Service)
    return [
        ("Type", row.type),
        ("Cluster IP", code(row.cluster_ip)),
        ("Outside", ", ".join(network.outside(row))),
        (
            "Ports",
            format_html_join(
                "",
                "<div class='mono'>{} {}</div>",
                ((each.name or "", network.port(each)) for each in row.ports),
            ),
        ),
        ("Selects", wrapped(row.selector)),
    ]


def _ingress(found: Found, links: Links) -> list[Fact]:
    row = found.row
    assert isinstance(row, objects.Ingress)
    return [
        ("Class", row.class_name or ""),
        ("Hosts", ", ".join(row.hosts) or "any"),
        ("Address", ", ".join(row.addresses)),
        ("TLS", ", ".join(host for each in row.tls or () for host in each.hosts)),
    ]


def _secret(found: Found, links: Links) -> list[Fact]:
    row = found.row
    assert isinstance(row, objects.Secret)
    return [("Type", row.type), ("Size", config.size(sum(row.sizes.values())))]


def _claim(found: Found, links: Links) -> list[Fact]:
    row = found.row
    assert isinstance(row, objects.PersistentVolumeClaim)
    asked = ((found.manifest.get("spec") or {}).get("resources") or {}).get("requests") or {}
    return [
        ("Size", row.capacity if row.volume else ""),
        ("Asked for", asked.get("storage", "")),
        ("Class", row.storage_class),
        ("Access", ", ".join(row.access_modes)),
    ]


def _volume(found: Found, links: Links) -> list[Fact]:
    row = found.row
    assert isinstance(row, objects.PersistentVolume)
    return [
        ("Size", row.capacity),
        ("Class", row.storage_class),
        ("Access", ", ".join(row.access_modes)),
        ("After use", row.reclaim_policy),
    ]


MAKERS: dict[Kind, Callable[[Found, Links], list[Fact]]] = {
    Kind.PODS: _pod,
    Kind.NODES: _node,
    Kind.DEPLOYMENTS: _replicas,
    Kind.STATEFULSETS: _replicas,
    Kind.REPLICASETS: _replicas,
    Kind.DAEMONSETS: _daemons,
    Kind.JOBS: _job,
    Kind.CRONJOBS: _cron_job,
    Kind.HPAS: _autoscaler,
    Kind.SERVICES: _service,
    Kind.INGRESSES: _ingress,
    Kind.SECRETS: _secret,
    Kind.PVCS: _claim,
    Kind.PVS: _volume,
}

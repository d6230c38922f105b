"""The columns of what makes pods: deployments, sets, jobs, cron jobs, autoscalers."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard import cells
from dashboard.cells import AGE, NAMESPACE, STATE
from dashboard.links import BY_WORD, Links
from dashboard.tables import Column
from orchestrator.backends.cluster.objects import HPA, CronJob, DaemonSet, Deployment, Job
from orchestrator.backends.cluster.port import Kind


def deployments(links: Links) -> tuple[Column, ...]:
    def ready(row: Deployment) -> SafeString:
        return of(row.replicas.ready, row.replicas.desired)

    return (
        STATE,
        cells.name_of(Kind.DEPLOYMENTS, links),
        NAMESPACE,
        Column("ready", "Ready", ready, label="ready", css="num"),
        Column("updated", "Updated", lambda row: f"{row.replicas.updated:,}", label="updated", css="num x"),
        Column("strategy", "Strategy", lambda row: row.strategy, sort="strategy", css="x", shown=False),
        cells.images_of(lambda row: row.images),
        cells.labels_column(),
        AGE,
    )


def stateful_sets(links: Links) -> tuple[Column, ...]:
    return (
        STATE,
        cells.name_of(Kind.STATEFULSETS, links),
        NAMESPACE,
        Column(
            "ready",
            "Ready",
            lambda row: of(row.replicas.ready, row.replicas.desired),
            label="ready",
            css="num",
        ),
        Column("service", "Service", lambda row: cells.text(row.service_name), css="hide-t x"),
        cells.images_of(lambda row: row.images),
        cells.labels_column(),
        AGE,
    )


def daemon_sets(links: Links) -> tuple[Column, ...]:
    def ready(row: DaemonSet) -> SafeString:
        return of(row.ready, row.desired)

    return (
        STATE,
        cells.name_of(Kind.DAEMONSETS, links),
        NAMESPACE,
        Column("ready", "Ready", ready, sort="ready", label="ready", css="num"),
        Column(
            "updated",
            "Updated",
            lambda row: f"{row.up_to_date:,}",
            sort="upToDate",
            label="updated",
            css="num x",
        ),
        cells.images_of(lambda row: row.images),
        cells.labels_column(),
        AGE,
    )


def replica_sets(links: Links) -> tuple[Column, ...]:
    return (
        STATE,
        cells.name_of(Kind.REPLICASETS, links),
        NAMESPACE,
        Column("ready", "Ready", lambda row: of(row.ready, row.desired), label="ready", css="num"),
        Column(
            "revision",
            "Revision",
            lambda row: str(row.revision or ""),
            sort="-revision",
            label="revision",
            css="num",
        ),
        cells.images_of(lambda row: row.images),
        AGE,
    )


def jobs(links: Links) -> tuple[Column, ...]:
    def succeeded(row: Job) -> SafeString:
        return of(row.succeeded, row.completions)

    return (
        STATE,
        cells.name_of(Kind.JOBS, links),
        NAMESPACE,
        Column("succeeded", "Succeeded", succeeded, sort="succeeded", label="succeeded", css="num"),
        Column(
            "failed",
            "Failed",
            lambda row: cells.number(row.failed),
            sort="-failed",
            label="failed",
            css="num",
        ),
        Column("duration", "Took", lambda row: cells.text(row.duration), label="took", css="num"),
        cells.labels_column(),
        AGE,
    )


def cron_jobs(links: Links) -> tuple[Column, ...]:
    def last(row: CronJob) -> SafeString:
        return cells.since(row.last_schedule)

    return (
        STATE,
        cells.name_of(Kind.CRONJOBS, links),
        NAMESPACE,
        Column("schedule", "Schedule", lambda row: row.schedule, sort="schedule", css="mono", label="at"),
        Column("active", "Running", lambda row: cells.number(row.active), sort="-active", css="num x"),
        Column("last", "Last run", last, sort="-lastSchedule", label="last run", css="num"),
        AGE,
    )


def autoscalers(links: Links) -> tuple[Column, ...]:
    def target(row: HPA) -> SafeString:
        kind = BY_WORD.get(row.target_ref.kind)
        name = row.target_ref.name
        named = links.named(kind, row.namespace or "", name, css="t2") if kind else name
        return format_html('<span class="t3">{}</span> {}', row.target_ref.kind, named)

    return (
        STATE,
        cells.name_of(Kind.HPAS, links),
        NAMESPACE,
        Column("target", "Scales", target, css="clip o-name"),
        Column("size", "Pods", lambda row: f"{row.current_replicas:,}", label="pods", css="num"),
        Column(
            "range",
            "From–to",
            lambda row: f"{row.min_replicas:,}–{row.max_replicas:,}",
            label="of",
            css="num",
        ),
        Column("metrics", "Metrics", lambda row: cells.several(metrics(row)), css="clip o-wide x"),
        AGE,
    )


def of(part: int, whole: int) -> SafeString:
    """Return how many there are of how many, loud if some are missing."""
    css = "strong" if part < whole else "t2"
    return format_html('<span class="{}">{}</span><span class="t3">/{}</span>', css, part, whole)


def metrics(row: HPA) -> list[str]:
    """Return each metric of an autoscaler in words: `cpu 40 % of 80 %`."""
    found = []
    for metric in row.metrics:
        body = next((value for value in metric.values() if isinstance(value, dict)), {})
        now, wanted = _value(body.get("current", {})), _value(body.get("target", {}))
        found.append(f"{body.get('name', '')} {now or 'unknown'} of {wanted or 'unknown'}")
    return found


def _value(found: dict[str, object]) -> str:
    if "averageUtilization" in found:
        return f"{found['averageUtilization']} %"
    return str(found.get("averageValue") or found.get("value") or "")

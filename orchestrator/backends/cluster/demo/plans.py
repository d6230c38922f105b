"""Which pods there are at a moment, and how each of them fares.

Some things always happen, so that there is something to see, and they happen so that the counts stay the
same: `api-gateway` runs out of memory again and again, `order-service` and `log-aggregator` are always being
rolled out, and healthy pods fail their liveness probe now and then. Everything repeats within a day.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from orchestrator.backends.cluster.demo import tables
from orchestrator.backends.cluster.demo.moment import DAY, Moment
from orchestrator.backends.cluster.demo.tables import App, Deployment, State

CRASHING = 3  # pods of the broken deployment: one was just killed, the others wait for their next try
INCIDENTS = 12  # pods that restart once in a while
INCIDENT_EVERY = 720  # minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One pod. Minutes count from the start of the world."""

    app: App
    name: str
    owner: tuple[str, str]  # kind, name
    labels: dict[str, str]
    node: str = ""
    created: float
    started: float  # when the present container began, or the last one if there is none
    state: State = State.RUNNING
    restarts: int = 0
    ended: float | None = None  # when the last container ended


def pods(moment: Moment) -> list[Plan]:
    """Return all pods of the world."""
    return [
        *_with_incidents(moment, [*_steady(moment), *_daemons(moment)]),
        *_crashing(moment),
        *_rolling(moment),
        *_numbered(moment),
        _migration(moment),
    ]


def revision_hash(moment: Moment, deployment: str, revision: int) -> str:
    """Return what names a replica set and labels its pods."""
    return moment.letters(10, "revision", deployment, revision % 2)


def revision_image(app: App, revision: int) -> str:
    """Return the image of a revision. What is being rolled out changes between two of them."""
    if revision % 2 == 0 or app.name not in tables.ROLLING:
        return app.image
    return f"{app.image.rpartition(':')[0]}:{tables.ROLLING[app.name][1]}"


def rollout(moment: Moment, deployment: Deployment) -> tuple[int, int]:
    """Return the number of the present rollout and how many of its pods run; the next is being created."""
    step, _ = tables.ROLLING[deployment.app.name]
    return divmod(moment.minute // step, deployment.replicas)


def restarted(moment: Moment) -> list[Plan]:
    """Return the pods that restart now and then, as they were after their latest restart."""
    pods = _with_incidents(moment, [*_steady(moment), *_daemons(moment)])
    return [plan for plan in pods if plan.ended is not None]


def _with_incidents(moment: Moment, plans: list[Plan]) -> Iterator[Plan]:
    old_enough = sorted(plan.name for plan in plans if plan.created < -INCIDENT_EVERY)
    chosen = moment.draw("incidents").sample(old_enough, INCIDENTS)
    slots = moment.draw("slots").sample(range(INCIDENT_EVERY), INCIDENTS)
    slot_of = dict(zip(chosen, slots, strict=True))
    for plan in plans:
        if plan.name not in slot_of:
            yield plan
            continue
        at = moment.latest(slot_of[plan.name], every=INCIDENT_EVERY)
        before = moment.draw("restarts", plan.name).randint(1, 4)
        restarts = before + at // INCIDENT_EVERY + 1
        yield replace(plan, started=at - 0.4, ended=at - 0.5, restarts=restarts)


def _steady(moment: Moment) -> Iterator[Plan]:
    for deployment in tables.DEPLOYMENTS:
        first = CRASHING if deployment.app.name == tables.BROKEN else 0
        if deployment.app.name not in tables.ROLLING:
            for number in range(first, deployment.replicas):
                yield _pod_of(moment, deployment, number, created=-deployment.pods_age + number * 0.1)


def _crashing(moment: Moment) -> Iterator[Plan]:
    """Each of the broken pods runs out of memory every third minute, one after the other."""
    deployment = next(each for each in tables.DEPLOYMENTS if each.app.name == tables.BROKEN)
    for number in range(CRASHING):
        died = moment.latest(number, every=CRASHING)
        plan = _pod_of(moment, deployment, number, created=-deployment.pods_age + number * 0.1)
        yield replace(
            plan,
            state=State.KILLED if died == moment.minute else State.CRASHING,
            restarts=died // CRASHING + 16,
            started=died - 0.6,
            ended=died - 0.1,
        )


def _rolling(moment: Moment) -> Iterator[Plan]:
    for deployment in tables.DEPLOYMENTS:
        if deployment.app.name not in tables.ROLLING:
            continue
        step, _ = tables.ROLLING[deployment.app.name]
        number, up = rollout(moment, deployment)
        for slot in range(deployment.replicas):
            revision = number if slot <= up else number - 1
            created = (revision * deployment.replicas + slot) * step
            plan = _pod_of(moment, deployment, slot, created=created, revision=revision)
            state = State.CREATING if slot == up else State.RUNNING
            yield replace(plan, state=state, started=created + step - 0.1)


def _pod_of(
    moment: Moment, deployment: Deployment, number: int, *, created: float, revision: int = 0
) -> Plan:
    app = deployment.app
    step = tables.ROLLING[app.name][0] if app.name in tables.ROLLING else DAY
    turn = revision % (DAY // step // deployment.replicas or 1)  # Tomorrow's pods have today's names.
    digest = revision_hash(moment, app.name, revision)
    return Plan(
        app=app._replace(image=revision_image(app, revision)),
        name=f"{app.name}-{digest}-{moment.letters(5, 'pod', app.name, turn, number)}",
        owner=("ReplicaSet", f"{app.name}-{digest}"),
        labels={"app": app.name, "pod-template-hash": digest},
        node=_node(moment, app, number, created=created),
        created=created,
        started=created + 0.2,
    )


def _node(moment: Moment, app: App, number: int, *, created: float) -> str:
    """Return where a pod runs: by its volume, or in turn on the nodes that took pods when it was created."""
    names = [node.name for node in tables.NODES]
    if app.claim:
        return names[0]
    if created > -tables.SHORT_SINCE:
        names.remove(tables.SHORT_OF_MEMORY)
    return names[(moment.draw("node", app.name).randrange(3) + number) % len(names)]


def _numbered(moment: Moment) -> Iterator[Plan]:
    """Yield the pods of stateful sets. Two cannot start: one finds no node, the other no image."""
    for found in tables.STATEFULSETS:
        for number in range(found.replicas):
            name = f"{found.app.name}-{number}"
            state, age = tables.STUCK.get(name, (State.RUNNING, found.age))
            yield Plan(
                app=found.app,
                name=name,
                owner=("StatefulSet", found.app.name),
                labels={
                    "app": found.app.name,
                    "controller-revision-hash": f"{found.app.name}-{moment.letters(9, found.app.name)}",
                    "statefulset.kubernetes.io/pod-name": name,
                },
                node="" if state == State.UNSCHEDULABLE else ("worker-a", "worker-c")[number % 2],
                created=-age,
                started=-age + 0.3,
                state=state,
            )


def _daemons(moment: Moment) -> Iterator[Plan]:
    for found in tables.DAEMONSETS:
        yield Plan(
            app=found.app,
            name=f"{found.app.name}-{moment.letters(5, 'pod', found.app.name)}",
            owner=("DaemonSet", found.app.name),
            labels={
                "app": found.app.name,
                "controller-revision-hash": moment.letters(9, found.app.name),
            },
            node=found.node,
            created=-found.age,
            started=-found.age + 0.1,
        )


def _migration(moment: Moment) -> Plan:
    app = tables.MIGRATION
    return Plan(
        app=app,
        name=f"{app.name}-{moment.letters(5, 'pod', app.name)}",
        owner=("Job", app.name),
        labels={
            "batch.kubernetes.io/controller-uid": moment.uid("Job", app.namespace, app.name),
            "batch.kubernetes.io/job-name": app.name,
            "job-name": app.name,
        },
        node="worker-c",
        created=-tables.MIGRATION_AGE,
        started=-tables.MIGRATION_AGE + 0.1,
    )

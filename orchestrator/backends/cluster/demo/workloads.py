"""The manifests of deployments, replica sets, stateful sets and daemon sets."""

from collections.abc import Sequence

from orchestrator.backends.cluster.demo import plans, tables
from orchestrator.backends.cluster.demo.moment import Moment
from orchestrator.backends.cluster.demo.parts import Manifest, condition, metadata, template
from orchestrator.backends.cluster.demo.plans import Plan
from orchestrator.backends.cluster.demo.tables import DaemonSet, Deployment, State, StatefulSet

PROGRESS_DEADLINE_SECONDS = 600


def deployment(moment: Moment, found: Deployment, pods: Sequence[Plan]) -> Manifest:
    """Return a deployment; `pods` are those of its replica sets."""
    app, labels = found.app, {"app": found.app.name}
    revision = _revision(moment, found)
    generation = 3 + max(revision, 0)
    image = plans.revision_image(app, revision)
    strategy = {"maxSurge": 0, "maxUnavailable": 1} if app.name in tables.ROLLING else None
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(
            moment,
            "Deployment",
            app.namespace,
            app.name,
            created=-found.age,
            labels=labels,
            annotations={"deployment.kubernetes.io/revision": str(generation)},
            generation=generation,
        ),
        "spec": {
            "replicas": found.replicas,
            "selector": {"matchLabels": labels},
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": strategy or {"maxSurge": "25%", "maxUnavailable": "25%"},
            },
            "template": template(app._replace(image=image), labels=labels, claim=app.claim),
            "revisionHistoryLimit": 10,
            "progressDeadlineSeconds": PROGRESS_DEADLINE_SECONDS,
        },
        "status": {"observedGeneration": generation} | _deployment_status(moment, found, pods),
    }


def _revision(moment: Moment, found: Deployment) -> int:
    return plans.rollout(moment, found)[0] if found.app.name in tables.ROLLING else 0


def _deployment_status(moment: Moment, found: Deployment, pods: Sequence[Plan]) -> Manifest:
    digest = plans.revision_hash(moment, found.app.name, _revision(moment, found))
    ready = _ready(pods)
    status: Manifest = {
        "replicas": len(pods),
        "updatedReplicas": sum(each.labels["pod-template-hash"] == digest for each in pods),
        "readyReplicas": ready,
        "availableReplicas": ready,
        "conditions": _deployment_conditions(moment, found, pods),
    }
    if ready < found.replicas:
        status["unavailableReplicas"] = found.replicas - ready
    return status


def _deployment_conditions(moment: Moment, found: Deployment, pods: Sequence[Plan]) -> list[Manifest]:
    name, newest = found.app.name, max(each.created for each in pods)
    digest = plans.revision_hash(moment, name, _revision(moment, found))
    replica_set = f'ReplicaSet "{name}-{digest}"'
    enough, since = True, moment.stamp(-found.age + 1)
    reason, message = "NewReplicaSetAvailable", f"{replica_set} has successfully progressed."
    if name in tables.ROLLING:
        reason, message = "ReplicaSetUpdated", f"{replica_set} is progressing."
    if name == tables.BROKEN:
        enough, since = False, moment.stamp(newest + PROGRESS_DEADLINE_SECONDS / 60)
        reason, message = "ProgressDeadlineExceeded", f"{replica_set} has timed out progressing."
    available = ("MinimumReplicasAvailable", "Deployment has minimum availability.")
    missing = ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    reasons = available if enough else missing
    found_at = {"lastUpdateTime": moment.stamp(newest)}
    return [
        condition("Available", enough, since=since, reason=reasons[0], message=reasons[1]) | found_at,
        condition("Progressing", enough, since=since, reason=reason, message=message) | found_at,
    ]


def replica_sets(moment: Moment, found: Deployment, pods: Sequence[Plan]) -> list[Manifest]:
    """Return the replica sets of a deployment, the one that is being rolled out first."""
    revision = _revision(moment, found)
    revisions = (revision, revision - 1) if found.app.name in tables.ROLLING else (revision,)
    return [_replica_set(moment, found, pods, each) for each in revisions]


def _replica_set(moment: Moment, found: Deployment, pods: Sequence[Plan], revision: int) -> Manifest:
    app = found.app
    digest = plans.revision_hash(moment, app.name, revision)
    labels = {"app": app.name, "pod-template-hash": digest}
    owned = [each for each in pods if each.labels == labels]
    rolling = app.name in tables.ROLLING
    created = -found.age / 2 if rolling else min(each.created for each in owned)
    image = plans.revision_image(app, revision)
    ready = _ready(owned)
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": metadata(
            moment,
            "ReplicaSet",
            app.namespace,
            f"{app.name}-{digest}",
            created=created,
            labels=labels,
            owner=("Deployment", app.name),
            annotations={"deployment.kubernetes.io/revision": str(3 + max(revision, 0))},
            generation=1,
        ),
        "spec": {
            "replicas": len(owned),
            "selector": {"matchLabels": labels},
            "template": template(app._replace(image=image), labels=labels, claim=app.claim),
        },
        "status": {
            "observedGeneration": 1,
            "replicas": len(owned),
            "fullyLabeledReplicas": len(owned),
            "readyReplicas": ready,
            "availableReplicas": ready,
        },
    }


def stateful_set(moment: Moment, found: StatefulSet, pods: Sequence[Plan]) -> Manifest:
    """Return a stateful set with its claim template."""
    app, labels = found.app, {"app": found.app.name}
    ready = _ready(pods)
    revision = f"{app.name}-{moment.letters(9, app.name)}"
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": metadata(
            moment, "StatefulSet", app.namespace, app.name, created=-found.age, labels=labels, generation=1
        ),
        "spec": {
            "replicas": found.replicas,
            "selector": {"matchLabels": labels},
            "serviceName": app.name,
            "podManagementPolicy": "OrderedReady",
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
            "template": template(app, labels=labels),
            "volumeClaimTemplates": [_claim_template(app.claim, found.storage)],
        },
        "status": {
            "observedGeneration": 1,
            "replicas": len(pods),
            "readyReplicas": ready,
            "availableReplicas": ready,
            "currentReplicas": len(pods),
            "updatedReplicas": len(pods),
            "currentRevision": revision,
            "updateRevision": revision,
        },
    }


def _claim_template(name: str, storage: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "standard",
            "resources": {"requests": {"storage": storage}},
        },
    }


def daemon_set(moment: Moment, found: DaemonSet, pods: Sequence[Plan]) -> Manifest:
    """Return a daemon set for the one node that its selector matches."""
    app, labels = found.app, {"app": found.app.name}
    ready = _ready(pods)
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": metadata(
            moment, "DaemonSet", app.namespace, app.name, created=-found.age, labels=labels, generation=1
        ),
        "spec": {
            "selector": {"matchLabels": labels},
            "updateStrategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1},
            },
            "template": template(app, labels=labels, selector=found.selector),
        },
        "status": {
            "observedGeneration": 1,
            "desiredNumberScheduled": len(pods),
            "currentNumberScheduled": len(pods),
            "updatedNumberScheduled": len(pods),
            "numberReady": ready,
            "numberAvailable": ready,
            "numberMisscheduled": 0,
        },
    }


def _ready(pods: Sequence[Plan]) -> int:
    return sum(each.state is State.RUNNING for each in pods)

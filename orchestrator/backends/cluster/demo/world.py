"""The demo world as a whole: every object at a moment, as the API server would return it."""

import json
import zlib
from collections import defaultdict
from datetime import datetime
from functools import lru_cache

from orchestrator.backends.cluster.demo import (
    batch,
    data,
    defaults,
    definitions,
    events,
    network,
    nodes,
    others,
    plans,
    pods,
    policies,
    storage,
    tables,
    workloads,
)
from orchestrator.backends.cluster.demo.moment import Moment
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.demo.plans import Plan

# Plural of the kind as in paths, with its group where it has no cache -> objects by namespace and name.
World = dict[str, list[Manifest]]


@lru_cache(maxsize=4)  # Every kind of a cluster asks for the same moment.
def build(seed: int, *, start: datetime, minute: int) -> World:
    """Return the world so many whole minutes after `start`, which is a full hour in UTC.

    The same arguments give the same world, in every process. It is shared, so callers do not change it.
    """
    moment = Moment(seed=seed, start=start, minute=minute)
    planned = plans.pods(moment)
    world = {
        "pods": [pods.pod(moment, plan) for plan in planned],
        "nodes": [nodes.node(moment, facts) for facts in tables.NODES],
        "namespaces": nodes.namespaces(moment),
        "events": events.events(moment, planned),
        **_workloads(moment, planned),
        "jobs": batch.jobs(moment),
        "cronjobs": batch.cron_jobs(moment),
        "configmaps": data.config_maps(moment),
        "secrets": data.secrets(moment),
        "services": network.services(moment),
        "ingresses": network.ingresses(moment),
        "horizontalpodautoscalers": policies.scalers(moment),
        "resourcequotas": policies.quotas(moment, planned),
        "limitranges": policies.limit_ranges(moment),
        "persistentvolumes": storage.volumes(moment),
        "persistentvolumeclaims": storage.claims(moment),
        "nodes.metrics.k8s.io": nodes.node_metrics(moment),
        "pods.metrics.k8s.io": nodes.pod_metrics(moment, planned),
    }
    world |= _others(moment, planned, world)
    return {kind: _finished(objects) for kind, objects in world.items()}


def _workloads(moment: Moment, planned: list[Plan]) -> World:
    owned: dict[str, list[Plan]] = defaultdict(list)
    for plan in planned:
        owned[plan.app.name].append(plan)
    return {
        "deployments": [
            workloads.deployment(moment, each, owned[each.app.name]) for each in tables.DEPLOYMENTS
        ],
        "replicasets": [
            replica_set
            for each in tables.DEPLOYMENTS
            for replica_set in workloads.replica_sets(moment, each, owned[each.app.name])
        ],
        "statefulsets": [
            workloads.stateful_set(moment, each, owned[each.app.name]) for each in tables.STATEFULSETS
        ],
        "daemonsets": [
            workloads.daemon_set(moment, each, owned[each.app.name]) for each in tables.DAEMONSETS
        ],
    }


def _others(moment: Moment, planned: list[Plan], world: World) -> World:
    """Return the objects of kinds that are listed only when somebody looks."""
    slices = others.endpoint_slices(moment, world["services"], world["pods"])
    return {
        "serviceaccounts": others.service_accounts(moment),
        "storageclasses.storage.k8s.io": others.storage_classes(moment),
        "ingressclasses.networking.k8s.io": others.ingress_classes(moment),
        "networkpolicies": others.network_policies(moment),
        "poddisruptionbudgets.policy": others.budgets(moment, planned),
        "endpointslices.discovery.k8s.io": slices,
        "customresourcedefinitions.apiextensions.k8s.io": definitions.definitions(moment),
        f"{definitions.PLURAL}.{definitions.GROUP}": definitions.schedules(moment),
        **others.rights(moment),
    }


def _finished(objects: list[Manifest]) -> list[Manifest]:
    """Return the objects in the order of lists, each with a version that follows from what is in it."""
    objects = [defaults.filled(each) for each in objects]
    for each in objects:
        content = json.dumps(each, sort_keys=True).encode()
        each["metadata"]["resourceVersion"] = str(zlib.crc32(content))
    return sorted(objects, key=lambda each: (each["metadata"].get("namespace", ""), each["metadata"]["name"]))

"""orchestrator.services.clusters.related and reasons"""

from dataclasses import replace

import pytest

from orchestrator.backends.cluster import objects
from orchestrator.backends.cluster.objects import OwnerReference
from orchestrator.backends.cluster.port import CacheState, Condition, Kind
from orchestrator.services.clusters import contexts, reasons, related
from orchestrator.services.clusters.objects import Found
from orchestrator.services.clusters.related import Known
from tests.orchestrator.services.clusters import make


def row(type_, name: str = "web", **more):
    return type_(name=name, namespace="shop", created_at=make.CREATED, **more)


def found(kind: Kind, it, *, owner: tuple[str, str] | None = None, **manifest) -> Found:
    metadata = {"name": it.name, "uid": f"uid-of-{it.name}"}
    if owner:
        metadata["ownerReferences"] = [{"kind": owner[0], "name": owner[1], "controller": True}]
    return Found(kind, {"metadata": metadata} | manifest, it)


def deployment(**more):
    return row(objects.Deployment, replicas=objects.DeploymentReplicas(), **more)


def replica_set(name: str, *, owner: str = "web", revision: int = 1):
    return row(
        objects.ReplicaSet,
        name,
        owner=owner,
        owner_uid=f"uid-of-{owner}",
        uid=f"uid-of-{name}",
        revision=revision,
    )


def pod(name: str, *, owner: str = "", **more):
    references = (OwnerReference("ReplicaSet", owner, f"uid-of-{owner}"),) if owner else ()
    return make.pod(name, owner_references=references, **more)


def titles(groups) -> dict[str, list[str]]:
    return {group.title: [each.name for each in group.references] for group in groups}


WORKLOAD = {"spec": {"template": {"metadata": {"labels": {"app": "web", "tier": "front"}}, "spec": {}}}}


def test_a_deployment_owns_pods_through_its_replica_sets():
    sets = (replica_set("web-1"), replica_set("api-1", owner="api"))
    pods = (pod("web-1-a", owner="web-1"), pod("api-1-a", owner="api-1"), pod("web-1-by-name"))
    rows = Known({Kind.REPLICASETS: sets, Kind.PODS: pods})
    assert [each.name for each in related.pods(found(Kind.DEPLOYMENTS, deployment()), rows)] == ["web-1-a"]


def test_a_node_carries_pods_and_a_service_selects_them():
    pods = (pod("a", node_name="n1", labels={"app": "web"}), pod("b", node_name="n2"))
    rows = Known({Kind.PODS: pods})
    assert [each.name for each in related.pods(found(Kind.NODES, make.node("n1")), rows)] == ["a"]
    service = row(objects.Service, selector={"app": "web"})
    assert [each.name for each in related.pods(found(Kind.SERVICES, service), rows)] == ["a"]


def test_owners_go_up_to_the_deployment():
    rows = Known({Kind.REPLICASETS: (replica_set("web-1"),)})
    it = found(Kind.PODS, pod("web-1-a"), owner=("ReplicaSet", "web-1"))
    assert [(each.kind, each.name) for each in related.owners(it, rows)] == [
        (Kind.REPLICASETS, "web-1"),
        (Kind.DEPLOYMENTS, "web"),
    ]


@pytest.mark.parametrize("owner", [None, ("Widget", "w")])
def test_an_owner_without_a_page_is_none(owner):
    assert related.owners(found(Kind.PODS, pod("a"), owner=owner), Known()) == []


@pytest.mark.parametrize(
    ("selector", "selected"),
    [({}, False), ({"a": "1"}, True), ({"a": "1", "b": "2"}, False), ({"a": "2"}, False)],
)
def test_what_a_selector_selects(selector, selected):
    assert related.selects(selector, {"a": "1", "c": "3"}) is selected


def test_a_pod_is_connected_with_what_it_reads_and_what_selects_it():
    services = (row(objects.Service, "front", selector={"app": "web"}), row(objects.Service, "bare"))
    it = pod("a", labels={"app": "web"}, config_maps=("env",), secrets=("db",))
    volumes = {"volumes": [{"persistentVolumeClaim": {"claimName": "data"}}, {"emptyDir": {}}]}
    groups = related.groups(found(Kind.PODS, it, spec=volumes), Known({Kind.SERVICES: services}))
    assert titles(groups) == {
        "Services": ["front"],
        "Config maps": ["env"],
        "Secrets": ["db"],
        "Volume claims": ["data"],
    }


def test_a_deployment_is_connected_with_its_scaler_and_its_revisions_newest_first():
    target = objects.Target("Deployment", "web")
    rows = Known(
        {
            Kind.REPLICASETS: (replica_set("web-1"), replica_set("web-2", revision=2)),
            Kind.HPAS: (row(objects.HPA, "scale", target_ref=target),),
        }
    )
    groups = related.groups(found(Kind.DEPLOYMENTS, deployment(), **WORKLOAD), rows)
    assert titles(groups) == {"Autoscalers": ["scale"], "Replica sets": ["web-2", "web-1"]}


def test_a_cron_job_is_connected_with_the_jobs_that_it_made():
    owners = {"web-28000000": "web", "by-hand": "web", "web-admin-28000000": "web-admin", "web": ""}
    jobs = tuple(row(objects.Job, name, owner=owner) for name, owner in owners.items())
    groups = related.groups(found(Kind.CRONJOBS, row(objects.CronJob)), Known({Kind.JOBS: jobs}))
    assert titles(groups) == {"Jobs": ["web-28000000", "by-hand"]}


def test_an_ingress_leads_to_services_and_a_service_knows_it():
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    rule = objects.IngressRule((objects.IngressPath("/", "Prefix", backend),))
    tls = (objects.IngressTLS((), "cert"),)
    ingress = row(objects.Ingress, "front", rules=(rule,), default_backend=backend, tls=tls)
    rows = Known({Kind.INGRESSES: (ingress,), Kind.SERVICES: (row(objects.Service),)})
    assert titles(related.groups(found(Kind.INGRESSES, ingress), rows)) == {
        "Services": ["web"],
        "Secrets": ["cert"],
    }
    assert titles(related.groups(found(Kind.SERVICES, row(objects.Service)), rows)) == {
        "Ingresses": ["front"]
    }
    assert titles(related.groups(found(Kind.SECRETS, row(objects.Secret, "cert")), rows)) == {
        "Ingresses": ["front"]
    }


def test_a_config_map_knows_who_reads_it():
    rows = Known(
        {
            Kind.PODS: (pod("a", config_maps=("env",)), pod("b")),
            Kind.DEPLOYMENTS: (deployment(config_maps=("env",)),),
        }
    )
    groups = related.groups(found(Kind.CONFIGMAPS, row(objects.ConfigMap, "env")), rows)
    assert titles(groups) == {"Used by": ["web", "a"]}


def test_claims_and_volumes_know_each_other():
    claim = row(objects.PersistentVolumeClaim, volume="pv-1")
    volume = objects.PersistentVolume(name="pv-1", created_at=make.CREATED, claim="shop/web")
    assert titles(related.groups(found(Kind.PVCS, claim), Known())) == {"Volume": ["pv-1"]}
    reference = related.groups(found(Kind.PVS, volume), Known())[0].references[0]
    assert (reference.namespace, reference.name) == ("shop", "web")


def test_events_are_about_the_object_and_its_pods_newest_first():
    at = "2026-01-02T03:0{}:00.000Z"
    events = (
        make.event("1", counts_at=at.format(1), kind="Deployment"),
        make.event("2", counts_at=at.format(2)),
        make.event("3", counts_at=at.format(3), kind="Service"),
    )
    it = found(Kind.DEPLOYMENTS, row(objects.Deployment, "about-1", replicas=objects.DeploymentReplicas()))
    mine = related.events(it, events, pods=[pod("about-2")])
    assert [event.name for event in mine] == ["about-2", "about-1"]


def test_kinds_that_may_not_be_read_are_left_out_and_named(everywhere, monkeypatch):
    refused = CacheState(condition=Condition.FORBIDDEN, since=contexts.now(), problem="No.")
    cache = everywhere.cluster.cache(Kind.SERVICES)
    everywhere.cluster.cache(Kind.PODS)
    original = type(cache).state
    monkeypatch.setattr(type(cache), "state", lambda each: refused if each is cache else original(each))
    known = related.known(
        (Kind.PODS, Kind.SERVICES), replace(everywhere, namespace="default"), wait_seconds=0
    )
    assert known.unread == (Kind.SERVICES,)
    assert known.of(Kind.SERVICES) == ()
    assert {each.namespace for each in known.of(Kind.PODS)} == {"default"}


def words(it: Found) -> list[tuple[str, str]]:
    return [(each.level, each.word) for each in reasons.of(it)]


def container(**status) -> Found:
    return found(Kind.PODS, pod("a"), status={"containerStatuses": [{"name": "c", **status}]})


@pytest.mark.parametrize(
    ("it", "said"),
    [
        (container(ready=True, state={"running": {}}), []),
        (container(state={"waiting": {"reason": "ContainerCreating"}}), []),
        (container(state={"waiting": {"reason": "ErrImagePull"}}), [("crit", "ErrImagePull")]),
        (container(state={"terminated": {"exitCode": 3, "reason": "Error"}}), [("crit", "Error")]),
        (container(state={"terminated": {"exitCode": 0, "reason": "Completed"}}), []),
        (
            container(
                state={"waiting": {"reason": "CrashLoopBackOff"}},
                lastState={"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
            ),
            [("crit", "CrashLoopBackOff"), ("warn", "Last time: OOMKilled")],
        ),
        (
            found(
                Kind.NODES,
                make.node("n"),
                status={"conditions": [{"type": "MemoryPressure", "status": "True"}]},
            ),
            [("warn", "MemoryPressure: True")],
        ),
        (
            found(
                Kind.NODES,
                make.node("n"),
                status={"conditions": [{"type": "MemoryPressure", "status": "False"}]},
            ),
            [],
        ),
        (
            found(
                Kind.DEPLOYMENTS,
                deployment(),
                status={"conditions": [{"type": "Available", "status": "False", "reason": "Few"}]},
            ),
            [("warn", "Available: Few")],
        ),
    ],
)
def test_what_is_wrong_is_said(it, said):
    assert words(it) == said


def test_a_pod_that_has_done_its_work_is_fine():
    conditions = [{"type": "Ready", "status": "False", "reason": "PodCompleted"}]
    assert words(found(Kind.PODS, pod("a"), status={"conditions": conditions})) == []


def test_a_deletion_that_waits_names_its_finalizers():
    it = found(Kind.PODS, pod("a"))
    it.manifest["metadata"] |= {"deletionTimestamp": make.CREATED, "finalizers": ["example.com/wait"]}
    assert "example.com/wait" in reasons.of(it)[0].text


def test_how_a_container_ended():
    ended = {"exitCode": 137, "signal": 9, "message": " killed\n"}
    assert reasons.how_it_ended(ended) == "ended with exit code 137, signal 9: killed"

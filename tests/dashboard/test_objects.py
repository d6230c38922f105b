"""dashboard.objects"""

from base64 import b64decode

import pytest
from django.urls import reverse
from django.utils.timezone import now

from orchestrator.backends import errors as backend
from orchestrator.backends.cluster.port import LISTED, CacheState, Condition, Kind
from orchestrator.services.clusters import contexts

KINDS = [kind for kind in LISTED if kind is not Kind.EVENTS]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def signed_in(client, viewer):
    client.force_login(viewer)
    return client


def body(answer) -> str:
    return " ".join(answer.content.decode().split())


def one(kind: Kind, **wanted) -> tuple[str, str]:
    """Return namespace and name of the first object of the demo that has these members."""
    rows = contexts.scope(context="demo-cluster").cluster.cache(kind).rows()
    row = next(row for row in rows if all(getattr(row, key) == value for key, value in wanted.items()))
    return row.namespace or "-", row.name


def address(kind: Kind, tab: str = "", **wanted) -> str:
    namespace, name = one(kind, **wanted)
    return reverse(f"dashboard:object{tab}", kwargs={"kind": kind, "namespace": namespace, "name": name})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tab", ["", "-events", "-yaml"])
def test_every_object_has_a_page(signed_in, kind, tab):
    answer = signed_in.get(address(kind, tab))
    assert answer.status_code == 200
    assert f"{one(kind)[1]}</h1>" in body(answer)


BROKEN = {"status": "CrashLoopBackOff"}


def missing(kind: Kind = Kind.PODS, name: str = "no-such-pod") -> str:
    return reverse("dashboard:object", kwargs={"kind": kind, "namespace": "default", "name": name})


def fails(monkeypatch, error: Exception) -> None:
    def read(cluster, kind, **_where):
        raise error

    monkeypatch.setattr(type(contexts.scope(context="demo-cluster").cluster), "read", read)


@pytest.mark.parametrize("tab", ["", "-events", "-yaml"])
def test_pages_of_objects_only_read(signed_in, tab):
    assert signed_in.post(address(Kind.PODS, tab)).status_code == 405


def test_strangers_sign_in_first(client, db):
    assert client.get(address(Kind.PODS)).status_code == 302


def test_somebody_without_a_role_sees_no_object(client, django_user_model, db):
    client.force_login(django_user_model.objects.create_user("new"))
    assert client.get(address(Kind.SECRETS, "-yaml")).status_code == 403


def test_a_crashing_pod_says_why(signed_in):
    answer = signed_in.get(address(Kind.PODS, **BROKEN))
    assert [each.word for each in answer.context["reasons"]][0] == "CrashLoopBackOff"
    assert "exit code" in body(answer)


def test_a_pod_leads_to_its_owners_its_node_and_what_it_reads(signed_in):
    answer = signed_in.get(address(Kind.PODS, **BROKEN))
    assert [line.kind for line, _ in answer.context["chain"]] == [
        "Service",
        "Deployment",
        "ReplicaSet",
        "Pod",
        "Node",
    ]
    lines = [line for _, lines, _ in answer.context["groups"] for line in lines]
    assert {"ConfigMap", "Secret"} <= {line.kind for line in lines}
    assert all(signed_in.get(line.href).status_code == 200 for line in lines)


def test_a_deployment_lists_its_pods_and_theirs_events(signed_in):
    answer = signed_in.get(address(Kind.DEPLOYMENTS, status="Degraded"))
    name = answer.context["row"].name
    assert answer.context["all_pods"] == answer.context["row"].replicas.desired
    assert f'href="/dashboard/pods/default/{name}-' in body(answer)
    assert {event.kind for event, _ in answer.context["latest"]} >= {"Pod"}


def test_a_node_lists_what_runs_on_it(signed_in):
    answer = signed_in.get(address(Kind.NODES))
    pods = contexts.scope().cluster.cache(Kind.PODS).rows()
    assert answer.context["all_pods"] == sum(pod.node_name == one(Kind.NODES)[1] for pod in pods)


def test_a_namespace_counts_what_it_holds_and_leads_there(signed_in):
    counts = signed_in.get(address(Kind.NAMESPACES)).context["counts"]
    pods = next(each for each in counts if each.title == "Pods")
    assert pods.badge.count == len(contexts.scope().cluster.cache(Kind.PODS).rows(one(Kind.NAMESPACES)[1]))
    assert all(signed_in.get(each.href).status_code == 200 for each in counts)


def test_what_may_not_be_counted_is_not_called_zero(signed_in, monkeypatch):
    cache = contexts.scope().cluster.cache(Kind.JOBS)
    refused = CacheState(condition=Condition.FORBIDDEN, since=now(), problem="No.")
    monkeypatch.setattr(type(cache), "state", lambda each: refused)
    assert "not permitted" in body(signed_in.get(address(Kind.NAMESPACES)))


def test_kinds_that_may_not_be_read_are_named(signed_in, monkeypatch):
    here = address(Kind.PODS)
    refused = CacheState(condition=Condition.FORBIDDEN, since=now(), problem="No.")
    monkeypatch.setattr(type(contexts.scope().cluster.cache(Kind.PODS)), "state", lambda each: refused)
    html = body(signed_in.get(here))
    assert "Left out, because they cannot be read here (yet): replica sets, services, events." in html


@pytest.mark.parametrize("tab", ["", "-events", "-yaml"])
def test_values_of_secrets_are_nowhere(signed_in, tab):
    namespace, name = one(Kind.SECRETS)
    cluster = contexts.scope(context="demo-cluster").cluster
    values = cluster.read(Kind.SECRETS, namespace=namespace, name=name)["data"].values()
    html = signed_in.get(address(Kind.SECRETS, tab)).content.decode()
    assert values
    assert not [value for value in values if value in html or b64decode(value).decode() in html]


def test_yaml_leaves_out_who_manages_which_field(signed_in, monkeypatch):
    cluster = contexts.scope(context="demo-cluster").cluster
    namespace, name = one(Kind.DEPLOYMENTS)
    manifest = cluster.read(Kind.DEPLOYMENTS, namespace=namespace, name=name)
    manifest["metadata"]["managedFields"] = [{"manager": "somebody"}]
    monkeypatch.setattr(type(cluster), "read", lambda cluster, kind, **where: manifest)
    html = body(signed_in.get(address(Kind.DEPLOYMENTS, "-yaml")))
    assert "kind: Deployment" in html
    assert "somebody" not in html


def test_what_is_in_an_object_cannot_become_markup(signed_in, monkeypatch):
    cluster = contexts.scope(context="demo-cluster").cluster
    namespace, name = one(Kind.CONFIGMAPS)
    manifest = cluster.read(Kind.CONFIGMAPS, namespace=namespace, name=name)
    bad = "<script>alert(1)</script>"
    manifest["data"] = {bad: bad}
    manifest["metadata"] |= {"labels": {"a": bad}, "annotations": {bad: bad}, "finalizers": [bad]}
    monkeypatch.setattr(type(cluster), "read", lambda cluster, kind, **where: manifest)
    for tab in ("", "-yaml"):
        assert "<script>alert" not in body(signed_in.get(address(Kind.CONFIGMAPS, tab)))


def test_what_is_on_the_screen_already_is_not_sent_again(signed_in):
    here = address(Kind.DEPLOYMENTS)
    tag = signed_in.get(here).context["etag"]
    again = signed_in.get(here, headers=HTMX | {"If-None-Match": tag})
    assert again.status_code == 204


def test_an_object_follows_what_it_shows(signed_in):
    html = body(signed_in.get(address(Kind.JOBS)))
    place = f"demo-cluster:{one(Kind.JOBS)[0]}"
    assert f'data-topic="events:{place} jobs:{place} pods:{place} usage:demo-cluster:*"' in html


def test_what_is_gone_is_404_and_leads_to_the_list(signed_in):
    answer = signed_in.get(missing())
    assert answer.status_code == 404
    assert "Pod no-such-pod is gone" in body(answer)
    assert "/dashboard/pods?context=demo-cluster&amp;namespace=default" in body(answer)


def test_an_open_page_learns_that_its_object_is_gone(signed_in):
    answer = signed_in.get(missing(), headers=HTMX)
    assert answer.status_code == 200
    assert "Pod no-such-pod is gone" in body(answer)
    assert "<html" not in body(answer)


def test_what_may_not_be_read_says_which_verb_is_needed(signed_in, monkeypatch):
    here = address(Kind.PODS)
    fails(monkeypatch, backend.Forbidden("pods is forbidden", service="kubernetes"))
    answer = signed_in.get(here)
    assert answer.status_code == 403
    assert "it needs the verb get for pods" in body(answer)


def test_no_answer_shows_what_was_last_known(signed_in, monkeypatch):
    here = address(Kind.PODS, **BROKEN)
    fails(monkeypatch, backend.Unreachable("Nothing listens there.", service="kubernetes"))
    answer = signed_in.get(here)
    assert answer.status_code == 503
    assert "Nothing listens there." in body(answer)
    assert "CrashLoopBackOff" in body(answer)
    assert "Try now" in body(answer)


def test_no_answer_leaves_an_open_page_as_it_is(signed_in, monkeypatch):
    here = address(Kind.PODS)
    fails(monkeypatch, backend.Unreachable("Nothing listens there.", service="kubernetes"))
    answer = signed_in.get(here, headers=HTMX)
    assert answer.status_code == 503
    assert "o-toast" in body(answer)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/dashboard/pods/-/a", 404),
        ("/dashboard/nodes/default/worker-a", 404),
        ("/dashboard/events/default/a", 404),
        ("/dashboard/widgets/default/a", 404),
        ("/dashboard/pods/Bad_NS/a", 422),
        ("/dashboard/pods/default/Bad_Name", 422),
        ("/dashboard/pods/default/a?context=no-such", 404),
    ],
)
def test_addresses_that_name_nothing(signed_in, path, status):
    assert signed_in.get(path).status_code == status


def test_the_switcher_leads_from_an_object_to_the_list_of_its_kind(signed_in):
    shell = signed_in.get(address(Kind.PODS)).context["shell"]()
    assert shell.namespace == one(Kind.PODS)[0]
    staging = next(choice for choice in shell.namespaces if choice.label == "staging")
    assert staging.href == "/dashboard/pods?context=demo-cluster&namespace=staging"

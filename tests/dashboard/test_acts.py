"""dashboard.acts: buttons, questions, and what is said after an act"""

import json
import re

import pytest
from django.utils.timezone import now

from orchestrator.backends.cluster.demo import DemoCluster
from orchestrator.backends.cluster.port import DEMO_CONTEXT, RESOURCES, Catalogue, Kind, Patch
from orchestrator.controllers.drains import reconcile
from orchestrator.models import AuditEvent, Drain
from orchestrator.services.clusters import contexts

HERE = "?context=demo-cluster"
GATEWAY = "/dashboard/deployments/default/api-gateway"
NODE = "/dashboard/nodes/-/worker-a"
CLAIM = "/dashboard/persistentvolumeclaims"
HTMX = {"HX-Request": "true"}
CONTEXT = {"context": DEMO_CONTEXT}


@pytest.fixture
def demo(monkeypatch):
    cluster = DemoCluster(seed=42, evolve=False)
    known = Catalogue(clusters={DEMO_CONTEXT: cluster}, current=DEMO_CONTEXT)
    monkeypatch.setattr(contexts, "catalogue", lambda: known)
    yield cluster
    cluster.close()


@pytest.fixture
def pages(client, operator, demo):
    client.force_login(operator)
    return client


@pytest.fixture
def claim(demo):
    row = demo.cache(Kind.PVCS).rows()[0]
    return f"{CLAIM}/{row.namespace}/{row.name}", row.name


def offered(response) -> set[str]:
    """Return what a page offers to do."""
    return set(re.findall(r"/do/([a-z-]+)[?\"]", response.content.decode()))


def text(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.mark.parametrize(
    ("path", "deeds"),
    [
        (GATEWAY, {"restart", "scale", "pause", "delete"}),
        ("/dashboard/statefulsets/staging/rabbitmq", {"restart", "scale", "delete"}),
        (NODE, {"cordon", "drain", "delete"}),
        ("/dashboard/secrets/default/api-keys", {"delete"}),
    ],
)
def test_a_page_offers_what_can_be_done_to_its_kind(pages, path, deeds):
    assert offered(pages.get(path + HERE)) == deeds


def test_a_viewer_is_offered_nothing_and_may_do_nothing(client, viewer, demo):
    client.force_login(viewer)
    assert offered(client.get(GATEWAY + HERE)) == set()
    assert client.get(f"{GATEWAY}/do/scale{HERE}").status_code == 403
    assert client.post(f"{GATEWAY}/do/restart", CONTEXT).status_code == 403
    assert not AuditEvent.objects.filter(area="clusters").exists()


def test_nothing_is_done_without_a_context(pages):
    assert pages.post(f"{GATEWAY}/do/restart{HERE}").status_code == 422
    assert not AuditEvent.objects.filter(area="clusters").exists()


@pytest.mark.parametrize(
    "path", [f"{GATEWAY}/do/drain", f"{GATEWAY}/do/nothing", "/dashboard/nodes/default/worker-a/do/cordon"]
)
def test_what_cannot_be_done_has_no_page(pages, path):
    assert pages.get(path + HERE).status_code == 404
    assert pages.post(path, CONTEXT).status_code == 404


def test_a_restart_without_scripts_leads_back_and_says_so(pages):
    response = pages.post(f"{GATEWAY}/do/restart", CONTEXT, follow=True)
    assert response.redirect_chain == [(GATEWAY + HERE, 302)]
    assert "Deployment api-gateway restart initiated." in text(response)
    assert "Restart asked by operator-user" in text(response)


def test_a_restart_is_told_by_a_toast_with_a_way_to_watch_it(pages):
    response = pages.post(f"{GATEWAY}/do/restart", CONTEXT, headers=HTMX)
    told = json.loads(response["HX-Trigger"])
    assert (response.status_code, response.content, response["HX-Reswap"]) == (200, b"", "none")
    assert told["toast"]["title"] == "Deployment api-gateway restart initiated"
    assert (told["toast"]["href"], told["toast"]["action"]) == (GATEWAY + HERE, "Watch")
    assert "acted" in told


def test_a_workload_is_scaled_and_its_page_follows(pages, demo):
    asked = pages.get(f"{GATEWAY}/do/scale{HERE}")
    assert 'value="5"' in asked.content.decode()
    page = pages.post(f"{GATEWAY}/do/scale", CONTEXT | {"replicas": 2}, follow=True)
    assert demo.read(Kind.DEPLOYMENTS, namespace="default", name="api-gateway")["spec"]["replicas"] == 2
    assert "Scale from 5 to 2 asked by operator-user" in text(page)


@pytest.mark.parametrize("replicas", ["-1", "many", "", "99999999999"])
def test_a_number_that_is_refused_stays_as_it_was_typed(pages, demo, replicas):
    for headers in ({}, HTMX):
        response = pages.post(f"{GATEWAY}/do/scale", CONTEXT | {"replicas": replicas}, headers=headers)
        assert response.status_code == 422
        assert f'value="{replicas}"' in response.content.decode()
    assert demo.read(Kind.DEPLOYMENTS, namespace="default", name="api-gateway")["spec"]["replicas"] == 5


@pytest.mark.parametrize(
    ("path", "there", "back"),
    [(GATEWAY, "pause", "resume"), (NODE, "cordon", "uncordon")],
)
def test_what_was_done_can_be_undone(pages, path, there, back):
    for deed, other in ((there, back), (back, there)):
        page = pages.post(f"{path}/do/{deed}", CONTEXT, follow=True)
        assert other in offered(page)
        assert deed not in offered(page)


def test_a_cron_job_is_suspended_resumed_and_run(pages, demo):
    row = next(row for row in demo.cache(Kind.CRONJOBS).rows() if not row.suspend)
    path = f"/dashboard/cronjobs/{row.namespace}/{row.name}"
    assert "unsuspend" in offered(pages.post(f"{path}/do/suspend", CONTEXT, follow=True))
    assert "suspend" in offered(pages.post(f"{path}/do/unsuspend", CONTEXT, follow=True))
    told = json.loads(pages.post(f"{path}/do/trigger", CONTEXT, headers=HTMX)["HX-Trigger"])
    assert f"/dashboard/jobs/{row.namespace}/{row.name}-" in told["toast"]["href"]


def test_a_question_about_a_deletion_says_what_is_lost_where_and_what_is_milder(pages):
    asked = text(pages.get(f"{GATEWAY}/do/delete{HERE}"))
    assert "in demo-cluster / default" in asked
    assert "Milder: Restart or Scale to 0" in asked


def test_data_goes_only_with_its_name_typed(pages, demo, claim):
    path, name = claim
    form = CONTEXT | {"uid": "", "grace": "3"}
    refused = pages.post(f"{path}/do/delete", form | {"confirm": "another"})
    assert refused.status_code == 422
    assert 'value="another"' in refused.content.decode()
    assert 'value="3"' in refused.content.decode()
    assert "Nothing was changed" in text(refused)
    assert pages.post(f"{path}/do/delete", form | {"confirm": name}).status_code == 302


def test_only_the_object_that_was_seen_is_deleted(pages):
    response = pages.post(f"{GATEWAY}/do/delete", CONTEXT | {"uid": "another"})
    assert response.status_code == 409
    assert "Nothing was changed" in text(response)


def test_the_history_shows_each_revision_and_what_going_back_changes(pages):
    assert "present" in text(pages.get(f"{GATEWAY}/history{HERE}"))
    image = {"spec": {"template": {"spec": {"containers": [{"name": "api-gateway", "image": "shop/new:2"}]}}}}
    contexts.catalogue().clusters[DEMO_CONTEXT].patch(
        RESOURCES[Kind.DEPLOYMENTS], image, namespace="default", name="api-gateway", how=Patch.STRATEGIC
    )
    shown = pages.get(f"{GATEWAY}/history{HERE}")
    assert "shop/new:2" in text(shown)
    back = re.search(r"do/undo\?context=demo-cluster&amp;revision=(\d+)", shown.content.decode())
    asked = pages.get(f"{GATEWAY}/do/undo{HERE}&revision={back[1]}")
    assert "shop/new:2" in text(asked)
    page = pages.post(f"{GATEWAY}/do/undo", CONTEXT | {"revision": back[1]}, follow=True)
    assert f"goes back to revision {back[1]}" in text(page)
    assert f"Roll back to revision {back[1]} asked by operator-user" in text(page)


def test_a_revision_that_is_not_kept_is_named(pages):
    response = pages.post(f"{GATEWAY}/do/undo", CONTEXT | {"revision": "999"})
    assert response.status_code == 404
    assert "Nothing was changed" in text(response)


def test_a_kind_without_revisions_has_no_history(pages):
    assert pages.get(f"{NODE}/history{HERE}").status_code == 404


def test_an_object_that_is_gone_has_no_question(pages):
    assert pages.get(f"/dashboard/deployments/default/nope/do/scale{HERE}").status_code == 404


def test_a_drain_is_planned_asked_for_watched_and_cancelled(pages, demo):
    asked = text(pages.get(f"{NODE}/do/drain{HERE}"))
    assert "pods will be evicted" in asked
    page = pages.post(f"{NODE}/do/drain", CONTEXT | {"force": "on", "delete_empty_dir": "on"}, follow=True)
    assert "cancel-drain" in offered(page)
    assert "asked by operator-user" in text(page)
    assert "cancelling" in text(pages.post(f"{NODE}/do/cancel-drain", CONTEXT, follow=True))
    reconcile(now())
    page = pages.get(NODE + HERE)
    assert "operator-user has cancelled it. The node stays cordoned." in text(page)
    assert "cancel-drain" not in offered(page)


def test_a_drain_that_is_refused_keeps_what_was_typed(pages):
    response = pages.post(f"{NODE}/do/drain", CONTEXT | {"pod_selector": "tier in", "timeout_seconds": "60"})
    assert response.status_code == 422
    assert 'value="tier in"' in response.content.decode()
    assert 'value="60"' in response.content.decode()
    assert not Drain.objects.exists()


def test_an_act_needs_a_sign_in(client, demo):
    assert client.post(f"{GATEWAY}/do/restart", CONTEXT).status_code == 302


def test_other_methods_are_refused(pages):
    assert pages.put(f"{GATEWAY}/do/restart").status_code == 405

"""dashboard.contexts"""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from orchestrator.services.clusters import added
from tests.kubeconfigs import kubeconfig

CONTEXTS = [{"name": "west-1", "context": {"cluster": "stg", "user": "ops"}}]
PAGE, ADD = "/dashboard/contexts", "/dashboard/contexts/add"


@pytest.fixture(autouse=True)
def looked_at(db):
    added.look_again()


@pytest.fixture
def boss(client, admin):
    client.force_login(admin)
    return client


def text(response) -> str:
    return response.content.decode()


def test_everybody_sees_the_contexts_and_admins_may_add(client, viewer, admin):
    client.force_login(viewer)
    assert "demo-cluster" in text(client.get(PAGE))
    assert ADD not in text(client.get(PAGE))
    assert client.get(ADD).status_code == 403
    client.force_login(admin)
    assert ADD in text(client.get(PAGE))


def test_a_pasted_kubeconfig_is_shown_before_it_is_added(boss):
    shown = boss.post(ADD, {"kubeconfig": kubeconfig(contexts=CONTEXTS)})
    assert 'value="west-1"' in text(shown)
    assert "west-1" not in text(boss.get(PAGE))
    added = boss.post(ADD, {"kubeconfig": kubeconfig(contexts=CONTEXTS), "add": "1", "contexts": ["west-1"]})
    assert added.headers["Location"] == f"{PAGE}?context=west-1"
    page = text(boss.get(PAGE))
    assert "west-1" in page
    assert "admin-user" in page
    assert "secret-token" not in page


def test_a_file_is_read_as_well(boss):
    shown = boss.post(ADD, {"file": SimpleUploadedFile("config", kubeconfig(contexts=CONTEXTS).encode())})
    assert 'value="west-1"' in text(shown)


def test_what_cannot_be_added_says_why_and_keeps_the_text(boss):
    shown = boss.post(ADD, {"kubeconfig": "contexts: ["})
    assert shown.status_code == 422
    assert "no YAML" in text(shown)
    assert "contexts: [" in text(shown)
    refused = boss.post(ADD, {"kubeconfig": kubeconfig(user={"exec": {"command": "ls"}}, contexts=CONTEXTS)})
    assert "runs a command" in text(refused)
    assert "None of these can be added" in text(refused)


def test_a_context_is_renamed_and_removed(boss):
    boss.post(ADD, {"kubeconfig": kubeconfig(contexts=CONTEXTS), "add": "1", "contexts": ["west-1"]})
    assert "Rename west-1" in text(boss.get("/dashboard/contexts/rename?name=west-1"))
    taken = boss.post("/dashboard/contexts/rename", {"name": "west-1", "to": "demo-cluster"})
    assert (taken.status_code, "already" in text(taken)) == (422, True)
    boss.post("/dashboard/contexts/rename", {"name": "west-1", "to": "west-2"})
    assert "Remove west-2?" in text(boss.get("/dashboard/contexts/remove?name=west-2"))
    boss.post("/dashboard/contexts/remove", {"name": "west-2"})
    assert "west-2" not in text(boss.get(PAGE))
    assert boss.get("/dashboard/contexts/remove?name=west-2").status_code == 404


def test_a_test_says_whether_the_cluster_answers(boss):
    assert "demo-cluster answers" in text(boss.post(f"{PAGE}/test", {"name": "demo-cluster"}))
    boss.post(ADD, {"kubeconfig": kubeconfig(contexts=CONTEXTS), "add": "1", "contexts": ["west-1"]})
    assert "ECONNREFUSED" in text(boss.post(f"{PAGE}/test", {"name": "west-1"}))


@pytest.mark.parametrize("path", ["rename", "remove"])
def test_others_than_admins_may_not(client, operator, path):
    client.force_login(operator)
    assert client.post(f"/dashboard/contexts/{path}", {"name": "demo-cluster"}).status_code == 403

"""dashboard.workload_logs, over the demo cluster"""

from html import unescape

import pytest

from orchestrator.backends.cluster.demo import DemoCluster
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import Invalid, Unreachable
from orchestrator.services.clusters import contexts, workload_logs
from tests.apis.test_logs import Script

STAMP = "2026-03-01T10:00:0{}.000Z"
PATH = "/dashboard/deployments/default/frontend/logs"


@pytest.fixture
def signed_in(client, viewer):
    client.force_login(viewer)
    return client


@pytest.fixture
def saying(monkeypatch):
    """Return a function that lets the pods of the frontend say something each; it returns their names."""
    rows = contexts.scope(context="demo-cluster").cluster.cache(Kind.PODS).rows("default")
    names = sorted(row.name for row in rows if row.name.startswith("frontend"))

    def saying(*scripts):
        waiting = dict(zip(names, scripts, strict=False))

        def logs(cluster, pod, *, namespace, query):
            found = waiting.get(pod, Script())
            if isinstance(found, Exception):
                raise found
            return found

        monkeypatch.setattr(DemoCluster, "logs", logs)
        return names

    return saying


def said(*words: tuple[int, str]) -> Script:
    return Script("".join(f"{STAMP.format(second)} {word}\n" for second, word in words).encode())


def opened(client, **query: str):
    answer = client.get(PATH, {"context": "demo-cluster"} | query)
    assert answer.status_code == 200
    return answer


def test_lines_of_all_pods_stand_in_order_with_their_pod(signed_in, saying):
    names = saying(said((1, "first"), (3, "<third>")), said((2, "second")))
    text = opened(signed_in).content.decode()
    parts = ["<span>first</span>", "<span>second</span>", "<span>&lt;third&gt;</span>"]
    assert sorted(parts, key=text.index) == parts
    assert f'title="{names[1]}/frontend">{names[1][-16:]}</b>' in text
    assert "3 lines read" in " ".join(text.split())


def test_the_page_follows_from_its_last_line(signed_in, saying):
    saying(said((1, "a"), (2, "b")))
    follow = unescape(opened(signed_in, search="b").context["follow"]).replace("%3A", ":")
    assert follow.startswith("/api/deployments/frontend/logs?")
    assert f"after={STAMP.format(2)}" in follow
    assert "search=b" in follow


def test_runs_of_the_past_are_not_followed(signed_in, saying):
    saying(said((1, "a")))
    assert opened(signed_in, previous="true").context["follow"] == ""


def test_the_download_is_a_link_to_everything(signed_in):
    download = opened(signed_in, tail="500").context["download"]
    assert "download=true" in download
    assert "tail" not in download


def test_a_container_without_a_log_is_noted(signed_in, saying):
    names = saying(said((1, "a")), Invalid("It waits to start.", service="kubernetes"))
    assert f"{names[1]}/frontend: It waits to start." in opened(signed_in).content.decode()


def test_containers_that_are_too_many_are_noted(signed_in, saying, monkeypatch):
    monkeypatch.setattr(workload_logs, "MOST_STREAMS", 3)
    names = saying()
    assert f"left out: {names[3]}/frontend." in opened(signed_in).content.decode()


def test_that_nothing_can_be_read_is_said(signed_in, saying):
    saying(*[Unreachable("No answer at all.", service="kubernetes")] * 4)
    assert "No answer at all." in opened(signed_in).content.decode()


def test_a_container_is_chosen_by_its_name(signed_in):
    choices = opened(signed_in, container="frontend").context["containers"]
    assert [(each.name, on) for each, _, on in choices] == [("All", False), ("frontend", True)]


@pytest.mark.parametrize("kind", workload_logs.KINDS)
def test_every_workload_has_the_tab(signed_in, kind):
    row = contexts.scope(context="demo-cluster").cluster.cache(kind).rows()[0]
    path = f"/dashboard/{kind}/{row.namespace}/{row.name}"
    assert f"{path}/logs?" in signed_in.get(path, {"context": "demo-cluster"}).content.decode()
    assert signed_in.get(f"{path}/logs", {"context": "demo-cluster"}).status_code == 200


def test_what_has_no_pods_has_no_logs(signed_in):
    path = "/dashboard/configmaps/default/app-config/logs"
    assert signed_in.get(path, {"context": "demo-cluster"}).status_code == 404


@pytest.mark.parametrize("query", [{"tail": "0"}, {"since": "soon"}, {"container": "A"}])
def test_a_bad_value_is_explained(signed_in, query):
    assert signed_in.get(PATH, {"context": "demo-cluster"} | query).status_code == 422


def test_others_are_refused(client, signed_in, django_user_model):
    assert signed_in.post(PATH).status_code == 405
    client.force_login(django_user_model.objects.create_user("nobody"))
    assert client.get(PATH, {"context": "demo-cluster"}).status_code == 403
    client.logout()
    assert client.get(PATH).status_code == 302

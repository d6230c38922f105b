"""dashboard.applying"""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from orchestrator.backends.cluster.acts import Patch
from orchestrator.backends.cluster.port import RESOURCES, Kind
from orchestrator.models import AuditEvent
from orchestrator.services.clusters import contexts

ADDRESS = "/dashboard/apply?context=demo-cluster&namespace=default"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fresh}\ndata: {a: b}\n"
NOTHING = "apiVersion: example.com/v1\nkind: Nothing\nmetadata: {name: x}\n"

pytestmark = pytest.mark.usefixtures("own_world")


def body(answer) -> str:
    return " ".join(answer.content.decode().split())


@pytest.fixture
def signed_in(client, operator):
    client.force_login(operator)
    return client


def rows(answer) -> list[tuple]:
    return [(row["document"].name, row["said"]) for row in answer.context["rows"]]


def test_the_page_says_where_objects_go(signed_in):
    html = body(signed_in.get(ADDRESS))
    assert "in demo-cluster. Those that name no namespace go to default." in html


def test_a_check_stores_nothing(signed_in):
    answer = signed_in.post(ADDRESS, {"yaml": f"{MAP}---\n{NOTHING}", "act": "check"})
    assert rows(answer) == [("fresh", "Will be created"), ("x", "Refused")]
    assert "The cluster serves no Nothing of example.com/v1." in body(answer)
    assert "name: fresh" in body(answer)
    assert not AuditEvent.objects.exists()


def test_an_apply_stores_what_can_be_stored(signed_in):
    answer = signed_in.post(ADDRESS, {"yaml": f"{NOTHING}---\n{MAP}", "act": "apply"})
    assert rows(answer) == [("x", "Refused"), ("fresh", "Created")]
    assert 'href="/dashboard/configmaps/default/fresh?context=demo-cluster"' in body(answer)
    event = AuditEvent.objects.get()
    assert (event.action, event.target, event.result) == ("Apply", "configmap fresh", "done")
    again = signed_in.post(ADDRESS, {"yaml": MAP, "act": "apply"})
    assert rows(again) == [("fresh", "As it was")]


def test_what_was_set_by_hand_under_our_own_name_is_ours_all_the_same(signed_in):
    cluster = contexts.scope(context="demo-cluster").cluster
    signed_in.post(ADDRESS, {"yaml": MAP, "act": "apply"})
    resource = RESOURCES[Kind.CONFIGMAPS]
    cluster.patch(resource, {"data": {"a": "z"}}, namespace="default", name="fresh", how=Patch.MERGE)
    answer = signed_in.post(ADDRESS, {"yaml": MAP, "act": "apply"})
    assert rows(answer) == [("fresh", "Changed")]


def test_a_file_is_read_instead_of_the_text(signed_in):
    file = SimpleUploadedFile("a.yaml", b"\xef\xbb\xbf" + MAP.encode())
    answer = signed_in.post(ADDRESS, {"file": file, "yaml": "", "act": "check"})
    assert rows(answer) == [("fresh", "Will be created")]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"\xff\xfe", "The file is not UTF-8 text."), (b"a: [", "did not find expected")],
)
def test_a_file_that_cannot_be_read_says_so(signed_in, content, sentence):
    answer = signed_in.post(ADDRESS, {"file": SimpleUploadedFile("a", content), "act": "check"})
    assert sentence in body(answer)


@pytest.mark.parametrize(("act", "status"), [("check", 200), ("apply", 422)])
def test_a_bad_text_is_kept(signed_in, act, status):
    answer = signed_in.post(ADDRESS, {"yaml": "kind: [", "act": act})
    assert answer.status_code == status
    assert "kind: [</textarea>" in body(answer)
    assert "This text cannot be used" in body(answer)


def test_what_is_typed_cannot_become_markup(signed_in):
    bad = MAP.replace("fresh", "'<script>alert(1)</script>'")
    answer = signed_in.post(ADDRESS, {"yaml": f"{bad}# </textarea><script>alert(1)</script>", "act": "apply"})
    assert "<script>alert" not in answer.content.decode()


def test_a_viewer_may_not_apply_and_sees_no_way_to(client, viewer):
    client.force_login(viewer)
    assert client.get(ADDRESS).status_code == 403
    assert "/dashboard/apply" not in body(client.get("/dashboard/?context=demo-cluster"))
    assert "Apply YAML" not in body(client.get("/dashboard/search?context=demo-cluster&q=apply"))


def test_an_operator_finds_the_way(signed_in):
    assert "/dashboard/apply?context=demo-cluster" in body(signed_in.get("/dashboard/?context=demo-cluster"))
    assert "Apply YAML" in body(signed_in.get("/dashboard/search?context=demo-cluster&q=apply"))


def test_it_must_be_said_where(signed_in):
    assert signed_in.get("/dashboard/apply").status_code == 422

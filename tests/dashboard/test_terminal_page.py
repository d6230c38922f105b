"""dashboard.terminal: its page"""

import re

import pytest
from django.urls import reverse

from orchestrator.backends import errors as backend
from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters import contexts

PLACE = {"context": "demo-cluster"}


@pytest.fixture
def signed_in(client, operator):
    client.force_login(operator)
    return client


def pods(**wanted: str) -> list[tuple[str, str]]:
    rows = contexts.scope(context="demo-cluster").cluster.cache(Kind.PODS).rows()
    return [
        (row.namespace, row.name)
        for row in rows
        if all(getattr(row, key) == value for key, value in wanted.items())
    ]


def address(name: str = "pod-terminal", **wanted: str) -> str:
    namespace, pod = pods(**(wanted or {"status": "Running"}))[0]
    kind = {} if name == "pod-terminal" else {"kind": Kind.PODS}
    return reverse(f"dashboard:{name}", kwargs={"namespace": namespace, "name": pod, **kind})


def body(answer) -> str:
    return " ".join(answer.content.decode().split())


def test_the_page_names_its_socket_and_the_line_for_those_without_javascript(signed_in):
    answer = signed_in.get(address(), PLACE)
    namespace, name = pods(status="Running")[0]
    assert answer.status_code == 200
    assert f'data-socket="/dashboard/terminal?context=demo-cluster&amp;namespace={namespace}' in body(answer)
    assert f"kubectl exec -it {name} -n {namespace} -c " in body(answer)


def test_only_its_own_styles_are_let_in(signed_in):
    answer = signed_in.get(address(), PLACE)
    policy, nonce = answer.headers["Content-Security-Policy"], re.search(r'nonce="([^"]+)"', body(answer))[1]
    assert f"style-src 'self' 'nonce-{nonce}'" in policy
    assert "script-src" not in policy  # default-src holds
    assert answer.headers["Cache-Control"] == "no-store"


def test_other_pages_keep_the_strict_policy(signed_in):
    assert "style-src" not in signed_in.get(address("object")).headers["Content-Security-Policy"]


def test_a_pod_leads_to_its_terminal(signed_in):
    page = body(signed_in.get(address("object"), PLACE))
    assert f'class="btn" href="{address()}?context=demo-cluster"' in page
    assert f'<a href="{address()}?context=demo-cluster" >Terminal' in page


def test_where_nothing_runs_the_button_says_why(signed_in):
    page = body(signed_in.get(address("object", status="ImagePullBackOff"), PLACE))
    assert 'disabled title="No container of this pod runs' in page


def test_where_nothing_runs_the_page_says_why(signed_in):
    page = body(signed_in.get(address(status="ImagePullBackOff"), PLACE))
    assert "No container of this pod runs" in page
    assert "js/terminal.js" not in page


def test_a_container_that_does_not_run_cannot_be_chosen(signed_in):
    page = body(signed_in.get(address(), PLACE | {"container": "no-such"}))
    assert "Container no-such does not run." in page


def test_what_is_chosen_is_escaped(signed_in):
    page = body(signed_in.get(address(), PLACE | {"container": '"><script>'}))
    assert "<script>" not in page.replace("<script src", "")


def test_a_viewer_sees_no_way_there_and_may_not_open_it(client, viewer):
    client.force_login(viewer)
    assert "Terminal" not in body(client.get(address("object"), PLACE))
    answer = client.get(address(), PLACE)
    assert answer.status_code == 403
    assert "this needs operator or admin" in body(answer)


def test_a_stranger_has_to_sign_in(client, db):
    assert client.get(address(), PLACE).status_code == 302


def test_the_page_is_read_only(signed_in):
    assert signed_in.post(address(), PLACE).status_code == 405


def test_no_such_pod(signed_in):
    gone = reverse("dashboard:pod-terminal", kwargs={"namespace": "default", "name": "no-such"})
    assert signed_in.get(gone, PLACE).status_code == 404


def test_the_cluster_does_not_answer(signed_in, monkeypatch):
    def read(cluster, kind, **_where):
        raise backend.Unreachable("No answer.", service="kubernetes")

    monkeypatch.setattr(type(contexts.scope(context="demo-cluster").cluster), "read", read)
    assert signed_in.get(address(), PLACE).status_code == 503

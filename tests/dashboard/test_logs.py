"""dashboard.logs and dashboard.ansi"""

from html import unescape

import pytest
from django.urls import reverse

from dashboard.ansi import to_html
from orchestrator.backends.cluster.demo import DemoCluster
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import Unreachable
from orchestrator.services.clusters import contexts

STAMP = "2026-03-01T10:00:00.00000000%dZ"
COLOURED = [
    ("plain <b>", "plain &lt;b&gt;"),
    ("\x1b[31mred\x1b[0m.", '<span class="a-1">red</span>.'),
    ("\x1b[1;91mloud\x1b[22m less", '<span class="a-1 a-bold">loud</span><span class="a-1"> less</span>'),
    (
        "\x1b[32mgreen\x1b[33myellow\x1b[39mnone",
        '<span class="a-2">green</span><span class="a-3">yellow</span>none',
    ),
    ("\x1b[38;5;196mmany\x1b[48;2;1;2;3m colours\x1b[m", "many colours"),
    ("\x1b[2K\x1b[1A\x1b]0;title\x07moved", "moved"),
    ("bell\x07 and null\x00", "bell and null"),
    ("\x1b[4m<script>\x1b[0m", '<span class="a-underline">&lt;script&gt;</span>'),
    ("\x1b[;;mx", "x"),
]


class Script:
    """A log that says what a test wrote."""

    def __init__(self, *parts: bytes) -> None:
        self.parts = parts

    def chunks(self):
        yield from self.parts

    def interrupt(self) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def signed_in(client, viewer):
    client.force_login(viewer)
    return client


@pytest.fixture
def address():
    """Return a function that gives the address of the logs of a pod of the demo world."""

    def address(app: str = "nginx", *, status: str = "Running", **query: str) -> str:
        rows = contexts.scope().cluster.cache(Kind.PODS).rows()
        row = next(row for row in rows if row.name.startswith(app) and row.status == status)
        query = {"context": "demo-cluster", **query}
        path = reverse("dashboard:pod-logs", args=[row.namespace, row.name])
        return path + "?" + "&".join(f"{key}={value}" for key, value in query.items())

    return address


@pytest.fixture
def saying(monkeypatch):
    def saying(*parts: bytes) -> None:
        monkeypatch.setattr(DemoCluster, "logs", lambda *args, **asked: Script(*parts))

    return saying


def body(answer) -> str:
    return answer.content.decode()


@pytest.mark.parametrize(("text", "html"), COLOURED)
def test_colours_are_classes_and_the_rest_is_escaped(text, html):
    assert to_html(text) == html


def test_a_search_is_marked_in_any_case():
    assert to_html("a Slow <slow>", mark="slow") == "a <mark>Slow</mark> &lt;<mark>slow</mark>&gt;"


def test_the_last_lines_are_on_the_page(signed_in, address):
    answer = signed_in.get(address())
    assert answer.status_code == 200
    assert body(answer).count('<span class="lv">') == 100


@pytest.mark.parametrize(("role", "offered"), [("viewer", False), ("operator", True)])
def test_it_leads_to_the_other_tabs_that_one_may_open(client, request, address, role, offered):
    client.force_login(request.getfixturevalue(role))
    here = address()
    html = body(client.get(here))
    for tab in ("ports", "metrics"):
        assert f'href="{here.replace("/logs?", f"/{tab}?")}"' in html
    assert (f'href="{here.replace("/logs?", "/terminal?")}"' in html) is offered


def test_a_line_has_its_time_and_level(signed_in, address, saying):
    saying(f"{STAMP % 1} [ERROR] <i>gone</i>\n".encode())
    text = body(signed_in.get(address()))
    row = '<s>10:00:00.000</s><span class="lv">ERROR</span><span>&lt;i&gt;gone&lt;/i&gt;</span>'
    assert f'<span class="l e">{row}' in text


def test_timestamps_are_whole_when_asked_for(signed_in, address, saying):
    saying(f"{STAMP % 1} x\n".encode())
    assert "<s>2026-03-01T10:00:00.000Z</s>" in body(signed_in.get(address(timestamps="true")))


def test_what_is_written_later_is_followed_after_the_last_line(signed_in, address, saying):
    saying(f"{STAMP % 1} x\n{STAMP % 2} y\n".encode())
    answer = signed_in.get(address(search="y"))
    assert f"after={STAMP % 2}" in unescape(body(answer)).replace("%3A", ":")
    assert "search=y" in answer.context["follow"]
    assert "1 line matches" in " ".join(body(answer).split())


def test_the_download_is_a_link(signed_in, address):
    answer = signed_in.get(address())
    assert answer.context["download"].startswith("/api/pods/nginx")
    assert "download=true" in answer.context["download"]
    assert "tail" not in answer.context["download"]


def test_an_empty_log_says_so(signed_in, address, saying):
    saying()
    assert "nothing was written yet" in body(signed_in.get(address()))
    assert "no line matches" in body(signed_in.get(address(search="x")))


def test_a_container_without_a_log_says_why(signed_in, address):
    answer = signed_in.get(address("", status="ImagePullBackOff"))
    assert answer.status_code == 200
    assert "is waiting to start: ImagePullBackOff" in body(answer)
    assert answer.context["follow"] == ""


def test_the_previous_run_is_joined_with_a_break(signed_in, address, monkeypatch):
    def logs(cluster, pod, *, namespace, query):
        return Script(
            f"{STAMP % (1 if query.previous else 2)} {'old' if query.previous else 'new'}\n".encode()
        )

    monkeypatch.setattr(DemoCluster, "logs", logs)
    text = body(signed_in.get(address("api-gateway", status="CrashLoopBackOff", previous="true")))
    parts = ["<span>old</span>", "the previous run ended: OOMKilled, exit 137", "<span>new</span>"]
    assert sorted(parts, key=text.index) == parts


def test_the_last_run_of_a_container_that_waits_is_shown_once(signed_in, address):
    text = body(signed_in.get(address("api-gateway", status="CrashLoopBackOff", previous="true")))
    assert "this is the last run" in text
    assert text.count("out of memory") == 1


def test_that_there_was_no_previous_run_is_said(signed_in, address):
    assert "previous terminated container" in body(signed_in.get(address(previous="true")))


@pytest.mark.parametrize("query", [{"tail": "0"}, {"tail": "x"}, {"tail": "99999"}, {"since": "soon"}])
def test_a_bad_value_is_explained(signed_in, address, query):
    assert signed_in.get(address(**query)).status_code == 422


def test_an_unknown_pod_is_404(signed_in):
    assert signed_in.get("/dashboard/pods/default/nobody/logs?context=demo-cluster").status_code == 404


def test_a_cluster_that_does_not_answer_is_said(signed_in, address, monkeypatch):
    def logs(*args, **asked):
        raise Unreachable("No answer at all.", service="kubernetes")

    monkeypatch.setattr(DemoCluster, "logs", logs)
    assert "No answer at all." in body(signed_in.get(address()))


def test_other_methods_are_refused(signed_in, address):
    assert signed_in.post(address()).status_code == 405


def test_who_is_not_signed_in_is_sent_to_do_so(client, db, address):
    assert client.get(address()).status_code == 302


def test_without_a_role_nothing_is_shown(client, django_user_model, address):
    client.force_login(django_user_model.objects.create_user("nobody"))
    assert client.get(address()).status_code == 403

"""apis.workload_logs, over the demo cluster"""

from contextlib import asynccontextmanager

import pytest
from django.test import AsyncClient

from orchestrator.backends.cluster.demo import DemoCluster
from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import Forbidden, Invalid, Unreachable
from orchestrator.services.clusters import log_merge
from tests.apis.reading import Reader, check_headers, error_of
from tests.apis.test_logs import Script

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "/api/deployments/frontend/logs?namespace=default"
STAMP = "2026-03-01T10:00:0{}.000Z"


def said(*words: tuple[int, str]) -> bytes:
    return "".join(f"{STAMP.format(second)} {word}\n" for second, word in words).encode()


@pytest.fixture
def saying(demo, monkeypatch):
    """Return a function that lets the pods of the frontend say something each; it returns their names."""
    names = sorted(row.name for row in demo.cache(Kind.PODS).rows("default") if "frontend" in row.name)

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


@pytest.fixture
def followed(monkeypatch):
    """Return a context manager that follows the logs by frames."""
    monkeypatch.setattr(log_merge, "WINDOW_SECONDS", 0.05)
    monkeypatch.setattr(log_merge, "LOOK_SECONDS", 0.02)

    @asynccontextmanager
    async def followed(query: str = "", **more):
        headers = {"Accept": "text/event-stream", **more}
        response = await AsyncClient().get(f"{ADDRESS}&{query}", headers=headers)
        assert response.status_code == 200
        parts = Reader(response)
        assert (await anext(parts._parts)) == b"retry: 3000\n\n"
        try:
            yield parts
        finally:
            await parts.close()

    return followed


def test_entries_name_their_pod_and_are_in_the_order_of_time(api, saying):
    names = saying(Script(said((1, "a"), (3, "c"))), Script(said((2, "[WARN] b"))))
    response = api.get(ADDRESS)
    check_headers(response)
    found = response.json()
    assert [(each["line"], each["message"], each["pod"], each["container"]) for each in found["parsed"]] == [
        (1, "a", names[0], "frontend"),
        (2, "b", names[1], "frontend"),
        (3, "c", names[0], "frontend"),
    ]
    assert (found["totalLines"], found["leftOut"], found["unread"]) == (3, [], [])
    assert found["logs"].splitlines()[1] == f"[{names[1]}/frontend] [WARN] b"
    assert "X-Partial" not in response.headers


def test_text_says_whose_each_line_is(api, saying):
    names = saying(Script(said((1, "a"))))
    response = api.get(ADDRESS + "&timestamps=true", headers={"Accept": "text/plain"})
    assert response.content.decode() == f"[{names[0]}/frontend] {STAMP.format(1)} a\n"


def test_a_container_without_a_log_makes_the_answer_partial(api, saying):
    names = saying(Script(said((1, "a"))), Invalid("It waits to start.", service="kubernetes"))
    response = api.get(ADDRESS)
    assert response.headers["X-Partial"] == "true"
    assert response.json()["unread"] == [{"source": f"{names[1]}/frontend", "error": "It waits to start."}]


@pytest.mark.parametrize("kind", ["deployments", "statefulsets", "daemonsets", "replicasets", "jobs"])
def test_every_workload_has_logs(api, demo, kind):
    row = next(
        row
        for row in demo.cache(Kind(kind)).rows()
        if row.namespace in ("production", "kube-system", "default")
    )
    response = api.get(f"/api/{kind}/{row.name}/logs", {"namespace": row.namespace, "tail": 5})
    assert response.status_code == 200
    assert len(response.json()["parsed"]) <= 5


@pytest.mark.parametrize("accept", ["application/json", "text/plain", "text/event-stream"])
def test_an_unknown_workload_is_404_in_every_form(api, accept):
    response = api.get("/api/deployments/no-such/logs?namespace=default", headers={"Accept": accept})
    assert (response.status_code, error_of(response)["details"]["resource"]) == (404, "Deployment")


@pytest.mark.parametrize("query", ["tail=0", "since=soon", "follow=maybe", "container=A"])
def test_a_bad_value_is_refused(api, query):
    response = api.get(f"{ADDRESS}&{query}")
    assert (response.status_code, error_of(response)["code"]) == (400, "validation_error")


def test_what_the_cluster_refuses_keeps_its_status(api, saying):
    saying(*[Forbidden("You may not.", service="kubernetes", status=403)] * 4)
    response = api.get(ADDRESS)
    assert (response.status_code, error_of(response)["details"]["resource"]) == (403, "pods/log")


def test_strangers_and_other_methods_are_refused(api):
    assert api.get(ADDRESS, REMOTE_ADDR="192.0.2.1").status_code == 401
    assert api.post(ADDRESS).status_code == 405


@pytest.mark.parametrize("query", ["&follow=true", "&download=true"])
def test_only_the_head_of_a_stream_is_no_stream(api, query):
    response = api.head(ADDRESS + query)
    assert (response.status_code, response.content) == (200, b"")


async def test_a_download_is_everything_in_order(saying):
    names = saying(Script(said((1, "a"), (3, "c"))), Script(said((2, "b"))))
    response = await AsyncClient().get(f"{ADDRESS}&download=true")
    assert response.headers["Content-Disposition"] == 'attachment; filename="frontend.log"'
    text = b"".join([part async for part in response.streaming_content]).decode()
    assert [line.partition("] ")[2] for line in text.splitlines()] == ["a", "b", "c"]
    assert text.startswith(f"[{names[0]}/frontend] ")


async def test_a_download_that_breaks_off_says_so(saying):
    saying(Script(said((1, "a")), error=Unreachable("Gone.", service="kubernetes")))
    response = await AsyncClient().get(f"{ADDRESS}&download=true")
    text = b"".join([part async for part in response.streaming_content]).decode()
    assert "broke off here: Gone." in text


async def test_followed_lines_are_frames_in_order_with_their_pod(followed, saying):
    names = saying(*(Script(said((second, word)), endless=True) for second, word in ((2, "b"), (1, "a"))))
    async with followed() as parts:
        found = [await parts.next("log") for _ in range(2)]
        assert [(each.data["message"], each.data["pod"]) for each in found] == [
            ("a", names[1]),
            ("b", names[0]),
        ]
        assert found[1].fields["id"] == STAMP.format(2)


async def test_who_begins_and_who_ends_is_told(followed, saying):
    names = saying(Script(said((1, "last words"))), *[Script(endless=True)] * 3)
    async with followed() as parts:
        found = []
        while {"source": f"{names[0]}/frontend", "type": "ended"} not in found:
            found.append((await parts.next("source")).data)
        assert {each["source"] for each in found if each["type"] == "joined"} >= {f"{names[0]}/frontend"}


async def test_silence_is_filled(followed, saying, settings):
    settings.SSE_HEARTBEAT_SECONDS = 0.1
    saying(*[Script(endless=True)] * 4)
    async with followed() as parts:
        assert (await parts.next("heartbeat")).data["timestamp"]


async def test_who_leaves_frees_every_log(followed, saying):
    scripts = [Script(said((1, "a")), endless=True) for _ in range(4)]
    saying(*scripts)
    async with followed() as parts:
        await parts.next("log")
    assert all(script.closed.wait(10) for script in scripts)


async def test_a_stream_that_does_not_follow_ends(saying):
    saying(Script(said((1, "a"))))
    response = await AsyncClient().get(f"{ADDRESS}&follow=false", headers={"Accept": "text/event-stream"})
    parts = Reader(response)
    await anext(parts._parts)
    assert (await parts.next("log")).data["message"] == "a"
    assert (await parts.next()).event == "end"

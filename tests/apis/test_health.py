"""apis.health: probes and figures"""

from datetime import timedelta

import pytest
from django.db import OperationalError, connections
from django.utils.timezone import now

from orchestrator.backends.cluster.port import CacheState, Condition, Kind
from orchestrator.services import access, controllers, leases
from tests.apis.reading import check_headers, error_of


@pytest.fixture
def run(api):
    """Let a controller have run just now."""
    held = leases.acquire("activity", owner="a", at=now())
    controllers.began(held, at=now())
    controllers.ended(
        held, at=now(), duration=timedelta(milliseconds=1500), next_due=now() + timedelta(minutes=1)
    )


@pytest.fixture
def no_database(api, monkeypatch):
    def broken(*_args, **_more):
        raise OperationalError("could not connect to server at 10.0.0.1")

    with monkeypatch.context() as patched:  # undone before the database is cleaned up
        patched.setattr(connections["default"], "cursor", broken)
        yield


def figures(response) -> dict[str, float]:
    lines = [line for line in response.content.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
@pytest.mark.parametrize("address", ["127.0.0.1", "192.0.2.1"])
def test_probes_are_open_to_everybody(api, run, path, address):
    response = api.get(path, REMOTE_ADDR=address)
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    check_headers(response)


@pytest.mark.usefixtures("no_database")
def test_a_process_lives_without_its_database(api):
    assert api.get("/livez").status_code == 200


@pytest.mark.usefixtures("no_database")
def test_a_process_is_not_ready_without_its_database(api):
    response = api.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"status": "failed", "checks": {"database": "The database does not answer."}}


def test_a_process_is_not_ready_without_controllers(api):
    response = api.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"] == {"controllers": "No process has run the controllers yet."}


def test_a_controller_that_nobody_runs_any_more_is_named(api):
    past = now() - timedelta(minutes=5)
    held = leases.acquire("activity", owner="a", at=past)
    controllers.began(held, at=past)
    controllers.ended(held, at=past, duration=timedelta(), next_due=past)
    response = api.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["controllers"].startswith("activity: ")


def in_condition(demo, monkeypatch, condition: Condition, kind: Kind = Kind.PODS) -> None:
    cache = demo.cache(kind)
    state = CacheState(condition=condition, since=now())
    monkeypatch.setattr(cache, "state", lambda: state)


def test_a_process_that_reads_its_first_lists_is_not_ready(api, demo, run, monkeypatch):
    in_condition(demo, monkeypatch, Condition.SYNCING)
    in_condition(demo, monkeypatch, Condition.SYNCING, Kind.EVENTS)
    response = api.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"] == {"caches": "The first list is still being read: events, pods."}


@pytest.mark.parametrize(
    "condition",
    [
        Condition.LIVE,
        Condition.RECONNECTING,
        Condition.UNREACHABLE,
        Condition.FORBIDDEN,
        Condition.UNAUTHORIZED,
    ],
)
def test_a_cluster_that_fails_is_no_failure_of_ours(api, demo, run, monkeypatch, condition):
    in_condition(demo, monkeypatch, condition)
    assert api.get("/readyz").status_code == 200


# --- Figures


def test_figures_are_for_programs_on_this_machine(api):
    response = api.get("/metrics")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=")


@pytest.mark.parametrize(
    ("scopes", "status", "code"),
    [
        (["metrics:read"], 200, None),
        (["admin"], 200, None),
        (["clusters:read"], 403, "insufficient_scope"),
        (None, 401, "authentication_required"),
    ],
)
def test_figures_need_their_scope_from_elsewhere(api, scopes, status, code):
    issued = scopes and access.issue_key("k", scopes=scopes, owner=None, at=now()).key
    sent = {"HTTP_X_API_KEY": issued} if issued else {}
    response = api.get("/metrics", REMOTE_ADDR="192.0.2.1", **sent)
    assert response.status_code == status
    assert code is None or error_of(response)["code"] == code


def test_figures_tell_of_caches_streams_and_controllers(api, demo, run):
    api.get("/api/pods")
    found = figures(api.get("/metrics"))
    place = '{context="demo-cluster",kind="pods"}'
    assert found[f"orchestrator_cache_rows{place}"] == 42
    assert found[f"orchestrator_cache_live{place}"] == 1
    assert found[f"orchestrator_cache_age_seconds{place}"] < 5
    assert found[f"orchestrator_watch_restarts_total{place}"] == 0
    assert found["orchestrator_live_followers"] == 0
    assert found['orchestrator_controller_runs_total{controller="activity"}'] == 1
    assert found['orchestrator_controller_failures_total{controller="activity"}'] == 0
    assert found['orchestrator_controller_duration_seconds{controller="activity"}'] == 1.5
    assert found['orchestrator_controller_held{controller="activity"}'] == 1


def test_figures_tell_of_requests_by_view(api):
    api.get("/api/pods")
    found = figures(api.get("/metrics"))
    assert any(
        name.startswith("django_http_requests_total_by_view") and "apis:pods" in name for name in found
    )


@pytest.mark.usefixtures("no_database")
def test_without_a_database_the_other_figures_are_still_told(api, demo):
    demo.cache(Kind.PODS)
    found = figures(api.get("/metrics"))
    assert any(name.startswith("orchestrator_cache_rows") for name in found)
    assert not any(name.startswith("orchestrator_controller") for name in found)


def test_figures_are_told_once_however_often_they_are_asked_for(api, run):
    api.get("/metrics")
    lines = api.get("/metrics").content.decode().splitlines()
    assert len([line for line in lines if line.startswith("# TYPE orchestrator_live_followers")]) == 1

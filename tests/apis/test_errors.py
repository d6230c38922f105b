"""apis.errors: each error of contracts/clusters 3.4 that lists and the stream can end with"""

import pytest

from orchestrator.backends import errors
from orchestrator.backends.cluster.port import CacheState, Condition, Kind
from orchestrator.errors import DomainError, InvalidInput, Missing, NotNow, Problem, Refused
from orchestrator.services.clusters import contexts, lists
from tests.apis.reading import error_of

KUBERNETES = {"service": "kubernetes"}


@pytest.fixture
def failing(demo, monkeypatch):
    """Return a function that lets the cache of pods be in a state without rows."""

    def fail(condition: Condition, error: errors.BackendError | None = None) -> None:
        cache = demo.cache(Kind.PODS)
        now = cache.state().since
        problem = error.message if error else ""
        state = CacheState(condition=condition, since=now, problem=problem, error=error)
        monkeypatch.setattr(cache, "state", lambda: state)

    return fail


@pytest.fixture
def raising(monkeypatch):
    """Return a function that lets every list fail."""

    def fail(error: Exception) -> None:
        def required(*_args, **_more):
            raise error

        monkeypatch.setattr(lists, "required", required)

    return fail


@pytest.mark.parametrize(
    ("condition", "error", "status", "code", "details"),
    [
        (
            Condition.UNREACHABLE,
            errors.Unreachable("The API server cannot be reached.", reason="ECONNREFUSED", **KUBERNETES),
            503,
            "connection_error",
            {"message": "ECONNREFUSED"},
        ),
        (
            Condition.UNREACHABLE,
            errors.TimedOut("No answer in time.", reason="ETIMEDOUT", **KUBERNETES),
            503,
            "connection_error",
            {"message": "ETIMEDOUT"},
        ),
        (Condition.SYNCING, None, 503, "connection_error", {"message": "ETIMEDOUT"}),
        (
            Condition.UNAUTHORIZED,
            errors.Unauthorized("The credentials are refused.", status=401, **KUBERNETES),
            401,
            "cluster_unauthorized",
            None,
        ),
        (
            Condition.FORBIDDEN,
            errors.Forbidden("You may not list pods.", status=403, **KUBERNETES),
            403,
            "forbidden",
            {"reason": "Forbidden", "verb": "list", "resource": "pods", "namespace": "shop"},
        ),
        (
            Condition.UNREACHABLE,
            errors.Overloaded("Too busy.", status=429, reason="TooManyRequests", **KUBERNETES),
            503,
            "connection_error",
            {"message": "TooManyRequests"},
        ),
        (
            Condition.UNREACHABLE,
            errors.Invalid("It is not valid.", status=422, reason="Invalid", **KUBERNETES),
            422,
            "k8s_api_error",
            {"reason": "Invalid"},
        ),
        (
            Condition.UNREACHABLE,
            errors.Gone("Too old.", status=410, reason="Expired", **KUBERNETES),
            410,
            "k8s_api_error",
            {"reason": "Expired"},
        ),
        (Condition.UNREACHABLE, None, 502, "k8s_api_error", None),
    ],
)
def test_what_keeps_the_rows_away_is_told(api, failing, condition, error, status, code, details):
    failing(condition, error)
    response = api.get("/api/pods?namespace=shop")
    body = error_of(response)
    assert (response.status_code, body["code"], body.get("details")) == (status, code, details)
    assert error is None or body["error"] == error.message


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (
            InvalidInput("Validation failed", problems=[Problem("a", "b"), Problem("a", "c")]),
            400,
            "validation_error",
        ),
        (DomainError("It is refused."), 400, "bad_request"),
        (Missing("There is none."), 404, "not_found"),
        (Refused("You may not."), 403, "forbidden"),
        (NotNow("Not now."), 409, "conflict"),
        (errors.NotFound("There is none.", status=404, **KUBERNETES), 404, "not_found"),
        (errors.Conflict("It changed.", status=409, **KUBERNETES), 409, "conflict"),
        (errors.BackendError("It failed.", status=500, **KUBERNETES), 502, "k8s_api_error"),
        (errors.BackendError("It failed.", status=418, **KUBERNETES), 418, "k8s_api_error"),
    ],
)
def test_every_error_has_its_status_and_word(api, raising, error, status, code):
    raising(error)
    response = api.get("/api/pods")
    assert (response.status_code, error_of(response)["code"]) == (status, code)


def test_every_broken_rule_is_listed_and_mapped(api, raising):
    raising(
        InvalidInput("Validation failed", problems=[Problem("a", "x"), Problem("b", "y"), Problem("a", "z")])
    )
    body = error_of(api.get("/api/pods"))
    assert body["fields"] == {"a": ["x", "z"], "b": ["y"]}
    assert {"path": "a", "message": "z"} in body["details"]
    assert len(body["details"]) == 3


def test_a_wait_that_the_cluster_asks_for_is_passed_on(api, raising):
    raising(errors.Overloaded("Too busy.", status=429, retry_after=17.2, **KUBERNETES))
    assert api.get("/api/pods").headers["Retry-After"] == "18"


# --- Failures that nobody foresaw


@pytest.mark.parametrize("path", ["/api/pods", "/api/events?limit=1", "/api/stream", "/readyz", "/metrics"])
def test_a_failure_is_a_500_that_says_nothing(api, demo, monkeypatch, path):
    def broken(*_args, **_more):
        raise RuntimeError("password=hunter2 at /srv/secret.py on 10.0.0.1")

    monkeypatch.setattr(demo, "cache", broken)
    monkeypatch.setattr(demo, "running", broken)
    monkeypatch.setattr(contexts, "scope", broken if path == "/api/stream" else contexts.scope)
    response = api.get(path, HTTP_X_REQUEST_ID="req-1")
    body = error_of(response)
    assert (response.status_code, body["code"], body["error"]) == (
        500,
        "internal_error",
        "Internal server error",
    )
    assert response.headers["X-Request-ID"] == "req-1"
    assert "hunter2" not in response.content.decode()


def test_a_failure_is_json_for_a_browser_too(api, raising):
    raising(RuntimeError("no"))
    response = api.get("/api/pods", HTTP_ACCEPT="text/html")
    assert (response.status_code, error_of(response)["code"]) == (500, "internal_error")


# --- Clusters that cannot be opened


@pytest.fixture(params=["absent", "empty", "nonsense", "no server"])
def unreadable(request, settings, tmp_path) -> str:
    file = tmp_path / "config"
    contents = {
        "empty": "",
        "nonsense": "{[",
        "no server": "apiVersion: v1\nkind: Config\ncurrent-context: a\n",
    }
    if request.param in contents:
        file.write_text(contents[request.param])
    settings.CLUSTER_BACKEND, settings.KUBECONFIG = "kubernetes", str(file)
    return str(tmp_path)


@pytest.mark.parametrize("path", ["/api/pods", "/api/nodes", "/api/namespaces", "/api/events"])
def test_a_kubeconfig_that_cannot_be_read_is_one_sentence(api, unreadable, path):
    response = api.get(path)
    body = error_of(response)
    assert (response.status_code, body["code"]) == (503, "connection_error")
    assert body["details"] == {"message": "NotConfigured"}
    assert body["error"].endswith(".")
    assert "\n" not in body["error"]
    assert unreadable not in body["error"]


def test_the_demo_answers_where_no_cluster_can_be_opened(api, unreadable):
    response = api.get("/api/pods?mode=demo")
    assert (response.status_code, response.headers["X-Backend"]) == (200, "demo")
    assert len(response.json()) == 42


@pytest.fixture
def dead_cluster(settings, tmp_path):
    """Name a cluster of which nobody listens."""
    file = tmp_path / "config"
    file.write_text(
        """
apiVersion: v1
kind: Config
current-context: dead
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {token: hunter2}}]
contexts: [{name: dead, context: {cluster: c, user: u}}]
"""
    )
    settings.CLUSTER_BACKEND, settings.KUBECONFIG = "auto", str(file)


@pytest.mark.usefixtures("dead_cluster")
class TestDead:
    def test_a_cluster_that_does_not_answer_is_503_with_a_word(self, api):
        response = api.get("/api/pods")
        body = error_of(response)
        assert (response.status_code, body["code"]) == (503, "connection_error")
        assert body["details"] == {"message": "ECONNREFUSED"}
        assert "hunter2" not in response.content.decode()

    def test_a_real_context_is_not_read_as_the_demo(self, api):
        response = api.get("/api/pods?context=dead&mode=demo")
        assert (response.status_code, error_of(response)["code"]) == (400, "bad_request")

    def test_the_demo_is_there_when_it_is_asked_for(self, api):
        for query in ("mode=demo", "context=demo-cluster", "context=demo-cluster&mode=real"):
            assert api.get(f"/api/pods?{query}").headers["X-Backend"] == "demo"


def test_an_unknown_context_is_told_by_its_name(api):
    response = api.get("/api/pods?context=user@prod:eu/1")
    body = error_of(response)
    assert (response.status_code, body["code"]) == (404, "context_not_found")
    assert body["details"] == {"context": "user@prod:eu/1"}


def test_real_clusters_are_asked_for_in_vain_where_there_are_none(api):
    response = api.get("/api/pods?mode=real")
    assert (response.status_code, error_of(response)["code"]) == (503, "connection_error")

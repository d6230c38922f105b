"""apis.connection"""

import pytest

from orchestrator.backends.errors import BackendError, Forbidden, TimedOut, Unauthorized, Unreachable
from tests.apis.reading import error_of

PATHS = ["/api/cluster/health", "/api/test-connection", "/api/contexts"]
HEALTH, TEST, CONTEXTS = PATHS


def error(kind, status: int = 0) -> BackendError:
    return kind("So it is.", service="kubernetes", status=status)


@pytest.fixture
def answer(demo, monkeypatch):
    """Return a function that lets the cluster fail."""

    def answer(raised: BackendError) -> None:
        def version() -> str:
            raise raised

        monkeypatch.setattr(demo, "version", version)

    return answer


def test_a_cluster_that_answers_is_connected(api):
    assert api.get(HEALTH).json() == {
        "status": "connected",
        "message": "Successfully connected to Kubernetes cluster",
    }
    assert api.get(TEST).json() == {"success": True, "message": "Successfully connected to cluster"}
    assert api.get(TEST).headers["X-Context"] == "demo-cluster"


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (error(Unauthorized, 401), 401),
        (error(Forbidden, 403), 403),
        (error(Unreachable), 503),
        (error(TimedOut), 503),
        (error(BackendError, 500), 500),
        (error(BackendError, 418), 500),
    ],
)
def test_health_is_200_also_when_nobody_answers(api, answer, raised, code):
    answer(raised)
    response = api.get(HEALTH)
    assert (response.status_code, response.json()) == (
        200,
        {"status": "disconnected", "message": "So it is.", "code": code},
    )


def test_health_of_an_unknown_context_is_200(api):
    response = api.get(HEALTH, {"context": "nope"})
    assert (response.status_code, response.json()["code"]) == (200, 404)


@pytest.mark.parametrize("raised", [error(Unauthorized, 401), error(Forbidden, 403)])
def test_a_test_of_a_cluster_that_lets_nobody_in_is_a_sentence(api, answer, raised):
    answer(raised)
    response = api.get(TEST)
    assert (response.status_code, response.json()) == (200, {"success": False, "error": "So it is."})


def test_a_test_of_a_cluster_whose_pods_may_not_be_listed_is_a_sentence(api, demo, monkeypatch):
    monkeypatch.setattr(demo, "may", lambda verb, *, resource, namespace: False)
    response = api.get(TEST)
    assert (response.status_code, response.json()["success"]) == (200, False)
    assert "may not list pods" in response.json()["error"]


@pytest.mark.parametrize("raised", [error(Unreachable), error(TimedOut), error(BackendError, 500)])
def test_a_test_of_a_cluster_that_does_not_answer_is_503(api, answer, raised):
    answer(raised)
    response = api.get(TEST)
    assert response.status_code == 503
    assert error_of(response)["success"] is False


def test_a_test_of_an_unknown_context_is_404(api):
    assert error_of(api.get(TEST, {"context": "nope"}))["code"] == "context_not_found"


@pytest.mark.parametrize("query", [{}, {"mode": "demo"}])
def test_the_demo_has_one_context(api, query):
    response = api.get(CONTEXTS, query)
    assert response.json() == {
        "contexts": [
            {
                "name": "demo-cluster",
                "cluster": "demo-cluster",
                "user": "demo-user",
                "namespace": "default",
                "current": True,
            }
        ]
    }
    assert response.headers["X-Backend"] == "demo"


def test_real_contexts_that_nobody_configured_are_an_error(api):
    response = api.get(CONTEXTS, {"mode": "real"})
    assert (response.status_code, error_of(response)["details"]) == (503, {"message": "NotConfigured"})


@pytest.mark.parametrize("path", PATHS)
def test_a_bad_mode_is_told(api, path):
    response = api.get(path, {"mode": "live"})
    assert (response.status_code, error_of(response)["code"]) == (400, "validation_error")


@pytest.mark.parametrize("path", PATHS)
def test_strangers_are_asked_who_they_are(api, path):
    response = api.get(path, REMOTE_ADDR="192.0.2.1")
    assert (response.status_code, error_of(response)["code"]) == (401, "authentication_required")


@pytest.mark.parametrize("path", [path for path in PATHS if path != CONTEXTS])
def test_only_reads_are_possible(api, path):
    assert api.post(path).status_code == 405
    assert api.head(path).status_code == 200


class TestReal:
    @pytest.fixture(autouse=True)
    def kubeconfig(self, tmp_path, settings):
        file = tmp_path / "config"
        file.write_text(
            """
apiVersion: v1
kind: Config
current-context: first
clusters: [{name: prod, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: ops, user: {token: secret-token}}]
contexts:
- {name: second, context: {cluster: prod, user: ops, namespace: shop}}
- {name: first, context: {cluster: prod, user: ops}}
"""
        )
        settings.CLUSTER_BACKEND, settings.KUBECONFIG = "auto", str(file)

    def test_the_contexts_of_the_kubeconfig_are_listed(self, api):
        found = api.get(CONTEXTS).json()["contexts"]
        assert [(each["name"], each["namespace"], each["current"]) for each in found] == [
            ("first", "default", True),
            ("second", "shop", False),
        ]
        assert "secret-token" not in str(found)

    def test_a_server_that_is_not_there_is_disconnected(self, api):
        assert api.get(HEALTH).json() == {
            "status": "disconnected",
            "message": "The API server cannot be reached (ECONNREFUSED).",
            "code": 503,
        }
        assert api.get(TEST).status_code == 503

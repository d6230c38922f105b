"""apis.stack_area: who may come in, and how everything that goes wrong is told"""

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils.timezone import now
from pydantic import SecretStr

from orchestrator.backends import errors as backend
from orchestrator.services import access, stacks
from orchestrator.services.stacks import errors
from tests.apis.reading import error_of
from tests.apis.stack_calls import NEW, post

pytestmark = pytest.mark.django_db
OPEN = ("POST", "/stacks/x/ports/80/open")  # changes nothing
CALLS = [
    ("GET", "/healthz"),
    ("GET", "/stats"),
    ("GET", "/stacks"),
    ("POST", "/stacks"),
    ("GET", "/stacks/x"),
    ("DELETE", "/stacks/x"),
    ("GET", "/stacks/x/status"),
    ("GET", "/stacks/x/manifest"),
    ("GET", "/stacks/x/events"),
    ("GET", "/stacks/x/logs"),
    ("GET", "/stacks/x/wait"),
    ("POST", "/stacks/x/stop"),
    ("POST", "/stacks/x/extend"),
    OPEN,
    ("POST", "/stacks/batch-delete"),
    ("GET", "/stacks/batch-delete/x"),
]
WRITES = [call for call in CALLS if call[0] != "GET" and call != OPEN]
READS = [call for call in CALLS if call[0] == "GET"]


@pytest.fixture(autouse=True)
def no_counts():
    cache.clear()


@pytest.fixture
def keyed(settings):
    settings.API_KEY = SecretStr("right")


def client_of(*scopes: str) -> Client:
    """Return a client whose key has these scopes."""
    issued = access.issue_key("k", scopes=scopes, owner=None, at=now())
    return Client(headers={"X-API-Key": issued.key}, raise_request_exception=False)


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}, {"Authorization": "Bearer wrong"}])
def test_without_a_good_key_nobody_comes_in(api, keyed, method, path, headers):
    response = api.generic(method, path, "no json", headers=headers)
    found = error_of(response)
    assert (response.status_code, found["code"], found["error"]) == (
        401,
        "invalid_api_key",
        "invalid api key",
    )
    assert "WWW-Authenticate" not in response.headers
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/healthz", {"X-API-Key": "right"}, 200),
        ("/healthz", {"X-API-Key": " right "}, 200),
        ("/healthz", {"Authorization": "Bearer right"}, 200),
        ("/healthz?api_key=right", {}, 200),
        ("/healthz?api_key=right", {"X-API-Key": " "}, 200),
        ("/healthz?api_key=right", {"X-API-Key": "wrong"}, 401),
        ("/healthz?api_key=wrong", {"X-API-Key": "right"}, 200),
        ("/healthz?api_key=wrong", {}, 401),
        ("/healthz", {"Authorization": "Basic right"}, 401),
    ],
)
def test_the_first_key_that_is_not_blank_decides(api, keyed, path, headers, status):
    assert api.get(path, headers=headers).status_code == status


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_without_keys_everybody_comes_in(api, settings, method, path):
    settings.API_KEY_ENABLED = False
    response = api.generic(method, path, '{"seconds":1}')
    assert response.status_code in (200, 400, 404)


def test_a_wrong_key_is_wrong_without_keys_too(api, settings):
    settings.API_KEY_ENABLED = False
    assert api.get("/healthz", headers={"X-API-Key": "wrong"}).status_code == 401


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_who_may_only_read_changes_nothing(fresh_catalogue, method, path):
    response = client_of("stacks:read").generic(method, path, "{}")
    assert (response.status_code, error_of(response)["code"]) == (403, "insufficient_scope")


@pytest.mark.parametrize(("method", "path"), READS)
def test_who_may_only_write_reads_nothing(fresh_catalogue, method, path):
    response = client_of("stacks:write", "clusters:read").generic(method, path)
    assert (response.status_code, error_of(response)["code"]) == (403, "insufficient_scope")


def test_a_signed_in_browser_needs_its_token_to_change_something(strict, operator):
    strict.force_login(operator)
    assert strict.get("/stacks").status_code == 200
    response = post(strict)
    assert (response.status_code, error_of(response)["code"]) == (403, "csrf_failed")


@pytest.mark.parametrize(("method", "path"), [call for call in CALLS if call[1] != "/healthz"])
def test_a_body_that_is_too_large_is_refused_after_its_sender(api, keyed, method, path):
    large = " " * 1_048_577
    assert api.generic(method, path, large).status_code == 401
    response = api.generic(method, path, large, headers={"X-API-Key": "right"})
    found = error_of(response)
    assert (response.status_code, found["code"]) == (413, "payload_too_large")
    assert found["error"] == "request body too large"


def test_a_body_of_the_limit_is_read(stacks_api):
    assert error_of(post(stacks_api, body=" " * 1_048_576))["code"] == "invalid_json"


@pytest.mark.parametrize(("method", "group"), [("GET", "STACKS_READ"), ("POST", "STACKS_WRITE")])
def test_reads_and_writes_are_limited_apart(stacks_api, settings, method, group):
    settings.RATE_LIMIT_ENABLED, settings.RATE_LIMITS = True, {**settings.RATE_LIMITS, group: (1, 3600)}
    assert stacks_api.generic(method, "/stacks", "").status_code in (200, 400)
    response = stacks_api.generic(method, "/stacks", "")
    assert (response.status_code, error_of(response)["code"]) == (429, "rate_limit_exceeded")
    other = "POST" if method == "GET" else "GET"
    assert stacks_api.generic(other, "/stacks", "").status_code in (200, 400)


def test_a_wait_is_limited_as_a_read(stacks_api, settings):
    settings.RATE_LIMIT_ENABLED, settings.RATE_LIMITS = (
        True,
        {**settings.RATE_LIMITS, "STACKS_READ": (1, 3600)},
    )
    assert stacks_api.get("/stacks/x/wait").status_code == 404
    assert stacks_api.get("/stacks/x/wait").status_code == 429


@pytest.mark.parametrize(
    ("error", "status", "code", "sentence", "more"),
    [
        (errors.NoNodePort(), 503, "no_available_nodeport", "no available nodeport", {}),
        (errors.ClusterSaturated(), 503, "cluster_saturated", "cluster saturated", {}),
        (
            errors.ResourceQuotaExceeded(["requests.cpu"]),
            503,
            "resource_quota_exceeded",
            "cluster saturated: resource quota exceeded",
            {"details": {"resources": ["requests.cpu"]}},
        ),
        (errors.ClusterUnavailable(), 503, "cluster_unavailable", "cluster unavailable", {}),
        (errors.NetworkPolicyMissing(), 503, "network_policy_missing", "missing ingress networkpolicy", {}),
        (errors.Broken(), 500, "internal_error", "internal server error", {}),
        (RuntimeError("secret"), 500, "internal_error", "internal server error", {}),
        (
            errors.LimitRangeViolation("maximum cpu usage per Container is 500m, but limit is 1"),
            400,
            "limit_range_violation",
            "invalid pod spec: maximum cpu usage per Container is 500m, but limit is 1",
            {},
        ),
        (errors.StackQuotaExceeded("This key has 2."), 409, "stack_quota_exceeded", "This key has 2.", {}),
        (backend.Unreachable("10.0.0.1", service="k"), 503, "cluster_unavailable", "cluster unavailable", {}),
        (backend.Forbidden("secret", service="k"), 500, "internal_error", "internal server error", {}),
    ],
)
def test_what_goes_wrong_is_told_in_the_words_of_the_area(
    stacks_api, monkeypatch, error, status, code, sentence, more
):
    def create(*_args, **_more):
        raise error

    monkeypatch.setattr(stacks, "create", create)
    response = post(stacks_api, body=NEW)
    found = error_of(response)
    assert (response.status_code, found["code"], found["error"]) == (status, code, sentence)
    assert more.items() <= found.items()
    assert ("Retry-After" in response.headers) is (code == "cluster_unavailable")


def test_nothing_under_a_path_of_stacks_is_told_as_everywhere(stacks_api):
    response = stacks_api.get("/stacks/x/y/z")
    assert (response.status_code, error_of(response)["code"]) == (404, "not_found")

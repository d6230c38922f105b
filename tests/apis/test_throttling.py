"""apis.throttling"""

import os
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex

import pytest
import time_machine
from django.core.cache import cache
from django.utils.timezone import now

from apis import throttling
from orchestrator import env
from orchestrator.services import access
from tests.apis.reading import error_of

MOMENT = 1_800_000_015  # 15 s into a minute
STANDING = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


@pytest.fixture(autouse=True)
def limits(settings):
    """Switch the limits on, and stand still within one window."""
    settings.RATE_LIMIT_ENABLED = True
    cache.clear()
    with time_machine.travel(MOMENT, tick=False) as clock:
        yield clock


def standing(response) -> list[int]:
    return [int(response.headers[name]) for name in STANDING]


def keys(number: int) -> list[str]:
    issued = [
        access.issue_key(f"key {n}", scopes=["clusters:read"], owner=None, at=now()) for n in range(number)
    ]
    return [each.key for each in issued]


def test_the_121st_list_of_a_minute_is_one_too_many(api):
    for number in range(120):
        response = api.get("/api/nodes")
        assert response.status_code == 200
        assert standing(response) == [120, 119 - number, MOMENT + 45]
    response = api.get("/api/nodes")
    body = error_of(response)
    assert (response.status_code, body["code"], body["retryAfter"]) == (429, "rate_limit_exceeded", 45)
    assert response.headers["Retry-After"] == "45"
    assert standing(response) == [120, 0, MOMENT + 45]


def test_all_lists_are_one_group(api):
    for path in ("/api/pods", "/api/nodes", "/api/namespaces", "/api/events"):
        left = standing(api.get(path))[1]
    assert left == 116


def test_a_new_window_begins_anew(api, limits, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "K8S_LIST": (1, 60.0)}
    assert [api.get("/api/nodes").status_code for _ in range(2)] == [200, 429]
    limits.shift(44)
    assert api.get("/api/nodes").headers["Retry-After"] == "1"
    limits.shift(1)
    assert api.get("/api/nodes").status_code == 200


def test_another_caller_is_unaffected(api, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "K8S_LIST": (1, 60.0)}
    first, second = keys(2)
    assert [api.get("/api/nodes", HTTP_X_API_KEY=first).status_code for _ in range(2)] == [200, 429]
    assert api.get("/api/nodes", HTTP_X_API_KEY=second).status_code == 200
    assert api.get("/api/nodes").status_code == 200


def test_callers_without_a_key_are_told_apart_by_their_address(api, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "K8S_LIST": (1, 60.0)}
    for address in ("127.0.0.1", "127.0.0.2", "::1"):
        found = [api.get("/api/nodes", REMOTE_ADDR=address).status_code for _ in range(2)]
        assert found == [200, 429]


def test_an_address_in_a_header_buys_nothing(api, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "K8S_LIST": (1, 60.0)}
    (key,) = keys(1)
    asked = [
        api.get("/api/nodes", HTTP_X_API_KEY=key, HTTP_X_FORWARDED_FOR=f"192.0.2.{number}").status_code
        for number in range(3)
    ]
    assert asked == [200, 429, 429]


def test_an_answer_that_did_not_change_counts_too(api, settings):
    etag = api.get("/api/nodes").headers["ETag"]
    response = api.get("/api/nodes", HTTP_IF_NONE_MATCH=etag)
    assert (response.status_code, standing(response)[1]) == (304, 118)


def test_a_refused_value_counts_too(api):
    assert standing(api.get("/api/nodes?limit=0"))[1] == 119


def test_streams_have_a_group_of_their_own(api):
    found = [api.get("/api/stream", HTTP_X_REQUEST_ID="r") for _ in range(6)]
    assert [response.status_code for response in found] == [200] * 5 + [429]
    assert standing(found[0]) == [5, 4, MOMENT + 45]
    assert standing(found[5]) == [5, 0, MOMENT + 45]
    assert error_of(found[5])["retryAfter"] == 45
    assert found[5].headers["Retry-After"] == "45"
    for response in found[:5]:
        response.close()


def test_the_document_counts_in_the_general_group(api):
    assert standing(api.get("/openapi.json")) == [100, 99, MOMENT + 45]


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/nope"])
def test_probes_are_never_limited(api, path):
    assert not set(STANDING) & set(api.get(path).headers)


def test_nothing_is_limited_unless_it_is_asked_for(api, settings):
    settings.RATE_LIMIT_ENABLED = False
    assert not set(STANDING) & set(api.get("/api/nodes").headers)


def test_groups_are_set_by_the_environment(monkeypatch):
    monkeypatch.setenv("RL_K8S_LIST_MAX", "7")
    monkeypatch.setenv("RL_K8S_LIST_WINDOW_MS", "1500")
    assert env.load().limits()["K8S_LIST"] == (7, 1.5)


def test_a_window_may_be_shorter_than_a_second(api, limits, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "K8S_LIST": (1, 0.5)}
    response = [api.get("/api/nodes") for _ in range(2)][1]
    assert (response.status_code, response.headers["Retry-After"]) == (429, "1")
    limits.shift(0.5)
    assert api.get("/api/nodes").status_code == 200


@pytest.mark.parametrize("name", ["a b", "ä" * 300, "a\nb", "", "x:y:z"])
def test_any_name_can_be_counted(name):
    lefts = [throttling.count("GENERAL", name=name).left for _ in range(3)]
    assert lefts == [99, 98, 97]


def test_ten_thousand_callers_are_all_remembered():
    for number in range(10_000):
        throttling.count("GENERAL", name=f"caller {number}")
    assert throttling.count("GENERAL", name="caller 0").left == 98


def counted_by_threads(name: str) -> list[int]:
    """Return what is left after each of 400 calls by eight threads at once, in order."""
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: throttling.count("GENERAL", name=name).left, range(400)))
    return sorted(found, reverse=True)


def test_threads_that_count_at_once_lose_nothing():
    assert counted_by_threads("many") == list(range(99, -301, -1))


# --- Counted once for all processes


@pytest.fixture
def redis(settings, limits):
    """Count in the Redis of TEST_REDIS_URL."""
    backend = "django.core.cache.backends.redis.RedisCache"
    place = {"BACKEND": backend, "LOCATION": os.environ["TEST_REDIS_URL"], "KEY_PREFIX": f"t-{token_hex(4)}"}
    settings.CACHES = {"default": place}
    yield place
    cache.close()


@pytest.mark.needs("TEST_REDIS_URL")
class TestRedis:
    @pytest.fixture(autouse=True)
    def _shared(self, redis):
        pass

    def test_threads_that_count_at_once_lose_nothing(self):
        assert counted_by_threads("many") == list(range(99, -301, -1))

    def test_processes_count_together(self, settings):
        throttling.count("GENERAL", name="me")
        settings.CACHES = {**settings.CACHES}  # a new connection, as another process has
        assert throttling.count("GENERAL", name="me").left == 98

    def test_a_count_goes_with_its_window(self, redis):
        throttling.count("GENERAL", name="me")
        client = cache._cache.get_client()
        (key,) = client.scan_iter(f"{redis['KEY_PREFIX']}:*")
        assert 0 < client.ttl(key) <= 61


def test_without_its_store_nothing_is_limited_and_everything_is_served(api, settings):
    backend = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "redis://127.0.0.1:1/0"}}
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "K8S_LIST": (1, 60.0)}
    assert [api.get("/api/nodes").status_code for _ in range(3)] == [200] * 3

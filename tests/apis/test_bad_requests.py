"""Requests that nobody should send: each gets a documented 4xx, never a 500, never a trace, never HTML."""

import pytest

from tests.apis.reading import check_headers, error_of

VALIDATION, BAD, LOST, METHOD = "validation_error", "bad_request", "not_found", "method_not_allowed"
HUGE = "9" * 5000

QUERIES = [
    ("/api/pods?limit=0", VALIDATION, "limit"),
    ("/api/pods?limit=-1", VALIDATION, "limit"),
    ("/api/pods?limit=1001", VALIDATION, "limit"),
    ("/api/pods?limit=abc", VALIDATION, "limit"),
    ("/api/pods?limit=", VALIDATION, "limit"),
    ("/api/pods?limit=1.5", VALIDATION, "limit"),
    ("/api/pods?limit=1_0", VALIDATION, "limit"),
    ("/api/pods?limit=0x10", VALIDATION, "limit"),
    ("/api/pods?limit=1e3", VALIDATION, "limit"),
    ("/api/pods?limit=%D9%A1", VALIDATION, "limit"),
    ("/api/pods?limit=true", VALIDATION, "limit"),
    ("/api/pods?limit=null", VALIDATION, "limit"),
    ("/api/pods?limit=[1]", VALIDATION, "limit"),
    ("/api/pods?limit=10&limit=x", VALIDATION, "limit"),
    (f"/api/pods?limit={10**30}", VALIDATION, "limit"),
    (f"/api/pods?limit={HUGE}", VALIDATION, "limit"),
    ("/api/pods?limit=%00", VALIDATION, "limit"),
    ("/api/pods?offset=-1", VALIDATION, "offset"),
    (f"/api/pods?offset=-{10**30}", VALIDATION, "offset"),
    ("/api/pods?offset=NaN", VALIDATION, "offset"),
    (f"/api/pods?offset={HUGE}", VALIDATION, "offset"),
    ("/api/pods?namespace=Bad_NS", VALIDATION, "namespace"),
    ("/api/pods?namespace=../../etc", VALIDATION, "namespace"),
    ("/api/pods?namespace=%2e%2e%2f", VALIDATION, "namespace"),
    ("/api/pods?namespace=default%00", VALIDATION, "namespace"),
    ("/api/pods?namespace=%F0%9F%92%A9", VALIDATION, "namespace"),
    ("/api/pods?namespace=default%0Ax", VALIDATION, "namespace"),
    (f"/api/pods?namespace={'a' * 64}", VALIDATION, "namespace"),
    ("/api/pods?namespace='%20OR%201=1--", VALIDATION, "namespace"),
    ("/api/nodes?mode=both", VALIDATION, "mode"),
    ("/api/nodes?mode=DEMO", VALIDATION, "mode"),
    ("/api/nodes?context=a%20b", VALIDATION, "context"),
    ("/api/nodes?context=../x", VALIDATION, "context"),
    ("/api/nodes?context=%00", VALIDATION, "context"),
    ("/api/nodes?context=%ED%A0%80", VALIDATION, "context"),
    (f"/api/nodes?context={'x' * 256}", VALIDATION, "context"),
    ("/api/nodes?context=nope", "context_not_found", None),
    ("/api/pods?sort=nope", VALIDATION, "sort"),
    ("/api/pods?sort=__class__", VALIDATION, "sort"),
    ("/api/pods?sort=name%00", VALIDATION, "sort"),
    ("/api/pods?sort=name;drop", VALIDATION, "sort"),
    (f"/api/pods?sort={'x,' * 3000}", VALIDATION, "sort"),
    ("/api/pods?labelSelector=%3D", VALIDATION, "labelSelector"),
    ("/api/pods?labelSelector=a%20in%20(", VALIDATION, "labelSelector"),
    ("/api/pods?labelSelector=a%20in%20b", VALIDATION, "labelSelector"),
    ("/api/pods?labelSelector=%00", VALIDATION, "labelSelector"),
    (f"/api/pods?labelSelector={'a' * 1001}", VALIDATION, "labelSelector"),
    ("/api/pods?fieldSelector=spec.x=1", VALIDATION, "fieldSelector"),
    ("/api/pods?fieldSelector=metadata.name", VALIDATION, "fieldSelector"),
    ("/api/nodes?fieldSelector=status.phase=x", VALIDATION, "fieldSelector"),
    (f"/api/pods?search={'a' * 254}", VALIDATION, "search"),
    ("/api/pods?search=%00", VALIDATION, "search"),
    ("/api/namespaces?status=Active", VALIDATION, "status"),
    ("/api/events?type=warning", VALIDATION, "type"),
    ("/api/events?type=Warning&limit=0", VALIDATION, "limit"),
    ("/api/stream?kinds=pod,secret", VALIDATION, "kinds"),
    ("/api/stream?kinds=%00", VALIDATION, "kinds"),
    ("/api/stream?namespace=Bad_NS", VALIDATION, "namespace"),
    ("/api/stream?mode=x", VALIDATION, "mode"),
    ("/api/stream?snapshot=perhaps", VALIDATION, "snapshot"),
    ("/api/stream?context=nope", "context_not_found", None),
    ("/api/pods?" + "&".join(f"a{number}=1" for number in range(1500)), BAD, None),
    ("/api/stream?" + "&".join(f"a{number}=1" for number in range(1500)), BAD, None),
]
PATHS = [
    "/api",
    "/api/",
    "/api/nope",
    "/api/pod",
    "/api/Pods",
    "/api/pods/x/y",
    "/api/pods%00",
    "/api/pods;x=1",
    "/api/pods.json",
    "/api/../x",
    "/api/%2e%2e/x",
    "/api/pods/../../etc/passwd",
    "/api/\\..\\x",
    "/apis/pods",
    "/api/pöds",
    "/api/%F0%9F%92%A9",
    "/api/%ff%fe",
    "/api/" + "a" * 8000,
    "/.env",
    "/static/../orchestrator/settings.py",
    "/static/%2e%2e/manage.py",
    "/metrics/x",
    "/wp-login.php",
    "/~root",
]
METHODS = ["POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "X" * 300]
READABLE = {
    "/api/pods": "GET, HEAD, OPTIONS",
    "/api/events": "GET, HEAD, OPTIONS",
    "/openapi.json": "GET, HEAD, OPTIONS",
    "/api/stream": "GET, HEAD",
    "/livez": "GET, HEAD",
    "/readyz": "GET, HEAD",
    "/metrics": "GET, HEAD",
    "/": "GET, HEAD",
}


def short(value: object) -> str:
    return str(value)[:60]


@pytest.mark.parametrize(("url", "code", "path"), QUERIES, ids=short)
def test_a_bad_query_is_refused_by_name(api, url, code, path):
    response = api.get(url)
    body = error_of(response)
    assert (response.status_code, body["code"]) == (404 if code == "context_not_found" else 400, code)
    if path:
        assert [each["path"] for each in body["details"]] == [path]
        assert body["fields"] == {path: [body["details"][0]["message"]]}
    assert len(response.content) < 2000


@pytest.mark.parametrize("path", PATHS, ids=short)
def test_an_unknown_path_is_not_found(api, path):
    response = api.get(path)
    assert (response.status_code, error_of(response, path=path)["code"]) == (404, LOST)


@pytest.mark.parametrize("method", METHODS, ids=short)
@pytest.mark.parametrize("path", READABLE)
def test_a_wrong_method_is_told_the_right_ones(strict, path, method):
    response = strict.generic(method, path, data="{", content_type="application/json")
    assert (response.status_code, error_of(response)["code"]) == (405, METHOD)
    assert response.headers["Allow"] == READABLE[path]


@pytest.mark.parametrize(
    "body", ["{", "[", '{"a":', "\x00", "null", "'", "a=b", '{"a":1e999999}', "[" * 100_000]
)
def test_a_bad_body_of_a_list_changes_nothing(api, body):
    response = api.generic("GET", "/api/pods?limit=1", data=body, content_type="application/json")
    assert response.status_code == 200
    assert len(response.json()) == 1


@pytest.mark.parametrize(
    "accept", ["application/xml", "image/png", ";;;", "", "text/plain;q=", "\x7f", "a" * 5000]
)
def test_what_cannot_be_served_is_406(api, accept):
    response = api.get("/api/pods", HTTP_ACCEPT=accept)
    assert (response.status_code, error_of(response)["code"]) == (406, BAD)


@pytest.mark.parametrize("accept", ["*/*", "application/*", "application/json;q=x", "*/*;q=abc", "x,*/*"])
def test_what_can_be_served_is_json(api, accept):
    assert isinstance(api.get("/api/pods?limit=1", HTTP_ACCEPT=accept).json(), list)


@pytest.mark.parametrize("path", ["/api/pods", "/livez", "/api/stream", "/nope", "/", "/openapi.json"])
@pytest.mark.parametrize(
    "host", ["evil.example.com", "a b", "localhost:99999x", "[::1", "", "localhost@evil", "%00"]
)
def test_a_foreign_host_is_refused(api, path, host):
    response = api.get(path, HTTP_HOST=host)
    body = error_of(response)
    assert (response.status_code, body["code"]) == (400, BAD)
    assert "evil" not in response.content.decode()


@pytest.mark.parametrize("path", ["/api/pods", "/livez", "/nope", "/api/stream"])
def test_a_large_body_is_refused_before_anything_else(api, settings, path):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    response = api.post(path, data=b"x" * 1001, content_type="application/json")
    assert (response.status_code, error_of(response)["code"]) == (413, "payload_too_large")
    assert response.headers["Connection"] == "close"
    assert api.post(path, data=b"x" * 1000, content_type="application/json").status_code in (404, 405)


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "9" * 5000, "٣", ""])
def test_a_length_that_is_none_is_no_500(api, length):
    response = api.get("/api/pods?limit=1", CONTENT_LENGTH=length)
    assert response.status_code in (200, 400, 413)
    check_headers(response)


@pytest.mark.parametrize("name", ["a" * 65, "a b", "ä", "a\tb", "<script>", "", "a;b"])
def test_an_odd_request_id_is_replaced(api, name):
    found = api.get("/livez", HTTP_X_REQUEST_ID=name).headers["X-Request-ID"]
    assert len(found) == 36

"""apis.middleware: what every answer has, whoever makes it"""

import uuid

import pytest

from tests.apis.reading import check_headers, own_words

ANSWERS = [
    ("/api/pods", 200),
    ("/api/nodes?limit=1", 200),
    ("/api/stream", 200),
    ("/livez", 200),
    ("/readyz", 503),
    ("/metrics", 200),
    ("/openapi.json", 200),
    ("/", 302),
    ("/docs", 302),
    ("/dashboard/", 302),
    ("/dashboard/login", 200),
    ("/dashboard/no-such-page", 404),
    ("/admin/", 302),
    ("/admin/login/", 200),
    ("/static/css/bare.css", 200),
    ("/static/no-such-file.css", 404),
    ("/api/pods/", 301),
    ("/api/pods?limit=0", 400),
    ("/api/pods?context=nope", 404),
    ("/nope", 404),
]


@pytest.mark.parametrize(("path", "status"), ANSWERS)
def test_every_answer_carries_the_security_headers(api, path, status):
    response = api.get(path)
    response.close()  # of a static file
    assert response.status_code == status
    check_headers(response)
    assert all("unsafe" not in word for words in policy(response).values() for word in words)


def policy(response) -> dict[str, list[str]]:
    return own_words(response.headers["Content-Security-Policy"])


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        ("GET", "/api/pods", {"HTTP_HOST": "evil.example.com"}, 400),
        ("GET", "/api/pods", {"HTTP_ACCEPT": "image/png"}, 406),
        ("GET", "/api/pods", {"REMOTE_ADDR": "192.0.2.1"}, 401),
        ("GET", "/api/pods", {"HTTP_X_API_KEY": "wrong"}, 401),
        ("POST", "/api/pods", {}, 405),
        ("POST", "/api/pods", {"CONTENT_LENGTH": "99999999"}, 413),
        ("POST", "/livez", {}, 405),
        ("OPTIONS", "/api/pods", {}, 200),
        ("HEAD", "/api/pods", {}, 200),
        ("HEAD", "/api/stream", {}, 200),
    ],
)
def test_every_refusal_carries_them_too(api, method, path, more, status):
    response = api.generic(method, path, **more)
    assert response.status_code == status
    check_headers(response)


@pytest.mark.parametrize("name", ["req-1", "a" * 64, "A.b_c-9", str(uuid.UUID(int=7))])
def test_an_id_that_was_given_is_kept(api, name):
    assert api.get("/api/pods", HTTP_X_REQUEST_ID=name).headers["X-Request-ID"] == name
    assert api.get("/nope", HTTP_X_REQUEST_ID=name).headers["X-Request-ID"] == name


def test_each_request_gets_an_id_of_its_own(api):
    names = {api.get("/livez").headers["X-Request-ID"] for _ in range(3)}
    assert len(names) == 3
    assert all(uuid.UUID(name).version == 4 for name in names)


def test_the_log_knows_a_request_by_the_same_id(api, caplog):
    caplog.set_level("INFO")
    given = api.get("/nope").headers["X-Request-ID"]
    assert any(given in str(record.msg) for record in caplog.records)


# --- One way to write a URL


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/api/pods/", "/api/pods"),
        ("/api/pods//", "/api/pods"),
        ("/api/pods/?limit=1&search=%C3%A9", "/api/pods?limit=1&search=%C3%A9"),
        ("/livez/", "/livez"),
        ("/docs/", "/docs"),
        ("/openapi.json/", "/openapi.json"),
        ("/dashboard/pods/", "/dashboard/pods"),
    ],
)
def test_a_slash_at_the_end_is_redirected_before_anybody_asks_who_calls(api, path, place):
    for method, status in [("GET", 301), ("HEAD", 301), ("POST", 307), ("DELETE", 307), ("OPTIONS", 307)]:
        response = api.generic(method, path, REMOTE_ADDR="192.0.2.1")
        assert (response.status_code, response.headers["Location"]) == (status, place)


@pytest.mark.parametrize(
    "path", ["/nope/", "/api/", "/api/nope/", "//evil.example.com/", "//api/pods/", "/\\evil.example.com/"]
)
def test_a_slash_after_nothing_known_is_not_redirected(api, path):
    assert api.get(path, PATH_INFO=path).status_code == 404


@pytest.mark.parametrize("path", ["/api/pods", "/api/events", "/livez", "/metrics", "/openapi.json", "/"])
def test_head_answers_wherever_get_does(api, path):
    whole, head = api.get(path), api.head(path)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert head.headers.get("Content-Type") == whole.headers.get("Content-Type")

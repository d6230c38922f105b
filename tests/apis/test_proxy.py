"""apis.proxy, apis.doors, on the demo cluster"""

import asyncio
import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils.timezone import now
from hypothesis import given
from hypothesis import strategies as st

from apis import proxy, proxy_headers, proxy_refusals
from orchestrator.backends.cluster.port import Kind
from orchestrator.models import AuditEvent
from orchestrator.services import access
from orchestrator.services.clusters import contexts, forwarding
from tests.apis.knocking import ask, socket_to
from tests.apis.reading import error_of

OPEN = "/api/services/nginx-service/open?namespace=default"


@pytest.fixture
def link(api, operator):
    """Return the path of a link that an operator made to a service of the demo cluster."""
    name = api.get("/api/services?namespace=default").json()[0]["name"]
    port = api.get(f"/api/services/{name}?namespace=default").json()["ports"][0]["port"]
    scope = contexts.scope(namespace="default")
    caller = access.caller_of_user(operator)
    return forwarding.open_link(caller, scope, Kind.SERVICES, name, port=str(port), at=now()).path


@pytest.mark.django_db(transaction=True)
def test_a_link_opens_the_port_without_any_other_credential(link):
    answer = ask(f"{link}some/page?x=1")
    assert answer["status"] == 200
    assert b"answers GET /some/page" in answer["body"]


@pytest.mark.django_db(transaction=True)
def test_what_comes_back_is_kept_apart_from_our_pages(link):
    headers = ask(link)["headers"]
    policy = headers["content-security-policy"]
    assert policy.startswith("sandbox ")
    assert "allow-same-origin" not in policy
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.django_db(transaction=True)
def test_a_sandboxed_page_may_ask_its_own_server(link):
    assert ask(link, origin="null")["headers"]["access-control-allow-origin"] == "null"
    assert "access-control-allow-origin" not in ask(link, origin="https://elsewhere.example")["headers"]
    asked = {
        "origin": "null",
        "access_control_request_method": "PUT",
        "access_control_request_headers": "x-a",
    }
    answer = ask(link, method="OPTIONS", **asked)
    assert (answer["status"], answer["headers"]["access-control-allow-methods"]) == (204, "PUT")


@pytest.mark.django_db(transaction=True)
def test_a_link_without_its_slash_is_completed(link):
    answer = ask(link.rstrip("/") + "?x=1")
    assert (answer["status"], answer["headers"]["location"]) == (307, link + "?x=1")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/proxy/", "/proxy/guess/", "/proxy/a:b:c/", "/proxy/%00/x"])
def test_an_invented_link_opens_nothing(fresh_catalogue, path):
    answer = ask(path, accept="text/html")
    assert answer["status"] in (307, 403)
    if answer["status"] == 403:
        assert b"cannot be opened" in answer["body"]


@pytest.mark.django_db(transaction=True)
def test_a_link_ends(link):
    token = link.split("/")[2]
    assert forwarding.read(token, at=now())
    with pytest.raises(forwarding.Closed, match="ended"):
        forwarding.read(token, at=now() + forwarding.LIFE)


@pytest.mark.django_db(transaction=True)
def test_a_link_ends_with_the_role_of_its_maker(link):
    User.objects.update(is_active=False)
    forwarding._may.cache_clear()
    answer = ask(link)
    assert (answer["status"], b"may no longer" in answer["body"]) == (403, True)


@pytest.mark.django_db(transaction=True)
def test_a_websocket_goes_both_ways(link):
    async def talk():
        socket = socket_to(f"{link}socket", subprotocols=["chat"])
        opened = await socket.connect(timeout=10)
        await socket.send_to(text_data="hello")
        await socket.send_to(bytes_data=b"\x00\xff")
        said = [await socket.receive_from(timeout=10), await socket.receive_from(timeout=10)]
        await socket.disconnect()
        return opened, said

    assert asyncio.run(talk()) == ((True, "chat"), ["hello", b"\x00\xff"])


@pytest.mark.django_db(transaction=True)
def test_a_websocket_with_a_bad_link_is_refused(fresh_catalogue):
    async def talk():
        return await socket_to("/proxy/guess/x").connect(timeout=10)

    assert asyncio.run(talk()) == (False, proxy_refusals.REFUSED)


def post(api, path: str, body: object):
    return api.post(path, json.dumps(body), content_type="application/json")


def test_the_api_makes_a_link_and_the_audit_says_so(api):
    name = api.get("/api/services?namespace=default").json()[0]["name"]
    port = api.get(f"/api/services/{name}?namespace=default").json()["ports"][0]["port"]
    path = f"/api/services/{name}/open?namespace=default"
    response = post(api, path, {"port": port, "seconds": 60})
    assert response.status_code == 201
    assert response.json()["url"].startswith("/proxy/")
    event = AuditEvent.objects.get()
    assert (event.action, event.target, event.result) == ("Open port", f"Service {name}:{port}", "done")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "port"),
        ({"port": True}, "port"),
        ({"port": 0}, "port"),
        ({"port": 65536}, "port"),
        ({"port": "Not_a_port"}, "port"),
        ({"port": 80, "scheme": "ftp"}, "scheme"),
        ({"port": 80, "seconds": "1"}, "seconds"),
        ({"port": 80, "seconds": 0}, "seconds"),
        ({"port": 80, "seconds": 10**7}, "seconds"),
    ],
)
def test_a_bad_body_is_refused_with_its_reason(api, body, path):
    response = post(api, OPEN, body)
    assert response.status_code == 400
    assert path in error_of(response)["fields"]


@pytest.mark.parametrize("path", ["services/no-such", "pods/no-such"])
def test_what_is_not_there_cannot_be_opened(api, path):
    assert post(api, f"/api/{path}/open?namespace=default", {"port": 80}).status_code == 404


def test_a_port_that_a_service_does_not_have_is_missing(api):
    name = api.get("/api/services?namespace=default").json()[0]["name"]
    response = post(api, f"/api/services/{name}/open?namespace=default", {"port": 1})
    assert (response.status_code, AuditEvent.objects.get().result) == (404, "failed")


def test_viewers_open_nothing(api, viewer):
    caller = access.caller_of_user(viewer)
    key = access.issue_key("k", scopes=["clusters:read"], owner=viewer, expires_at=None, at=now(), by=caller)
    response = api.post(OPEN, "{}", content_type="application/json", headers={"X-API-Key": key.key})
    assert response.status_code == 403


@given(
    st.lists(st.binary(max_size=12).map(lambda b: b.replace(b"\xff", b"ab")), max_size=8),
    st.sampled_from([b"ab", b"abab", b"aab", b"/api/v1"]),
)
def test_a_prefix_is_replaced_however_the_answer_is_cut(parts, old):
    async def source():
        for part in parts:
            yield part

    async def joined():
        return b"".join([chunk async for chunk in proxy.replaced(source(), old, b"-")])

    assert asyncio.run(joined()) == b"".join(parts).replace(old, b"-")


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("/login", "/proxy/t/login"),
        ("/api/v1/x/proxy/login", "/proxy/t/login"),
        ("login", "login"),
        ("https://elsewhere.example/", "https://elsewhere.example/"),
        ("//elsewhere.example/", "//elsewhere.example/"),
    ],
)
def test_redirects_stay_in_the_proxy(location, shown):
    assert proxy_headers.located(location, prefix="/api/v1/x/proxy", base="/proxy/t") == shown


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["../secrets", "a/../../x", "%2e%2e/x", ".%2E/x", "./x", ".."])
def test_no_path_leads_out_of_the_port(link, path):
    answer = ask(link + path)
    assert (answer["status"], b"goes up" in answer["body"]) == (400, True)


@pytest.mark.parametrize("name", [b"Impersonate-User", b"impersonate-extra-x", b"X-Remote-User"])
def test_nobody_chooses_whom_the_api_server_takes_us_for(name):
    assert proxy_headers.sent([(name, b"admin")]) == []


def test_no_credential_of_ours_goes_on():
    sent = [(b"Cookie", b"s"), (b"Authorization", b"s"), (b"X-API-Key", b"s"), (b"X-Forwarded-For", b"s")]
    assert proxy_headers.sent([*sent, (b"X-Own", b"1")]) == [("x-own", "1")]


def test_a_link_lives_a_day_at_most(api, operator):
    scope, caller = contexts.scope(namespace="default"), access.caller_of_user(operator)
    with pytest.raises(Exception, match="Validation failed"):
        forwarding.open_link(caller, scope, Kind.PODS, "x", port="80", at=now(), life=timedelta(hours=25))


def test_headers_beyond_ascii_go_through_as_they_are():
    assert proxy_headers.sent([(b"X-Name", "ü中".encode()), (b"X-Old", b"\xff")]) == [
        ("x-name", "ü中"),
        ("x-old", "ÿ"),
    ]
    back = [("X-Name", "ü中"), ("X-Odd", b"\xe4\xff".decode(errors="surrogateescape"))]
    found = dict(proxy_headers.answered({"headers": []}, back, prefix="", base="/proxy/t", sized=True))
    assert (found[b"x-name"], found[b"x-odd"]) == ("ü中".encode(), b"\xe4\xff")


@pytest.mark.parametrize("name", ["NEL", "Report-To", "Set-Cookie", "WWW-Authenticate", "Audit-Id"])
def test_no_answer_sets_anything_for_the_whole_host(name):
    found = dict(proxy_headers.answered({"headers": []}, [(name, "x")], prefix="", base="", sized=True))
    assert name.lower().encode() not in found

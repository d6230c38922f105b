"""apis.proxy_stacks, on the demo cluster"""

import asyncio
from datetime import timedelta

import pytest
from django.test import Client
from django.utils.timezone import now
from pydantic import SecretStr

from apis import proxy, proxy_refusals
from orchestrator.models import APIKey, AuditEvent, Stack
from orchestrator.services import access
from orchestrator.services.stacks import doors
from tests.apis.knocking import ask, socket_to
from tests.apis.stack_rows import running

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "text/html,*/*"


@pytest.fixture
def stack(demo, wait_until) -> Stack:
    return running(demo, wait_until)


@pytest.fixture
def key(settings) -> str:
    settings.API_KEY = SecretStr("only-for-tests")
    return "only-for-tests"


@pytest.fixture
def door(stack) -> str:
    """Return the address that stays."""
    return f"/proxy/stacks/{stack.pk}/{stack.ports.first().container_port}/"


@pytest.fixture
def link(stack, viewer) -> str:
    port = stack.ports.first().container_port
    return doors.open_link(access.caller_of_user(viewer), stack.pk, port, at=now()).path


def signed_in(user) -> str:
    client = Client()
    client.force_login(user)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


def test_a_link_opens_the_port_without_any_other_credential(link):
    answer = ask(f"{link}some/page?x=1")
    assert (answer["status"], b"answers GET /some/page" in answer["body"]) == (200, True)
    assert answer["headers"]["content-security-policy"].startswith("sandbox ")


def test_a_program_goes_straight_through_with_its_key(door, key):
    for headers in ({"x_api_key": key}, {"authorization": f"Bearer {key}"}):
        answer = ask(f"{door}api/x", method="POST", body=b"{}", **headers)
        assert (answer["status"], b"answers POST /api/x" in answer["body"]) == (200, True)


@pytest.mark.parametrize("headers", [{}, {"x_api_key": "wrong"}, {"authorization": "Bearer wrong"}])
def test_a_program_that_we_do_not_know_is_told_so(door, key, headers):
    answer = ask(door, **headers)
    assert answer["status"] == 401
    assert b"answers" not in answer["body"]


def test_a_key_in_the_query_is_the_ports_own(door, key):
    assert ask(f"{door}?api_key={key}")["status"] == 401


def test_a_key_without_the_scope_opens_nothing(door):
    made = access.issue_key("k", scopes=["clusters:write"], owner=None, at=now())
    assert ask(door, x_api_key=made.key)["status"] == 403


def test_who_is_signed_in_is_led_on_to_a_link(door, viewer):
    answer = ask(f"{door}deep/page?x=1", accept=PAGE, cookie=signed_in(viewer))
    location = answer["headers"]["location"]
    assert (answer["status"], location.startswith(f"{door}~")) == (307, True)
    assert location.endswith("/deep/page?x=1")
    assert ask(location)["status"] == 200
    assert AuditEvent.objects.filter(action="Open port").count() == 1


def test_what_a_browser_sends_by_itself_never_reaches_a_pod(door, viewer, link):
    cookies = f"{signed_in(viewer)}; stack_ticket={link.split('~')[1].rstrip('/')}"
    assert ask(door, method="POST", body=b"x=1", cookie=cookies)["status"] == 401

    async def talk():
        return await socket_to(f"{door}socket", cookie=cookies).connect(timeout=10)

    assert asyncio.run(talk()) == (False, proxy_refusals.REFUSED)


def test_a_browser_that_came_by_a_link_comes_back_without_it(door, link):
    cookie = ask(link, accept=PAGE)["headers"]["set-cookie"]
    value, *attributes = cookie.split("; ")
    assert {f"Path={door}", "HttpOnly", "SameSite=Lax"} <= set(attributes)
    answer = ask(f"{door}deep", accept=PAGE, cookie=value)
    assert (answer["status"], answer["headers"]["location"]) == (307, f"{link}deep")
    assert "set-cookie" not in ask(f"{link}style.css")["headers"]


def test_in_production_the_cookie_stays_on_https(link, settings):
    settings.LOCAL = False
    assert "; Secure" in ask(link, accept=PAGE)["headers"]["set-cookie"]


def test_a_stranger_is_asked_to_sign_in(door):
    answer = ask(f"{door}a?x=1", accept=PAGE)
    assert answer["status"] == 307
    assert answer["headers"]["location"].startswith("/dashboard/login?next=/proxy/stacks/")
    assert answer["headers"]["location"].endswith("/a%3Fx%3D1")


def test_a_browser_whose_link_has_ended_is_told_so(door, link, stack, viewer):
    port, caller = stack.ports.first().container_port, access.caller_of_user(viewer)
    old = doors.open_link(caller, stack.pk, port, at=now() - timedelta(hours=9)).path
    for answer in (
        ask(old, accept=PAGE),
        ask(door, accept=PAGE, cookie=f"stack_ticket={old.split('~')[1][:-1]}"),
    ):
        assert (answer["status"], b"has ended" in answer["body"]) == (403, True)


def test_where_keys_are_switched_off_anybody_comes_in(door, settings):
    settings.API_KEY_ENABLED = False
    assert ask(door)["status"] == 200
    answer = ask(door, accept=PAGE)
    assert ask(answer["headers"]["location"], accept=PAGE)["status"] == 200


def test_another_host_name_opens_nothing(door, settings):
    settings.API_KEY_ENABLED = False
    answer = ask(door, host="evil.example")
    assert (answer["status"], b"host name" in answer["body"]) == (400, True)


def test_a_link_ends_with_its_stack(link, stack):
    Stack.objects.update(expires_at=now())
    gone = ask(link, accept=PAGE)
    Stack.objects.update(expires_at=now() + timedelta(hours=1), wanted=Stack.Wanted.ABSENT)
    deleted = ask(link, accept=PAGE)
    Stack.objects.update(wanted=Stack.Wanted.STOPPED)
    stopped = ask(link, accept=PAGE)
    assert [each["status"] for each in (gone, deleted, stopped)] == [404, 404, 404]
    assert b"its time is over" in gone["body"]
    assert b"was deleted" in deleted["body"]
    assert b"has stopped" in stopped["body"]


def test_a_link_ends_with_the_role_of_its_maker(link, viewer):
    viewer.groups.clear()
    assert ask(link)["status"] == 403


def test_a_link_ends_with_the_key_that_made_it(stack):
    made = access.issue_key("k", scopes=["stacks:read"], owner=None, at=now())
    caller = access.caller_of_key(made.key, at=now())
    link = doors.open_link(caller, stack.pk, stack.ports.first().container_port, at=now()).path
    assert ask(link)["status"] == 200
    APIKey.objects.update(revoked_at=now())
    assert ask(link)["status"] == 403


def test_a_ticket_opens_its_own_port_alone(link, stack, demo):
    other = link.replace(f"/{stack.ports.first().container_port}/", "/9/")
    assert ask(other)["status"] == 403
    assert ask(link.replace(stack.pk, "stack-0123456789abcdef"))["status"] == 403
    assert ask(link.replace("~W", "~X"))["status"] == 403


@pytest.mark.parametrize(
    "path",
    ["", "/", "/{id}", "/{id}/", "/{id}/0/", "/{id}/080/", "/{id}/99999/", "/{id}/http/", "/no-such/80/"],
)
def test_there_is_nothing_at_other_addresses(stack, key, path):
    answer = ask(f"/proxy/stacks{path.format(id=stack.pk)}", x_api_key=key)
    assert answer["status"] == 404


def test_ports_that_are_not_published_by_tcp_are_missing(stack, key):
    udp = stack.ports.last().container_port
    for number in (udp, 9):
        answer = ask(f"/proxy/stacks/{stack.pk}/{number}/", x_api_key=key)
        assert (answer["status"], b"does not publish" in answer["body"]) == (404, True)


def test_an_address_without_its_slash_is_completed(door, link):
    for whole in (door, link):
        answer = ask(f"{whole.rstrip('/')}?x=1")
        assert (answer["status"], answer["headers"]["location"]) == (307, f"{whole}?x=1")


@pytest.mark.parametrize("path", ["../x", "a/%2e%2e/x", "..%2f..%2fx", "%2e%2e%5cx"])
def test_no_path_leads_out_of_the_port(link, path):
    answer = ask(link + path)
    assert (answer["status"], b"goes up" in answer["body"]) == (400, True)


def test_a_path_of_the_application_may_begin_like_a_ticket(door, key):
    assert b"answers GET /~anna/x" in ask(f"{door}~anna/x", x_api_key=key)["body"]


@pytest.mark.parametrize("how", ["link", "key"])
def test_a_websocket_goes_both_ways(door, link, key, how):
    async def talk():
        socket = socket_to(f"{link}socket") if how == "link" else socket_to(f"{door}socket", x_api_key=key)
        opened = await socket.connect(timeout=10)
        await socket.send_to(text_data="hello")
        said = await socket.receive_from(timeout=10)
        await socket.disconnect()
        return opened, said

    assert asyncio.run(talk()) == ((True, None), "hello")


def test_a_websocket_ends_soon_after_its_stack(link, stack, monkeypatch):
    monkeypatch.setattr(proxy, "CHECK_SECONDS", 0.05)

    async def talk():
        socket = socket_to(f"{link}socket")
        await socket.connect(timeout=10)
        await Stack.objects.aupdate(wanted=Stack.Wanted.ABSENT)
        return await socket.receive_output(timeout=10)

    assert asyncio.run(talk()) == {"type": "websocket.close", "code": proxy_refusals.REFUSED}


def test_a_stack_has_room_for_so_many_and_no_more(link, monkeypatch):
    monkeypatch.setattr(proxy, "MOST_OPEN", 1)

    async def talk():
        first, second = socket_to(f"{link}a"), socket_to(f"{link}b")
        opened = [await first.connect(timeout=10), await second.connect(timeout=10)]
        await first.disconnect()
        return opened

    assert asyncio.run(talk()) == [(True, None), (False, proxy_refusals.INTERNAL)]
    assert not proxy._open
    assert ask(link)["status"] == 200


def test_programs_are_refused_in_json(door, key):
    answer = ask(door, x_api_key="wrong")
    assert answer["headers"]["content-type"] == "application/json"
    assert b'"code": "invalid_api_key"' in answer["body"]

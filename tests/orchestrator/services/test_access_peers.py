"""orchestrator.services.access: where a request comes from"""

from ipaddress import ip_network

import pytest
from django.test import RequestFactory

from orchestrator.services import access


def request_from(peer: str, *, method: str = "GET", **headers: str):
    request = RequestFactory().generic(method, "/api/pods", headers=headers)
    request.META["REMOTE_ADDR"] = peer
    return request


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_a_loopback_peer_is_a_local_operator(peer):
    caller = access.local_caller(request_from(peer))
    assert (caller.name, caller.role, caller.anonymous, caller.user) == ("local", "operator", True, None)


@pytest.mark.parametrize("peer", ["10.0.0.5", "192.168.1.2", "::2", "128.0.0.1", "0.0.0.0", "", "garbage"])
def test_other_peers_are_nobody(peer):
    assert access.local_caller(request_from(peer)) is None


@pytest.mark.parametrize(
    "name", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "x-forwarded-anything"]
)
def test_a_proxy_on_loopback_speaks_for_strangers(name):
    assert access.local_caller(request_from("127.0.0.1", **{name: "127.0.0.1"})) is None


def test_production_knows_no_local_callers(settings):
    settings.LOCAL = False
    assert access.local_caller(request_from("127.0.0.1")) is None


def test_a_host_that_is_not_ours_is_refused():
    assert access.local_caller(request_from("127.0.0.1", Host="evil.example")) is None


@pytest.mark.parametrize(
    ("method", "origin", "known"),
    [
        ("GET", "https://evil.example", True),
        ("POST", None, True),
        ("POST", "http://testserver", True),
        ("POST", "https://testserver", False),
        ("POST", "http://testserver:81", False),
        ("POST", "https://evil.example", False),
        ("POST", "null", False),
        ("POST", "", False),
        ("DELETE", "https://evil.example", False),
        ("POST", "http://friend.example", True),
    ],
)
def test_foreign_pages_may_not_write(method, origin, known):
    headers = {} if origin is None else {"Origin": origin}
    request = request_from("127.0.0.1", method=method, **headers)
    found = access.local_caller(request, origins=["http://friend.example"])
    assert (found is not None) == known


@pytest.mark.parametrize(
    ("scope", "may"),
    [
        ("clusters:read", True),
        ("clusters:write", True),
        ("metrics:read", True),
        ("clusters:secrets", False),
        ("admin", False),
    ],
)
def test_a_local_caller_may_what_an_operator_may(scope, may):
    assert access.local_caller(request_from("127.0.0.1")).may(scope) == may


@pytest.mark.parametrize(
    ("area", "enabled", "name"),
    [
        ("clusters", True, "local"),
        ("containers", True, "local"),
        ("projects", True, "local"),
        ("metrics", True, "local"),
        ("stacks", True, None),
        ("sessions", True, None),
        ("stacks", False, "anonymous"),
        ("sessions", False, "anonymous"),
        ("access", False, None),
        ("admin", False, None),
    ],
)
def test_which_areas_are_open(settings, area, enabled, name):
    settings.API_KEY_ENABLED = enabled
    found = access.anonymous_caller(request_from("127.0.0.1"), area=area)
    assert (found and found.name) == name


def test_an_area_opened_to_everybody_gives_nothing_else(settings):
    settings.API_KEY_ENABLED = False
    found = access.anonymous_caller(request_from("203.0.113.7"), area="stacks")
    assert found.scopes == {"stacks:read", "stacks:write"}


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.7", None, "203.0.113.7"),
        ("203.0.113.7", "1.1.1.1", "203.0.113.7"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "198.51.100.9", "198.51.100.9"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.9", "198.51.100.9"),
        ("10.0.0.1", "198.51.100.9, 10.0.0.2", "198.51.100.9"),
        ("10.0.0.1", "198.51.100.9, nonsense", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.3", "10.0.0.3"),
        ("::ffff:10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("fe80::1%eth0", None, "fe80::1"),
        ("", "198.51.100.9", "0.0.0.0"),
    ],
)
def test_forwarded_addresses_are_believed_of_trusted_proxies_alone(settings, peer, forwarded, expected):
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert access.peer_address(request_from(peer, **headers)) == expected

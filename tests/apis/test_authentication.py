"""apis.authentication and apis.permissions"""

import asyncio
import io
import logging
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.db import connections
from django.test import AsyncRequestFactory
from django.utils.timezone import now
from pydantic import SecretStr
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from apis import authentication
from apis.permissions import needed_scope
from orchestrator import logs
from orchestrator.services import access

LOOPBACK, ELSEWHERE = "127.0.0.1", "203.0.113.7"
KEY = "a-key-of-the-environment"


class View(APIView):
    """Answers who called."""

    authentication_classes = [
        authentication.KeyAuthentication,
        authentication.BrowserAuthentication,
        authentication.LocalAuthentication,
    ]
    parser_classes = []
    throttle_classes = []
    area = "stacks"

    def get(self, request):
        return Response({"caller": request.auth.name, "address": request.auth.address})

    post = delete = get


class OpenView(View):
    area = "clusters"


class RevealView(OpenView):
    scopes = {"POST": "clusters:secrets"}


class UnnamedView(View):
    area = None


@pytest.fixture(autouse=True)
def key_of_environment(settings):
    settings.API_KEY = SecretStr(KEY)


def ask(view=View, *, method="get", query="", user=None, peer=ELSEWHERE, csrf=False, **headers):
    """Return the status and the code or the caller of an answer."""
    factory = APIRequestFactory(enforce_csrf_checks=csrf)
    request = getattr(factory, method)(f"/any{query}", headers=headers, REMOTE_ADDR=peer)
    request.user = user or AnonymousUser()
    response = view.as_view()(request)
    word = response.data.get("caller") or response.data["code"]
    return response.status_code, word


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("", {"X-API-Key": KEY}),
        ("", {"X-API-Key": f"  {KEY} "}),
        ("", {"Authorization": f"Bearer {KEY}"}),
        ("", {"Authorization": f"bearer   {KEY}"}),
        (f"?api_key={KEY}", {}),
        (f"?api_key=&api_key=%20{KEY}", {}),
        (f"?api_key={KEY}", {"X-API-Key": "  ", "Authorization": "Bearer "}),
        ("?api_key=wrong", {"X-API-Key": KEY, "Authorization": "Bearer wrong"}),
        ("?api_key=wrong", {"Authorization": f"Bearer {KEY}"}),
        (f"?api_key={KEY}", {"Authorization": "Basic bWFyYTpndWVzcw=="}),
    ],
)
def test_where_a_key_may_stand(db, query, headers):
    assert ask(query=query, **headers) == (200, "API_KEY")


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("", {"X-API-Key": "wrong"}),
        ("", {"X-API-Key": "ü"}),
        (f"?api_key={KEY}", {"X-API-Key": "wrong"}),
        ("", {"X-API-Key": "wrong", "Authorization": f"Bearer {KEY}"}),
        ("?api_key=wrong%00%FF", {}),
    ],
)
@pytest.mark.parametrize("peer", [ELSEWHERE, LOOPBACK])
def test_a_wrong_key_is_401_whatever_else_would_do(viewer, query, headers, peer):
    assert ask(OpenView, query=query, user=viewer, peer=peer, **headers) == (401, "invalid_api_key")


def test_a_401_says_how_to_authenticate(db):
    request = APIRequestFactory().get("/any")
    request.user = AnonymousUser()
    assert View.as_view()(request)["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("query", ["", "?api_key=", "?api_key=%20"])
def test_nobody_is_401(db, query):
    assert ask(query=query) == (401, "authentication_required")


def test_keys_of_the_table_expire_and_are_revoked(admin):
    by = access.caller_of_user(admin)
    good = access.issue_key("a", scopes=["stacks:read"], owner=None, at=now())
    old = access.issue_key(
        "b",
        scopes=["stacks:read"],
        owner=None,
        at=now() - timedelta(days=2),
        expires_at=now() - timedelta(days=1),
    )
    assert ask(**{"X-API-Key": good.key}) == (200, "key a")
    assert ask(**{"X-API-Key": old.key}) == (401, "invalid_api_key")
    access.revoke_key(good.row.pk, by=by, at=now())
    assert ask(**{"X-API-Key": good.key}) == (401, "invalid_api_key")


def test_a_key_without_the_scope_is_403(db):
    key = access.issue_key("a", scopes=["stacks:read"], owner=None, at=now()).key
    assert ask(method="post", **{"X-API-Key": key}) == (403, "insufficient_scope")
    assert ask(OpenView, **{"X-API-Key": key}, peer=LOOPBACK) == (403, "insufficient_scope")


@pytest.mark.parametrize(
    ("method", "role", "status"),
    [
        ("get", "viewer", 200),
        ("post", "viewer", 403),
        ("delete", "viewer", 403),
        ("get", "operator", 200),
        ("delete", "operator", 200),
        ("get", None, 403),
    ],
)
def test_a_signed_in_browser_may_what_its_role_says(viewer, operator, method, role, status):
    user = {"viewer": viewer, "operator": operator, None: viewer}[role]
    if role is None:
        user.groups.clear()
    assert ask(method=method, user=user)[0] == status


def test_changes_by_a_browser_need_the_csrf_token(operator):
    assert ask(method="post", user=operator, csrf=True) == (403, "csrf_failed")
    assert ask(method="get", user=operator, csrf=True)[0] == 200


def test_keys_need_no_csrf_token(db):
    assert ask(method="post", csrf=True, **{"X-API-Key": KEY})[0] == 200


def test_a_browser_that_has_gone_inactive_is_nobody(viewer):
    viewer.is_active = False
    assert ask(user=viewer) == (401, "authentication_required")


@pytest.mark.parametrize(
    ("view", "peer", "method", "headers", "status"),
    [
        (OpenView, LOOPBACK, "get", {}, 200),
        (OpenView, "::1", "post", {}, 200),
        (OpenView, ELSEWHERE, "get", {}, 401),
        (OpenView, LOOPBACK, "get", {"X-Forwarded-For": LOOPBACK}, 401),
        (OpenView, LOOPBACK, "get", {"Forwarded": "for=127.0.0.1"}, 401),
        (OpenView, LOOPBACK, "get", {"Host": "evil.example"}, 401),
        (OpenView, LOOPBACK, "get", {"Origin": "https://evil.example"}, 200),
        (OpenView, LOOPBACK, "post", {"Origin": "https://evil.example"}, 401),
        (OpenView, LOOPBACK, "post", {"Origin": "http://testserver"}, 200),
        (View, LOOPBACK, "get", {}, 401),
        (RevealView, LOOPBACK, "get", {}, 200),
        (RevealView, LOOPBACK, "post", {}, 401),
        (UnnamedView, LOOPBACK, "get", {}, 401),
    ],
)
def test_who_gets_in_without_a_credential(db, view, peer, method, headers, status):
    assert ask(view, peer=peer, method=method, **headers)[0] == status


def test_production_is_open_to_nobody(db, settings):
    settings.LOCAL = False
    assert ask(OpenView, peer=LOOPBACK) == (401, "authentication_required")


def test_areas_opened_by_a_setting_are_open_to_everybody(db, settings):
    settings.API_KEY_ENABLED = False
    assert ask(method="post") == (200, "anonymous")
    assert ask(OpenView) == (401, "authentication_required")


@pytest.mark.parametrize(("key", "status"), [(KEY, 403), (None, 401)])
def test_secrets_need_their_own_scope(db, key, status):
    headers = {"X-API-Key": key} if key else {}
    assert ask(RevealView, method="post", peer=LOOPBACK, **headers)[0] == status


@pytest.mark.parametrize(
    ("view", "method", "scope"),
    [
        (View, "GET", "stacks:read"),
        (View, "HEAD", "stacks:read"),
        (View, "OPTIONS", "stacks:read"),
        (View, "POST", "stacks:write"),
        (View, "PATCH", "stacks:write"),
        (RevealView, "POST", "clusters:secrets"),
        (RevealView, "DELETE", "clusters:write"),
        (UnnamedView, "GET", "admin"),
    ],
)
def test_the_scope_that_a_view_needs(view, method, scope):
    assert needed_scope(view(), method) == scope


async def code_of(request, scope) -> str:
    """Return the name of the caller of a plain async view, or the code of the refusal."""
    request.user = AnonymousUser()
    try:
        return (await authentication.caller(request, scope=scope)).name
    except APIException as exc:
        return exc.default_code
    finally:
        await sync_to_async(connections.close_all)()  # It belongs to the thread that ends with this loop.


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("scope", "headers", "word"),
    [
        ("clusters:read", {}, "local"),
        ("metrics:read", {}, "local"),
        (None, {}, "local"),
        ("stacks:read", {}, "authentication_required"),
        ("clusters:secrets", {}, "authentication_required"),
        ("clusters:read", {"X-Forwarded-For": "10.0.0.1"}, "authentication_required"),
        (None, {"X-Forwarded-For": "10.0.0.1"}, "authentication_required"),
        ("stacks:read", {"X-API-Key": KEY}, "API_KEY"),
        ("clusters:secrets", {"X-API-Key": KEY}, "insufficient_scope"),
        ("clusters:read", {"X-API-Key": "wrong"}, "invalid_api_key"),
    ],
)
def test_async_views_know_callers_by_the_same_rules(scope, headers, word):
    request = AsyncRequestFactory().get("/metrics", headers=headers)
    assert asyncio.run(code_of(request, scope)) == word


@pytest.mark.parametrize(
    "line",
    [
        "GET /stacks?api_key=orc_secret&limit=5",
        "GET /stacks?limit=5&api_key=orc_secret",
        "GET /stacks?api%5Fkey=orc_secret",
        "GET /dashboard/sign-in/orc_secret",
        "GET /dashboard/sign-in/orc_secret?a=b",
    ],
)
@pytest.mark.parametrize("format_", ["json", "console"])
def test_credentials_in_urls_are_masked_in_logs(line, format_):
    formatter = logs.configure(format_=format_, level="info")["formatters"]["ours"]
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(formatter["()"](**{name: formatter[name] for name in formatter if name != "()"}))
    handler.emit(logging.LogRecord("test", logging.INFO, __file__, 1, line, None, None))
    assert "orc_secret" not in handler.stream.getvalue()
    assert "***" in handler.stream.getvalue()


def test_the_openapi_document_says_how_to_authenticate(client, db):
    document = client.get("/openapi.json").json()
    assert set(document["components"]["securitySchemes"]) == {
        "apiKeyHeader",
        "apiKeyBearer",
        "apiKeyQuery",
        "cookie",
    }
    ways = document["paths"]["/api/pods"]["get"]["security"]
    assert ways == [{"apiKeyHeader": []}, {"apiKeyBearer": []}, {"apiKeyQuery": []}, {"cookie": []}, {}]

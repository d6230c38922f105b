"""manage.py create_api_key and sign_in_link"""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils.timezone import now

from orchestrator.models import APIKey
from orchestrator.services import access


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().strip()


@pytest.mark.django_db
def test_a_key_is_printed_alone_and_works():
    key = run(
        "create_api_key", "--name", "ci", "--scope", "stacks:read", "stacks:write", "--scope", "metrics:read"
    )
    caller = access.caller_of_key(key, at=now())
    assert caller.scopes == {"stacks:read", "stacks:write", "metrics:read"}
    assert APIKey.objects.get().expires_at is None


def test_a_key_with_an_end_and_an_owner(viewer):
    run(
        "create_api_key",
        "--name",
        "ci",
        "--scope",
        "stacks:read",
        "--expires",
        "30d",
        "--owner",
        "viewer-user",
        "--stack-limit",
        "3",
    )
    key = APIKey.objects.get()
    assert (key.owner, key.stack_limit) == (viewer, 3)
    assert timedelta(days=29) < key.expires_at - now() <= timedelta(days=30)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--name", "ci"], "scope"),
        (["--scope", "stacks:read"], "name"),
        (["--name", "ci", "--scope", "stacks:fly"], "There is no scope 'stacks:fly'"),
        (["--name", " ", "--scope", "stacks:read"], "printable"),
        (["--name", "ci", "--scope", "stacks:read", "--expires", "soon"], "duration"),
        (["--name", "ci", "--scope", "stacks:read", "--expires", "9999999999d"], "duration"),
        (["--name", "ci", "--scope", "stacks:read", "--expires", "0"], "future"),
        (["--name", "ci", "--scope", "stacks:read", "--stack-limit", "-1"], "number of stacks"),
        (["--name", "ci", "--scope", "stacks:read", "--owner", "nobody"], "no user called nobody"),
        (["--name", "ci", "--scope", "stacks:write", "--owner", "viewer-user"], "has no scope stacks:write"),
    ],
)
def test_a_bad_key_is_one_sentence(viewer, arguments, words):
    with pytest.raises(CommandError, match=words):
        run("create_api_key", *arguments)
    assert not APIKey.objects.exists()


@pytest.mark.django_db
def test_a_link_is_printed_and_works():
    link = run("sign_in_link")
    assert link.startswith("http://127.0.0.1:8000/dashboard/sign-in/")
    assert access.redeem(link.rpartition("/")[2], at=now()).username == "admin"


def test_a_link_for_a_user_on_a_server_elsewhere(viewer):
    link = run("sign_in_link", "--user", "viewer-user", "--base-url", "https://ops.example/")
    assert link.startswith("https://ops.example/dashboard/sign-in/")
    assert access.redeem(link.rpartition("/")[2], at=now()) == viewer


@pytest.mark.django_db
def test_no_link_for_somebody_unknown():
    with pytest.raises(CommandError, match="no user called nobody"):
        run("sign_in_link", "--user", "nobody")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("::1", "http://[::1]:8000"),
        ("orchestrator", "http://orchestrator:8000"),
    ],
)
def test_our_own_address(settings, host, url):
    settings.ENV = settings.ENV.model_copy(update={"host": host})
    assert access.own_url() == url

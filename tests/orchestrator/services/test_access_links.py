"""orchestrator.services.access: one-time sign-in links"""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils.timezone import now

from orchestrator.errors import Missing, NotNow
from orchestrator.models import SignInLink
from orchestrator.services import access


def token_for(user: User, *, at=None) -> str:
    return access.make_link(user, at=at or now()).rpartition("/")[2]


def test_a_link_signs_its_user_in(viewer):
    assert access.redeem(token_for(viewer), at=now()) == viewer


def test_the_token_itself_is_not_stored(viewer):
    assert token_for(viewer) not in SignInLink.objects.get().digest


def test_a_link_works_once(viewer):
    token = token_for(viewer)
    access.redeem(token, at=now())
    with pytest.raises(access.BadLink, match="used already"):
        access.redeem(token, at=now())


def test_a_link_ends(viewer, settings):
    token = token_for(viewer)
    with pytest.raises(access.BadLink, match="too old"):
        access.redeem(token, at=now() + settings.SIGN_IN_LINK_TTL)


def test_a_link_of_a_disabled_user_is_refused(viewer):
    token = token_for(viewer)
    User.objects.update(is_active=False)
    with pytest.raises(access.BadLink, match="switched off"):
        access.redeem(token, at=now())


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["guess", "", "ü", "x" * 5000])
def test_an_invented_link_is_refused(token):
    with pytest.raises(access.BadLink, match="not known"):
        access.redeem(token, at=now())


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_one_gets_in(viewer):
    token, barrier, outcomes = token_for(viewer), Barrier(2), []

    def try_it() -> None:
        barrier.wait(10)
        try:
            outcomes.append(access.redeem(token, at=now()).username)
        except access.BadLink:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=try_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["refused", "viewer-user"]


@pytest.mark.django_db
def test_the_first_link_makes_the_first_admin():
    link = access.first_link("http://127.0.0.1:8000/")
    assert link.startswith("http://127.0.0.1:8000/dashboard/sign-in/")
    user = access.redeem(link.rpartition("/")[2], at=now())
    assert (user.username, user.is_superuser, user.has_usable_password()) == ("admin", True, False)
    assert access.caller_of_user(user).may("admin")


def test_later_links_are_for_the_admin_there_is(admin):
    assert access.link_holder() == admin
    assert User.objects.count() == 1


def test_a_superuser_counts_as_admin(django_user_model, db):
    root = django_user_model.objects.create_superuser("root")
    assert access.link_holder() == root


@pytest.mark.django_db
def test_a_user_called_admin_is_not_made_one_silently():
    User.objects.create_user("admin")
    with pytest.raises(NotNow, match="not one"):
        access.link_holder()


def test_links_for_a_named_user(viewer):
    assert access.link_holder("viewer-user") == viewer
    with pytest.raises(Missing):
        access.link_holder("nobody")
    User.objects.update(is_active=False)
    with pytest.raises(NotNow):
        access.link_holder("viewer-user")


def test_old_links_are_forgotten(viewer):
    at = now()
    token_for(viewer, at=at - timedelta(days=1))
    token_for(viewer, at=at)
    assert access.forget_links(before=at) == 1
    assert SignInLink.objects.count() == 1

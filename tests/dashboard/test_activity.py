"""dashboard.activity"""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User

from orchestrator.services import activity

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
URL = "/dashboard/activity"


@pytest.fixture
def look(client, viewer):
    """Return a function that gives the page, or its fragment, as text."""
    client.force_login(viewer)

    def get(query: str = "", *, fragment: bool = False, **headers: str) -> str:
        headers |= {"HX-Request": "true"} if fragment else {}
        response = client.get(URL + query, headers=headers)
        assert response.status_code in (200, 204)
        return response.content.decode()

    return get


def add(text="deleted 2 stacks", *, area="stacks", **values):
    return activity.add(text, area=area, at=NOON, **values)


def test_it_tells_who_did_what_and_where(look):
    add(actor="mara", context="prod-eu", namespace="shop")
    assert all(text in look() for text in ("<b>mara</b>", "deleted 2 stacks", "prod-eu / shop"))


def test_htmx_gets_the_list_alone(look):
    add()
    assert look(fragment=True).lstrip().startswith("<section")


def test_it_is_live_only_where_new_entries_appear(look):
    old, _new = add("old"), add("new")
    assert 'data-topic="activity"' in look()
    assert "data-topic" not in look(f"?before={old.pk + 1}", fragment=True)


def test_what_is_on_the_screen_already_is_not_sent_again(look):
    add()
    tag = look(fragment=True).split('data-etag="')[1].split('"')[0]
    assert look(fragment=True, **{"If-None-Match": tag}) == ""
    add("more")
    assert "more" in look(fragment=True, **{"If-None-Match": tag})


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("?area=access", "was refused", "deleted 2 stacks"),
        ("?failures=1", "was refused", "deleted 2 stacks"),
        ("?q=MARA", "deleted 2 stacks", "was refused"),
    ],
)
def test_filters(look, query, shown, hidden):
    add(actor="mara")
    add("was refused", area="access", level="error")
    assert shown in look(query)
    assert hidden not in look(query)


def test_links_keep_the_other_filters(look):
    add()
    assert "?area=stacks&amp;q=mara&amp;failures=1" in look("?area=stacks&q=mara") + look(
        "?q=mara&area=stacks"
    )


def test_older_entries_are_one_link_away(look, monkeypatch):
    monkeypatch.setattr(activity.recent, "__kwdefaults__", activity.recent.__kwdefaults__ | {"size": 1})
    newest = [add("first"), add("second")][-1]
    assert f"?before={newest.pk}" in look()
    assert "first" in look(f"?before={newest.pk}")


def test_repeats_are_one_line(look):
    add(), add()
    assert "× 2" in look()


def test_an_empty_page_says_what_it_is_for(look):
    assert "Nothing has happened yet" in look()


def test_a_filter_that_finds_nothing_says_how_much_there_is(look):
    add()
    assert "1 entries are here without the filter" in look("?q=nobody")


def test_a_place_beyond_the_end_leads_back(look):
    add()
    assert "Nothing is older than this" in look("?before=1")


@pytest.mark.parametrize("query", ["?before=x", "?before=-1", f"?before={'9' * 400}", "?q=%00", "?area=%00"])
def test_odd_addresses_are_no_errors(look, query):
    add()
    assert look(query)


def test_texts_are_escaped(look):
    add("<script>", actor="<b>")
    assert "&lt;script&gt;" in look()


def test_only_reading_is_allowed(client, viewer):
    client.force_login(viewer)
    assert client.post(URL).status_code == 405


def test_strangers_sign_in_first(client, db):
    assert client.get(URL).status_code == 302


def test_somebody_without_a_role_sees_nothing(client, db):
    client.force_login(User.objects.create_user("guest"))
    assert client.get(URL).status_code == 403

"""Everything by keys"""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.needs("TEST_CHROMIUM")
PODS = "/dashboard/pods?context=demo-cluster"


@pytest.fixture
def pods(page: Page) -> Page:
    page.goto(PODS)
    return page


def palette(page: Page):
    return page.get_by_role("dialog", name="Search")


def hits(page: Page):
    return palette(page).get_by_role("link")


def test_control_k_finds_a_pod_and_enter_goes_there(pods):
    pods.keyboard.press("Control+k")
    expect(palette(pods).get_by_role("searchbox")).to_be_focused()
    pods.keyboard.type("redis-cache")
    expect(palette(pods).locator("[data-q=redis-cache]")).to_be_attached()
    expect(hits(pods).first).to_contain_text("redis-cache")
    name = hits(pods).first.locator(".strong").inner_text()
    pods.keyboard.press("Enter")
    expect(pods).to_have_url(re.compile(rf"/dashboard/[a-z]+/[a-z-]+/{name}\?context=demo-cluster"))
    expect(pods.get_by_role("heading", level=1)).to_contain_text(name)


def test_arrows_choose_a_hit(pods):
    pods.keyboard.press("Control+k")
    pods.keyboard.type("nodes")
    expect(hits(pods).first).to_have_class(re.compile(r"\bat\b"))
    pods.keyboard.press("Control+a")
    pods.keyboard.type("e")
    expect(hits(pods).nth(3)).to_be_visible()
    pods.keyboard.press("ArrowDown")
    expect(hits(pods).nth(1)).to_have_class(re.compile(r"\bat\b"))
    pods.keyboard.press("ArrowUp")
    pods.keyboard.press("ArrowUp")
    expect(hits(pods).last).to_have_class(re.compile(r"\bat\b"))
    target = hits(pods).last.get_attribute("href")
    pods.keyboard.press("Enter")
    expect(pods).to_have_url(re.compile(re.escape(target) + "$"))


def test_enter_goes_to_a_hit_for_what_was_typed_also_before_it_is_there(pods):
    pods.keyboard.press("Control+k")
    expect(hits(pods).first).to_be_visible()
    with pods.expect_request("**/dashboard/search*"):
        pods.keyboard.type("redis-cache", delay=0)
        pods.keyboard.press("Enter")
    expect(pods).to_have_url(re.compile(r"/dashboard/[a-z]+/[a-z-]+/redis-cache"))


def test_typing_goes_on_while_an_answer_is_awaited(pods):
    pods.keyboard.press("Control+k")
    expect(hits(pods).first).to_be_visible()
    pods.route("**/dashboard/search*", lambda route: None)  # held until it is unrouted
    with pods.expect_request("**/dashboard/search*"):
        pods.keyboard.type("red")
    pods.keyboard.type("is-cache")
    pods.unroute("**/dashboard/search*")
    expect(hits(pods).first).to_contain_text("redis-cache")


def test_escape_gives_the_focus_back(pods):
    pods.get_by_label("Filter pods").focus()
    pods.keyboard.press("Control+k")
    expect(palette(pods)).to_be_visible()
    pods.keyboard.press("Escape")
    expect(palette(pods)).to_be_hidden()
    expect(pods.get_by_label("Filter pods")).to_be_focused()


def test_slash_goes_to_the_filter(pods):
    pods.keyboard.press("/")
    expect(pods.get_by_label("Filter pods")).to_be_focused()
    pods.keyboard.type("a/b")
    expect(pods.get_by_label("Filter pods")).to_have_value("a/b")


def test_j_and_k_move_from_row_to_row(pods):
    rows = pods.locator("main tbody tr")
    for key, at in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        pods.keyboard.press(key)
        expect(rows.nth(at)).to_be_focused()


def test_question_mark_lists_the_keys(pods):
    pods.keyboard.press("?")
    expect(pods.get_by_role("dialog", name="Keys")).to_be_visible()
    pods.keyboard.press("Escape")
    expect(pods.get_by_role("dialog", name="Keys")).to_be_hidden()


def test_g_and_a_letter_go_to_an_area(pods):
    pods.keyboard.press("g")
    pods.keyboard.press("n")
    expect(pods).to_have_url(re.compile(r"/dashboard/nodes\?context=demo-cluster"))
    pods.wait_for_load_state()  # Until then its scripts hear no keys.
    pods.keyboard.press("g")
    pods.keyboard.press("p")
    expect(pods).to_have_url(re.compile(r"/dashboard/pods\?context=demo-cluster"))


def test_keys_can_be_switched_off(pods):
    pods.keyboard.press("?")
    pods.get_by_label("Keys are on").uncheck()
    pods.keyboard.press("Escape")
    pods.keyboard.press("j")
    expect(pods.locator("main tbody tr:focus")).to_have_count(0)
    pods.reload()
    pods.keyboard.press("/")
    expect(pods.get_by_label("Filter pods")).not_to_be_focused()
    pods.keyboard.press("Control+k")
    expect(palette(pods)).to_be_visible()


def test_tab_comes_first_to_the_way_past_the_navigation(pods):
    pods.keyboard.press("Tab")
    expect(pods.get_by_role("link", name="Skip to content")).to_be_focused()
    pods.keyboard.press("Enter")
    expect(pods.locator("main")).to_be_focused()

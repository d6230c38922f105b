"""Theme and small screens"""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.needs("TEST_CHROMIUM")
PODS = "/dashboard/pods?context=demo-cluster"
phone = pytest.mark.browser_context_args(viewport={"width": 390, "height": 800}, has_touch=True)


def is_dark(page: Page) -> bool:
    colours = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).slice(0, 3)")
    return sum(map(float, colours)) < 3 * 128


def test_the_theme_follows_the_system(page):
    page.emulate_media(color_scheme="dark")
    page.goto(PODS)
    assert is_dark(page)
    page.emulate_media(color_scheme="light")
    assert not is_dark(page)


def test_a_chosen_theme_stays(page):
    page.goto(PODS)
    with page.expect_response("**/dashboard/theme"):
        page.get_by_role("button", name="Switch light or dark").click()
    assert is_dark(page)
    page.reload()
    assert is_dark(page)
    with page.expect_response("**/dashboard/theme"):
        page.get_by_role("button", name="Switch light or dark").click()
    page.reload()
    assert not is_dark(page)


@phone
def test_on_a_phone_the_areas_are_in_a_menu(page):
    page.goto(PODS)
    expect(page.get_by_label("Areas", exact=True)).to_be_hidden()
    page.get_by_label("Open menu").tap()
    page.get_by_label("Areas, small screen").get_by_role("link", name="Nodes").tap()
    expect(page).to_have_url(re.compile(r"/dashboard/nodes\?context=demo-cluster"))
    expect(page.get_by_label("Areas, small screen")).to_be_hidden()


@phone
def test_on_a_phone_rows_are_cards(page):
    page.goto(PODS)
    row = page.locator("main tbody tr").first
    assert row.evaluate("row => getComputedStyle(row).display") in ("grid", "flex", "block")
    expect(page.locator("main thead")).not_to_be_in_viewport()


@phone
def test_on_a_phone_context_and_filter_work(page):
    page.goto(PODS)
    page.locator("#scope summary").tap()
    page.locator("#scope").get_by_role("link", name="production", exact=True).tap()
    expect(page).to_have_url(re.compile("namespace=production"))
    page.get_by_label("Filter pods").fill("postgres")
    expect(page).to_have_url(re.compile("q=postgres"))
    expect(page.locator("main tbody tr").filter(has_not_text="postgres")).to_have_count(0)


@phone
def test_what_is_for_fingers_is_large_enough(page):
    page.goto(PODS)
    targets = page.locator("main button, main a, main input, header summary, header a").filter(visible=True)
    boxes = targets.evaluate_all(
        "all => all.map(each => [each.outerHTML.slice(0, 90), each.getBoundingClientRect().height])"
    )
    assert [box for box in boxes if box[1] < 24] == []


@pytest.mark.browser_context_args(reduced_motion="reduce")
def test_nothing_moves_for_who_wants_it_still(page):
    page.goto(PODS)
    assert page.evaluate("document.getAnimations().filter(each => each.playState === 'running').length") == 0

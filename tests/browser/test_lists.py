"""Lists: filter, state, sort, pages, columns, place; all of it is in the URL"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import listening

pytestmark = pytest.mark.needs("TEST_CHROMIUM")
PODS = "/dashboard/pods?context=demo-cluster"
EVENTS = "/dashboard/events?context=demo-cluster"
# Without a pause between two keys, however busy the machine is.
TYPE = """(field, text) => {
    for (const letter of text) {
        field.value += letter;
        field.dispatchEvent(new Event("input", {bubbles: true}));
    }
}"""


def rows(page: Page):
    return page.locator("main tbody tr")


def column(page: Page, title: str) -> list[str]:
    heads = [text.strip() for text in page.locator("main thead th").all_inner_texts()]
    return page.locator(f"main tbody td:nth-child({heads.index(title) + 1})").all_inner_texts()


def head(page: Page, title: str):
    return page.locator("main thead th").filter(has_text=title)


def test_typing_filters_and_goes_back(page):
    page.goto(PODS)
    everything = rows(page).count()
    page.get_by_label("Filter pods").press_sequentially("api")
    expect(page).to_have_url(re.compile(r"[?&]q=api(&|$)"))
    expect(rows(page).filter(has_not_text="api")).to_have_count(0)
    assert 0 < rows(page).count() < everything
    expect(page.get_by_label("Filter pods")).to_be_focused()
    page.go_back()
    expect(page).to_have_url(re.compile(r"/dashboard/pods\?context=demo-cluster$"))
    expect(rows(page)).to_have_count(everything)
    expect(page.get_by_label("Filter pods")).to_have_value("")


def test_typing_asks_once_when_it_pauses(page, watch):
    listening(page, PODS)
    watch.requests.clear()
    page.get_by_label("Filter pods").evaluate(TYPE, "redis-cache")
    expect(page).to_have_url(re.compile("q=redis-cache"))
    assert len([each for each in watch.addresses() if "q=" in each]) == 1


def test_a_click_during_a_refresh_is_not_lost(page):
    listening(page, PODS)
    page.route("**/dashboard/pods*", lambda route: None)  # held until it is unrouted
    with page.expect_request("**/dashboard/pods*"):
        page.locator("#pods").dispatch_event("changed")
    page.get_by_role("group", name="State").get_by_role("link", name="Failing").click()
    page.unroute("**/dashboard/pods*")
    expect(page).to_have_url(re.compile("state=failing"))
    expect(page.get_by_role("group", name="State").locator("[aria-current]")).to_contain_text("Failing")


def test_a_filter_that_matches_nothing_says_how_many_there_are(page):
    page.goto(f"{PODS}&q=no-such-pod")
    expect(page.get_by_role("heading", name="No pod matches “no-such-pod”")).to_be_visible()
    page.get_by_role("link", name="Clear filter").click()
    expect(rows(page)).not_to_have_count(0)


def test_a_state_chip_shows_as_many_rows_as_it_says(page):
    page.goto(PODS)
    chip = page.get_by_role("group", name="State").get_by_role("link", name="Failing")
    number = int(chip.locator("b").inner_text())
    chip.click()
    expect(page).to_have_url(re.compile("state=failing"))
    expect(rows(page)).to_have_count(number)
    expect(page.get_by_role("group", name="State").locator("[aria-current]")).to_have_text(
        f"Failing {number}"
    )


def test_heads_sort_both_ways(page):
    page.goto(PODS)
    for direction, turned in (("descending", True), ("ascending", False)):
        head(page, "Restarts").get_by_role("link").click()
        expect(head(page, "Restarts")).to_have_attribute("aria-sort", direction)
        numbers = [int(text.replace(",", "")) for text in column(page, "Restarts")]
        assert numbers == sorted(numbers, reverse=turned)
    expect(page.locator("main th[aria-sort]")).to_have_count(1)
    expect(page).to_have_url(re.compile("sort=restartCount"))


def test_long_lists_have_pages(page):
    page.goto(EVENTS)
    footer = page.locator("main footer")
    expect(footer).to_contain_text("1–50 of")
    first = rows(page).first.get_attribute("id")
    footer.get_by_role("link", name="Next").click()
    expect(footer).to_contain_text("51–100 of")
    expect(page).to_have_url(re.compile("page=2"))
    assert rows(page).first.get_attribute("id") != first
    expect(footer.get_by_role("link", name="Next")).to_be_focused()
    footer.get_by_role("link", name="Previous").click()
    expect(footer).to_contain_text("1–50 of")
    expect(rows(page).first).to_have_attribute("id", first)


def test_a_page_beyond_the_end_shows_the_last(page):
    page.goto(f"{EVENTS}&page=999")
    expect(page.locator("main footer").get_by_role("button", name="Next")).to_be_disabled()
    expect(rows(page)).not_to_have_count(0)


def test_columns_are_chosen_and_stay_in_the_address(page):
    page.goto(PODS)
    page.locator("main summary", has_text="Columns").click()
    page.get_by_label("IP", exact=True).check()
    expect(head(page, "IP")).to_be_visible()
    page.get_by_label("Restarts", exact=True).uncheck()
    expect(head(page, "Restarts")).to_have_count(0)
    page.reload()
    expect(head(page, "IP")).to_be_visible()
    expect(head(page, "Restarts")).to_have_count(0)


def test_the_address_names_context_and_namespace(page):
    page.goto(PODS)
    where = page.locator("#scope")
    where.locator("summary").click()
    where.get_by_label("Namespaces").get_by_role("link", name="production", exact=True).click()
    expect(page).to_have_url(re.compile(r"context=demo-cluster&namespace=production"))
    expect(where).to_contain_text("production")
    expect(rows(page)).not_to_have_count(0)
    assert "Namespace" not in page.locator("main thead").inner_text()


def test_the_switcher_narrows_its_namespaces(page):
    page.goto(PODS)
    where = page.locator("#scope")
    where.locator("summary").click()
    where.get_by_label("Namespace", exact=True).fill("kube")
    shown = where.get_by_label("Namespaces").get_by_role("link")
    expect(shown.filter(visible=True).filter(has_not_text="kube")).to_have_count(0)
    expect(shown.filter(visible=True)).not_to_have_count(0)


@pytest.mark.needs("TEST_KUBECONFIG", "TEST_KUBECONFIG_VIEWER")
def test_another_context_shows_its_own_rows(page, playground, namespace):
    playground.settle(namespace, pods=3)
    page.goto(f"{PODS}&sort=name")
    page.locator("#scope summary").click()
    page.locator("#scope").get_by_label("Contexts").get_by_role("link", name="viewer").click()
    expect(page).to_have_url(re.compile(r"\?context=viewer&sort=name$"))
    expect(page.locator(f'[id^="r-{namespace}/"]')).to_have_count(3)


@pytest.mark.needs("TEST_KUBECONFIG", "TEST_KUBECONFIG_NOBODY")
@pytest.mark.parametrize("kind", ["pods", "nodes", "namespaces", "events"])
def test_who_may_read_nothing_is_told_so(page, kind):
    page.goto(f"/dashboard/{kind}?context=nobody")
    expect(page.get_by_role("heading", name=f"You may not read {kind} in nobody")).to_be_visible()
    expect(page.locator("main")).to_contain_text(f"list and watch for {kind}")
    expect(page.locator("main table")).to_have_count(0)


@pytest.mark.needs("TEST_KUBECONFIG", "TEST_KUBECONFIG_NOBODY")
def test_a_context_without_rights_breaks_no_other_page(page):
    page.goto("/dashboard/?context=nobody")
    expect(page.locator("main")).to_contain_text("not permitted")
    page.get_by_label("Areas", exact=True).get_by_role("link", name="System").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()

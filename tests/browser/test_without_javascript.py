"""Everything that can be read and done by links and forms alone"""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.product import PASSWORD, USER

pytestmark = [pytest.mark.needs("TEST_CHROMIUM"), pytest.mark.browser_context_args(java_script_enabled=False)]
PODS = "/dashboard/pods?context=demo-cluster"
signed_out = pytest.mark.browser_context_args(java_script_enabled=False, storage_state=None)


@signed_out
def test_one_can_sign_in_and_out(page, the_product):
    page.goto(PODS)
    page.get_by_label("User name").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(the_product.url + PODS)
    page.get_by_label(f"{USER}: menu").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_filter_is_a_form(page):
    page.goto(PODS)
    page.get_by_label("Filter pods").fill("redis")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page).to_have_url(re.compile("q=redis"))
    assert page.locator("main tbody tr").filter(has_not_text="redis").count() == 0
    assert page.locator("main tbody tr").count() > 0


def test_heads_and_chips_are_links(page):
    page.goto(PODS)
    page.locator("main th").get_by_role("link", name="Name", exact=True).click()
    expect(page.locator("main th[aria-sort=ascending]")).to_have_text(re.compile("Name"))
    page.get_by_role("group", name="State").get_by_role("link", name="Failing").click()
    expect(page).to_have_url(re.compile("sort=name&state=failing|state=failing&sort=name"))


def test_pages_are_links(page):
    page.goto("/dashboard/events?context=demo-cluster")
    page.get_by_role("link", name="Next", exact=True).click()
    expect(page.locator("main footer")).to_contain_text("51–100 of")
    page.get_by_role("link", name="Previous", exact=True).click()
    expect(page.locator("main footer")).to_contain_text("1–50 of")


def test_columns_are_a_form(page):
    page.goto(PODS)
    page.locator("main summary", has_text="Columns").click()
    page.get_by_label("IP", exact=True).check()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("main th", has_text="IP")).to_be_visible()


def test_the_switcher_is_a_form_and_links(page):
    page.goto(PODS)
    page.locator("#scope summary").click()
    page.locator("#scope").get_by_label("Namespace", exact=True).fill("production")
    page.locator("#scope").get_by_label("Namespace", exact=True).press("Enter")
    expect(page).to_have_url(re.compile("namespace=production"))
    page.locator("#scope summary").click()
    page.locator("#scope").get_by_role("link", name="all namespaces").click()
    expect(page).to_have_url(re.compile(r"context=demo-cluster$"))


@pytest.mark.needs("TEST_KUBECONFIG")
def test_another_context_is_a_link(page):
    page.goto(PODS)
    page.locator("#scope summary").click()
    page.locator("#scope").get_by_label("Contexts").get_by_role("link", name="lab").click()
    expect(page).to_have_url(re.compile(r"context=lab"))


def test_the_search_is_a_page(page):
    page.goto(PODS)
    page.get_by_role("link", name="Search").click()
    page.get_by_role("searchbox", name="Search").fill("redis-cache")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("#hits").get_by_role("link").first).to_contain_text("redis-cache")


def test_the_theme_is_a_form(page):
    page.goto(PODS)
    page.get_by_role("button", name="Switch light or dark").click()
    expect(page).to_have_url(re.compile(re.escape(PODS)))
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_a_key_is_made_and_revoked_by_forms(page):
    page.goto("/dashboard/access/keys")
    page.get_by_role("link", name="New API key…").first.click()
    page.get_by_label("Name", exact=True).fill("made-without-javascript")
    page.get_by_role("checkbox").first.check()
    page.locator("main form button").last.click()
    row = page.locator("main tr", has_text="made-without-javascript")
    expect(row).to_be_visible()
    row.get_by_role("link", name=re.compile("Revoke")).click()
    page.get_by_role("button", name=re.compile("Revoke")).click()
    expect(row).to_contain_text(re.compile("revoked", re.IGNORECASE))

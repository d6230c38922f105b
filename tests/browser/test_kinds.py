"""Any kind: found by a word, listed, opened, read again"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import PLACE

pytestmark = pytest.mark.needs("TEST_CHROMIUM")
SCHEDULES = f"/dashboard/kinds/backupschedules.backup.example.com?{PLACE}"


def test_a_short_name_in_the_palette_leads_to_the_list_and_an_object(page: Page):
    page.goto(f"/dashboard/?{PLACE}")
    page.keyboard.press("Control+k")
    page.get_by_role("searchbox", name="Search").last.fill("bs")
    page.locator("#palette-results").get_by_role("link", name=re.compile("BackupSchedule")).click()
    expect(page.get_by_role("heading", name="BackupSchedule", exact=True)).to_be_visible()
    page.get_by_role("link", name="postgres-nightly").click()
    expect(page.get_by_role("heading", name="postgres-nightly")).to_be_visible()
    expect(page.get_by_text("SnapshotQuotaExceeded")).to_be_visible()


def test_typing_filters_kinds_and_rows(page: Page):
    page.goto(f"/dashboard/kinds?{PLACE}")
    page.get_by_role("searchbox", name="Find a kind").fill("netpol")
    expect(page.get_by_role("link", name="NetworkPolicy")).to_be_visible()
    expect(page.get_by_role("link", name="Deployment", exact=True)).to_have_count(0)
    expect(page).to_have_url(re.compile("q=netpol"))
    page.goto(SCHEDULES)
    page.get_by_role("searchbox", name="Filter BackupSchedule objects").fill("failed")
    expect(page.get_by_role("link", name="backup-data")).to_have_count(0)
    expect(page.get_by_role("link", name="postgres-nightly")).to_be_visible()


def test_a_list_is_read_again_while_it_is_seen(page: Page):
    page.clock.install()
    page.goto(SCHEDULES)
    with page.expect_response(re.compile("/dashboard/kinds/backupschedules")) as answered:
        page.clock.fast_forward(31_000)
    assert answered.value.request.headers["hx-request"] == "true"
    expect(page.get_by_role("link", name="backup-data")).to_be_visible()


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_kinds_are_found_without_javascript(page: Page):
    page.goto(f"/dashboard/kinds?{PLACE}")
    page.get_by_role("searchbox", name="Find a kind").fill("sc")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="StorageClass").click()
    expect(page.get_by_role("link", name="standard (default)")).to_be_visible()

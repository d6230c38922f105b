"""Acts: dialogs over the page, plain pages without scripts, and what is followed after"""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import grave_violations

pytestmark = pytest.mark.needs("TEST_CHROMIUM")
PLACE = "context=demo-cluster"
DEPLOYMENT = f"/dashboard/deployments/default/frontend?{PLACE}"


def menu(page) -> None:
    page.locator("summary[aria-label='More to do']").click()


def test_a_workload_is_scaled_in_a_dialog_and_followed_on_its_page(page):
    page.goto(DEPLOYMENT)
    menu(page)
    page.get_by_role("link", name="Scale…").click()
    dialog = page.get_by_role("dialog", name="Scale frontend?")
    expect(dialog.get_by_label("Pods")).to_be_focused()
    assert grave_violations(page) == []
    dialog.get_by_label("Pods").fill("3")
    dialog.get_by_role("button", name="Scale").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#toasts")).to_contain_text("scaled to 3")
    expect(page.get_by_label("Under way")).to_contain_text("asked by mara")


def test_what_is_refused_stays_typed_in_the_dialog(page, watch):
    watch.allow("422")
    page.goto(DEPLOYMENT)
    menu(page)
    page.get_by_role("link", name="Scale…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Pods").fill("99999999")
    dialog.get_by_role("button", name="Scale").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Nothing was changed")
    expect(dialog.get_by_label("Pods")).to_have_value("99999999")


def test_a_dialog_is_left_by_escape_and_by_cancel(page):
    page.goto(DEPLOYMENT)
    for leave in (lambda: page.keyboard.press("Escape"), lambda: page.get_by_text("Cancel").click()):
        menu(page)
        page.get_by_role("link", name="Delete…").click()
        expect(page.get_by_role("dialog", name="Delete frontend?")).to_be_visible()
        leave()
        expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_restart_asks_nothing_and_offers_to_watch(page):
    page.goto(DEPLOYMENT)
    page.get_by_role("button", name="Restart").click()
    toast = page.locator("#toasts")
    expect(toast).to_contain_text("Deployment frontend restart initiated")
    expect(toast.get_by_role("link", name="Watch")).to_be_visible()


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_without_scripts_the_question_is_a_page(page):
    page.goto(DEPLOYMENT)
    menu(page)
    page.get_by_role("link", name="Scale…").click()
    expect(page).to_have_url(re.compile("/do/scale"))
    page.get_by_label("Pods").fill("4")
    page.get_by_role("button", name="Scale").click()
    expect(page.get_by_role("status").first).to_contain_text("scaled to 4")


def test_a_drain_shows_its_plan_and_then_how_far_it_is(page):
    page.goto(f"/dashboard/nodes/-/worker-b?{PLACE}")
    page.get_by_role("link", name="Drain…").click()
    dialog = page.get_by_role("dialog", name="Drain worker-b?")
    expect(dialog).to_contain_text("will be evicted")
    assert grave_violations(page) == []
    for box in dialog.get_by_role("checkbox").all():
        box.check()
    dialog.get_by_role("button", name="Drain").click()
    expect(page.get_by_role("region", name="Drain")).to_contain_text("evicted")
    page.reload()
    page.get_by_role("button", name="Stop after this pod").click()
    expect(page.get_by_role("region", name="Drain")).to_contain_text("The node stays cordoned")
    page.get_by_role("button", name="Uncordon").click()
    expect(page.get_by_role("button", name="Cordon", exact=True)).to_be_visible()

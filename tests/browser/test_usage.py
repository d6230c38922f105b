"""What the real cluster's pods and nodes use, in a browser, and what who may not read it sees"""

import pytest
from playwright.sync_api import Page, expect

pytestmark = [
    pytest.mark.needs("TEST_CHROMIUM", "TEST_KUBECONFIG"),
]
SECONDS = 100_000


def test_a_new_pod_shows_its_use_without_reloading(page: Page, quiet_namespace):
    page.goto(f"/dashboard/pods?context=lab&namespace={quiet_namespace}")
    expect(page.locator("td[data-l=memory]", has_text="MiB")).to_be_visible(timeout=SECONDS)
    page.locator("a.nm").first.click()
    expect(page.get_by_role("columnheader", name="Memory, 30 min")).to_be_visible()
    page.get_by_role("navigation", name="Pod").get_by_role("link", name="Metrics").click()
    expect(page.get_by_role("img", name="CPU of the last 60 min").first).to_be_visible()


def test_nodes_show_which_part_is_in_use(page: Page):
    page.goto("/dashboard/nodes?context=lab")
    expect(page.locator(".o-meter").first).to_be_visible(timeout=SECONDS)
    page.locator("a.nm").first.click()
    expect(page.get_by_role("region", name="Use")).to_contain_text("CPU requested")


@pytest.mark.needs("TEST_KUBECONFIG_VIEWER")
def test_who_may_not_read_use_sees_why(page: Page):
    page.goto("/dashboard/nodes?context=viewer")
    chip = page.get_by_text("no metrics here")
    expect(chip).to_be_visible()
    assert "metrics.k8s.io" in str(chip.get_attribute("title"))
    page.locator("a.nm").first.click()
    expect(page.get_by_role("region", name="Use")).to_contain_text("is forbidden")

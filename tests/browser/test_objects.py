"""Pages of objects: the way there, its tabs, and what happens while it is open"""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.needs("TEST_CHROMIUM")
PLACE = "context=demo-cluster"
DEPLOYMENT = f"/dashboard/deployments/default/api-gateway?{PLACE}"


def test_from_the_overview_to_the_reason_in_two_clicks(page):
    page.goto(f"/dashboard/?{PLACE}")
    page.get_by_role("link", name=re.compile("rabbitmq cannot pull its image")).click()
    if "/dashboard/pods?" in page.url:
        page.locator("main tbody a.nm").first.click()
    expect(page.get_by_role("heading", name="Why", exact=True)).to_be_visible()
    expect(page.locator("main")).to_contain_text("ImagePullBackOff")


def test_a_name_in_a_list_opens_its_object_and_the_way_leads_back(page):
    page.goto(f"/dashboard/deployments?{PLACE}")
    page.get_by_role("link", name="api-gateway", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="api-gateway")).to_be_visible()
    page.get_by_label("Breadcrumb").get_by_role("link", name="Deployments").click()
    expect(page).to_have_url(re.compile(r"/dashboard/deployments\?context=demo-cluster$"))


def test_enter_opens_the_row_that_the_keys_are_on(page):
    page.goto(f"/dashboard/deployments?{PLACE}&sort=name")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/dashboard/deployments/default/api-gateway\?"))


def test_tabs_of_an_area_change_the_kind_and_keep_the_place(page):
    page.goto(f"/dashboard/deployments?{PLACE}&namespace=default")
    page.get_by_label("Kinds").get_by_role("link", name=re.compile("^Jobs")).click()
    expect(page).to_have_url(re.compile(r"/dashboard/jobs\?context=demo-cluster&namespace=default"))
    expect(page.get_by_label("Kinds").locator("[aria-current]")).to_contain_text("Jobs")


def test_the_palette_opens_an_object(page):
    page.goto(f"/dashboard/deployments?{PLACE}")
    page.keyboard.press("Control+k")
    page.locator("#palette input[type=search]").fill("api-gateway")
    hits = page.locator("#palette-results a").filter(has_text="Deployment · demo-cluster")
    hits.filter(has_text="api-gateway").first.click()
    expect(page).to_have_url(re.compile(r"/dashboard/deployments/default/api-gateway\?"))


@pytest.mark.browser_context_args(permissions=["clipboard-read", "clipboard-write"])
def test_yaml_can_be_copied(page):
    page.goto(DEPLOYMENT)
    page.get_by_label("Deployment", exact=True).get_by_role("link", name="YAML").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.locator("#toasts")).to_contain_text("Copied")
    assert "kind: Deployment" in page.evaluate("navigator.clipboard.readText()")


@pytest.mark.needs("TEST_KUBECONFIG")
def test_an_open_page_follows_its_object_until_it_is_gone(page, playground, namespace):
    playground.settle(namespace, pods=3)
    page.goto(f"/dashboard/deployments/{namespace}/web?context=lab")
    expect(page.get_by_role("region", name="Pods, table").locator("tbody tr")).to_have_count(3)
    pod = page.locator("main tbody a.nm", has_text="web-").first.inner_text()
    page.goto(f"/dashboard/pods/{namespace}/{pod}?context=lab")
    expect(page.locator("main .o-age.live")).to_be_visible()
    playground.delete_pod(pod, namespace=namespace)
    expect(page.get_by_role("heading", name=f"Pod {pod} is gone")).to_be_visible(timeout=30_000)


@pytest.mark.needs("TEST_KUBECONFIG", "TEST_KUBECONFIG_NOBODY")
def test_who_may_not_read_an_object_is_told_so(page, watch):
    watch.allow("403")
    page.goto("/dashboard/secrets/default/any?context=nobody")
    expect(page.get_by_role("heading", name="You may not read Secret any")).to_be_visible()

"""The daily job on a real cluster: find it, see what is wrong, change it, see that it worked"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.cluster import IMAGE
from tests.browser.daily import BAD_IMAGE, PORT, SLOW, Work, type_over, work
from tests.browser.product import PASSWORD, USER
from tests.browser.test_sign_in import sign_in

pytestmark = [
    pytest.mark.needs("TEST_CHROMIUM", "TEST_KUBECONFIG"),
    pytest.mark.browser_context_args(storage_state=None),
]


@pytest.fixture(scope="module")
def cluster() -> Work:
    with work() as found:
        yield found


@pytest.fixture
def admin(page: Page) -> Page:
    """A page of an administrator who signed in with a password."""
    page.goto("/dashboard/login")
    sign_in(page, name=USER, password=PASSWORD)
    expect(page.get_by_role("heading", name="Needs attention")).to_be_visible()
    return page


def rows(page: Page):
    """Return the pods that the page of a workload shows."""
    return page.get_by_role("region", name="Pods, table").locator("tbody tr")


def fact(page: Page, label: str):
    return page.locator("dt", has_text=re.compile(f"^{label}$")).locator("+ dd")


def ask(page: Page, label: str):
    """Choose something from the menu of an object; return the question that opens."""
    page.locator("summary[aria-label='More to do']").click()
    page.get_by_role("link", name=f"{label}…").click()
    return page.get_by_role("dialog")


def loads(watch) -> int:
    """Return how many whole pages were loaded."""
    return sum(each.resource_type == "document" for each in watch.requests)


def test_a_bad_image_is_found_in_two_clicks_repaired_and_seen_to_work(admin, cluster, watch):
    cluster.web("shop")
    cluster.change("shop", image=BAD_IMAGE)
    page = admin
    page.goto(f"/dashboard/?context=lab&namespace={cluster.namespace}")
    lead = page.get_by_role("heading", name=re.compile("^shop cannot pull its image")).get_by_role("link")
    lead.click(timeout=SLOW)  # The overview is not loaded again: it tells of the pod by itself.
    expect(page.get_by_role("heading", name="Why", exact=True)).to_be_visible()
    expect(page.locator("main")).to_contain_text(BAD_IMAGE)

    page.get_by_role("region", name="Where it sits").get_by_role(
        "link", name=re.compile("^Deployment")
    ).click()
    page.get_by_role("link", name="YAML", exact=True).click()
    page.get_by_role("link", name="Edit", exact=True).click()
    type_over(page, BAD_IMAGE, IMAGE)
    check = page.locator("#edit-check")
    expect(check.locator(".del")).to_contain_text(f"image: {BAD_IMAGE}")
    expect(check.locator(".add")).to_contain_text(f"image: {IMAGE}")
    expect(check).to_contain_text("The server accepts this change")
    page.get_by_role("button", name="Apply now").click()

    expect(page.get_by_label("Under way")).to_contain_text(f"asked by {USER}")
    before = loads(watch)
    expect(page.locator("main .ttl")).to_contain_text("Available", timeout=SLOW)
    expect(rows(page)).to_have_count(1, timeout=SLOW)
    expect(rows(page)).to_contain_text("Running", timeout=SLOW)
    assert loads(watch) == before


def test_scaling_is_seen_in_numbers_and_pods(admin, cluster, watch):
    cluster.web("shelf")
    admin.goto(cluster.page("shelf"))
    before = loads(watch)
    dialog = ask(admin, "Scale")
    dialog.get_by_label("Pods").fill("3")
    dialog.get_by_role("button", name="Scale").click()
    expect(dialog).to_be_hidden()
    expect(rows(admin).filter(has_text="Running")).to_have_count(3, timeout=SLOW)
    expect(fact(admin, "Ready")).to_have_text("3 of 3")
    assert loads(watch) == before


def test_a_change_is_undone_with_the_difference_in_sight(admin, cluster):
    cluster.web("till")
    cluster.change("till", env=[{"name": "GREETING", "value": "goodbye"}])
    admin.goto(cluster.page("till"))
    expect(fact(admin, "Revision")).to_have_text("2", timeout=SLOW)
    admin.get_by_role("link", name="History", exact=True).click()
    difference = admin.get_by_role("group", name="Difference")
    expect(difference.locator(".del")).to_contain_text("goodbye")
    expect(difference.locator(".add")).to_contain_text("hello")
    admin.get_by_role("link", name="Go back…").click()
    dialog = admin.get_by_role("dialog", name="Go back till?")
    expect(dialog.locator(".add")).to_contain_text("hello")
    dialog.get_by_role("button", name="Go back").click()
    expect(admin.locator("#toasts")).to_contain_text("goes back to revision 1")
    admin.locator("#toasts").get_by_role("link", name="Watch").click()
    expect(fact(admin, "Revision")).to_have_text("3", timeout=SLOW)
    expect(admin.locator("main .ttl")).to_contain_text("Available", timeout=SLOW)
    env = cluster.read("till").spec.template.spec.containers[0].env
    assert [each.value for each in env] == ["hello"]


def test_what_a_shell_writes_is_seen_by_who_follows_the_log(admin, cluster):
    cluster.web("desk")
    pod = next(iter(cluster.pods("desk")))
    admin.goto(cluster.page("desk"))
    rows(admin).get_by_role("link", name=pod, exact=True).click()
    log = admin.context.new_page()
    log.goto(admin.url)
    log.get_by_label("Pod", exact=True).get_by_role("link", name="Logs").click()
    expect(log.locator("#log [data-state]")).to_contain_text("Following")

    admin.locator(".o-acts").get_by_role("link", name="Terminal").click()
    expect(admin.locator("#terminal [data-state]")).to_contain_text("Connected: sh in", timeout=SLOW)
    admin.keyboard.type("hostname\n")
    expect(admin.locator(".xterm-rows").get_by_text(pod, exact=True)).to_be_visible()
    admin.keyboard.type("echo the shop is open > /proc/1/fd/1\n")
    expect(log.locator("#log-lines .l").last).to_contain_text("the shop is open", timeout=SLOW)


def test_a_port_of_a_pod_opens_as_a_page(admin, cluster):
    cluster.web("door")
    pod = next(iter(cluster.pods("door")))
    admin.goto(f"/dashboard/pods/{cluster.namespace}/{pod}?context=lab")
    admin.get_by_role("link", name="Ports", exact=True).click()
    with admin.expect_popup() as opened:
        admin.get_by_role("button", name=f"Open port {PORT}").click()
    expect(opened.value.locator("body")).to_have_text(f"hello from {pod}")


def test_a_claim_is_deleted_by_its_name_alone(admin, cluster, watch):
    watch.allow("422")
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    claim = {"metadata": {"name": "safe"}, "spec": spec}
    cluster.core.create_namespaced_persistent_volume_claim(cluster.namespace, claim)
    admin.goto(f"/dashboard/persistentvolumeclaims/{cluster.namespace}/safe?context=lab")
    dialog = ask(admin, "Delete")
    expect(dialog).to_contain_text("The data on its volume is lost")
    dialog.get_by_label("Type safe to go on").fill("save")
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Repeat the name safe to delete it.")
    expect(dialog.get_by_label("Type safe to go on")).to_have_value("save")
    dialog.get_by_label("Type safe to go on").fill("safe")
    dialog.get_by_role("button", name="Delete").click()
    expect(admin.get_by_role("heading", name="PersistentVolumeClaim safe is gone")).to_be_visible(
        timeout=SLOW
    )
    found = cluster.core.list_namespaced_persistent_volume_claim(cluster.namespace).items
    assert found == []

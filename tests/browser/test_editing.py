"""Editing an object as YAML, and applying many"""

import re
from secrets import token_hex

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.needs("TEST_CHROMIUM")
PLACE = "context=demo-cluster"
CONFIG = f"/dashboard/configmaps/default/app-config/yaml?{PLACE}"
APPLY = f"/dashboard/apply?{PLACE}&namespace=default"


def change(page: Page, before: str, after: str) -> None:
    """Type over the end of the first line that holds a text."""
    page.locator(".cm-line", has_text=before).first.click()
    page.keyboard.press("End")
    for _ in before.rpartition(" ")[2]:
        page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.insert_text(after)  # One change, however slow the keys were.


@pytest.mark.needs("TEST_KUBECONFIG")
def test_an_image_is_edited_and_its_pods_follow(page, namespace):
    page.goto(f"/dashboard/deployments/{namespace}/web/yaml?context=lab")
    page.get_by_role("link", name="Edit", exact=True).click()
    change(page, "image: lab/web:1", "lab/web:no-such-tag")
    check = page.locator("#edit-check")
    expect(check.locator(".del")).to_contain_text("image: lab/web:1")
    expect(check.locator(".add")).to_contain_text("image: lab/web:no-such-tag")
    expect(check).to_contain_text("The server accepts this change")
    expect(check).to_contain_text("its pods are replaced by new ones")
    page.get_by_role("button", name="Apply now").click()
    expect(page.locator("main")).to_contain_text("spec.template.spec.containers[name=web].image")
    expect(page.locator("main")).to_contain_text("lab/web:no-such-tag")
    expect(page.locator("main")).to_contain_text(
        re.compile("ImagePullBackOff|ErrImagePull|ErrImageNeverPull"), timeout=45_000
    )
    page.get_by_role("link", name="YAML", exact=True).click()
    page.get_by_role("link", name="Edit", exact=True).click()
    change(page, "image: lab/web:no-such-tag", "lab/web:1")
    page.get_by_role("button", name="Apply now").click()
    expect(page.locator("main .ttl")).to_contain_text("Available", timeout=45_000)


def test_a_mistake_is_shown_at_its_line_and_can_be_undone(page):
    page.goto(CONFIG)
    page.get_by_role("link", name="Edit", exact=True).click()
    change(page, "APP_ENV: demo", "demo: [")
    expect(page.locator("#edit-check")).to_contain_text("This text cannot be used")
    expect(page.locator(".cm-line.hl")).to_have_count(1)
    expect(page.get_by_role("button", name="Apply now")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(page.locator("#edit-check")).to_contain_text("Nothing to try")
    expect(page.get_by_text("edited", exact=True)).to_be_hidden()


def test_leaving_with_unsaved_text_is_asked_about(page):
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto(CONFIG.replace("/yaml", "/edit"))
    change(page, "APP_ENV: demo", "other")
    expect(page.locator("#edit-check")).to_contain_text("The server accepts this change")
    page.get_by_role("link", name="Overview").last.click()
    expect(page).to_have_url(re.compile("/app-config\\?"))
    assert asked == ["beforeunload"]


def test_a_text_that_was_refused_is_still_unsaved(page):
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto(APPLY)
    page.locator(".cm-content").click()
    page.keyboard.insert_text("kind: nothing")
    page.get_by_role("button", name="Check").click()
    expect(page.locator("main")).to_contain_text("Line 1: the object has no apiVersion.")
    page.get_by_label("Areas", exact=True).get_by_role("link", name="Overview").click()
    expect(page).to_have_url(re.compile("/dashboard/\\?"))
    assert asked == ["beforeunload"]


def test_keys_of_the_page_do_not_disturb_typing(page):
    page.goto(CONFIG.replace("/yaml", "/edit"))
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("# go / j k ?")
    expect(page.locator(".cm-line").first).to_have_text(re.compile(r"^# go / j k \?"))


def test_objects_are_applied_and_each_has_a_result(page):
    name = f"t-{token_hex(3)}"
    page.goto(APPLY)
    page.locator(".cm-content").click()
    nothing = "apiVersion: example.com/v1\nkind: Nothing\nmetadata: {name: x}\n"
    page.keyboard.insert_text(
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{a: b}}\n---\n{nothing}"
    )
    page.get_by_role("button", name="Check").click()
    results = page.locator("#results tbody tr")
    expect(results.nth(0)).to_contain_text("Will be created")
    expect(results.nth(1)).to_contain_text("The cluster serves no Nothing")
    expect(page.locator(".cm-content")).to_contain_text(name)
    page.get_by_role("button", name=re.compile("^Apply")).click()
    expect(results.nth(0)).to_contain_text("Created")
    results.nth(0).get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def test_a_file_is_read_into_the_editor(page):
    page.goto(APPLY)
    content = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: out-of-a-file}\n"
    page.locator("input[type=file]").set_input_files(
        {"name": "a.yaml", "mimeType": "text/yaml", "buffer": content}
    )
    expect(page.locator(".cm-content")).to_contain_text("out-of-a-file")


def test_the_palette_leads_to_applying(page):
    page.goto(f"/dashboard/pods?{PLACE}")
    page.keyboard.press("Control+k")
    page.locator("#palette input[type=search]").fill("apply")
    page.locator("#palette-results a", has_text="Apply YAML").click()
    expect(page.get_by_role("heading", name="Apply YAML")).to_be_visible()


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_editing_works_without_scripts(page):
    page.goto(CONFIG)
    page.get_by_role("link", name="Edit", exact=True).click()
    area = page.get_by_label("YAML of app-config")
    fresh = f"T_{token_hex(3).upper()}"
    area.fill(area.input_value().replace("\ndata:", f"\ndata:\n  {fresh}: '1'"))
    page.get_by_role("button", name="Check").click()
    expect(page.locator("#edit-check")).to_contain_text("The server accepts this change")
    page.get_by_role("button", name="Apply now").click()
    expect(page.locator("main")).to_contain_text(f"ConfigMap app-config is changed: data.{fresh}.")

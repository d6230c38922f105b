"""Stacks on a real cluster: made by a form, opened, extended and ended"""

import re
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import grave_violations
from tests.real.stacks import spec

pytestmark = pytest.mark.needs("TEST_CHROMIUM", "TEST_KUBECONFIG")
LIST = "/dashboard/stacks"
FORM = f"{LIST}/new"
RUNNING_WITHIN = 45_000
no_scripts = pytest.mark.browser_context_args(java_script_enabled=False)


def write(page: Page, text: str) -> None:
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(text)


def make(page: Page, text: str | None = None) -> str:
    """Make a stack as the form does; return its id."""
    token = page.request.get(FORM).text().split('csrfmiddlewaretoken" value="')[1].split('"')[0]
    values = {"csrfmiddlewaretoken": token, "container_port": "8080", "protocol": "TCP", "act": "create"}
    answer = page.request.post(FORM, form={**values, "yaml": text or spec()}, max_redirects=0)
    assert answer.status == 302, answer.text()
    return answer.headers["location"].rpartition("/")[2]


def assert_it_fits(page: Page) -> None:
    """See that a small screen shows the page without moving it sideways."""
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    page.set_viewport_size({"width": 1440, "height": 900})


def test_a_stack_is_made_by_the_form_and_opened_through_this_server(page):
    page.goto(LIST)
    page.get_by_role("link", name="New stack").first.click()
    page.get_by_label("Container port 1").fill("8080")
    write(page, spec())
    page.get_by_role("button", name="Create stack").click()
    expect(page.locator("main")).to_contain_text("is created")
    expect(page.locator("main .ttl")).to_contain_text("running", timeout=RUNNING_WITHIN)
    assert grave_violations(page) == []
    assert_it_fits(page)
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Open port 8080").click()
    expect(opened.value.locator("body")).not_to_be_empty()
    expect(opened.value).to_have_url(re.compile("/proxy/stacks/stack-[0-9a-f]{16}/8080/"))


def test_a_wrong_value_is_shown_at_its_field_and_the_text_is_kept(page, watch):
    watch.allow("422")
    page.goto(FORM)
    page.get_by_label("Container port 1").fill("80800")
    page.get_by_role("button", name="Create stack").click()
    expect(page.get_by_text("A port is a number from 1 to 65535.")).to_be_visible()
    expect(page.get_by_label("Container port 1")).to_have_value("80800")
    assert grave_violations(page) == []
    page.get_by_label("Container port 1").fill("8080")
    write(page, spec().replace("cpu: 10m, ", ""))
    page.get_by_role("button", name="Create stack").click()
    expect(page.locator("#spec-error")).to_contain_text("spec.containers[0].resources")
    expect(page.locator(".cm-line.hl")).to_contain_text("resources:")
    expect(page.locator(".cm-content")).to_contain_text("image: lab/web:1")


def test_ports_are_added_and_removed_while_the_spec_stays_as_typed(page):
    page.goto(FORM)
    write(page, "kind: Mine\n")
    page.get_by_role("button", name="Add a port").click()
    expect(page.get_by_label("Container port 2")).to_be_visible()
    page.get_by_label("Container port 2").fill("53")
    page.get_by_role("button", name="Remove port 1").click()
    expect(page.get_by_label("Container port 2")).to_have_count(0)
    expect(page.get_by_label("Container port 1")).to_have_value("53")
    expect(page.locator(".cm-content")).to_contain_text("kind: Mine")


def test_the_list_follows_and_its_time_ticks(page):
    page.goto(LIST)
    name = make(page)
    row = page.locator(f"#r-{name}")
    expect(row).to_contain_text("running", timeout=RUNNING_WITHIN)
    left = row.locator("time[data-left]")
    expect(left).to_have_text(re.compile("^1 h 5[0-9] min$"))
    ends_at = datetime.fromisoformat(str(left.get_attribute("datetime")))
    page.clock.set_fixed_time(ends_at - timedelta(minutes=3, seconds=30))
    expect(left).to_have_text("3:30")
    expect(left).to_have_class(re.compile("now"))


def test_a_stack_is_extended_in_place(page):
    name = make(page)
    page.goto(f"{LIST}/{name}")
    expect(page.get_by_text("Lifetime 2 h", exact=True)).to_be_visible()
    page.get_by_role("button", name="Extend 1 h").click()
    expect(page.locator("#toasts")).to_contain_text("is extended by 1 h")
    expect(page.get_by_text("Lifetime 3 h", exact=True)).to_be_visible()
    expect(page.locator(".o-big")).to_have_text(re.compile("^2 h 59 min|3 h 00 min"))


def test_a_stack_is_stopped_and_then_deleted_after_questions(page):
    name = make(page)
    page.goto(f"{LIST}/{name}")
    page.get_by_role("link", name="Stop now…").click()
    dialog = page.get_by_role("dialog", name=f"Stop {name}?")
    assert grave_violations(page) == []
    dialog.get_by_role("button", name="Stop").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("Somebody stopped it")).to_be_visible()
    page.get_by_role("link", name="Delete…").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator("main")).to_contain_text(f"{name} is deleted")
    expect(page.locator(f"#r-{name}")).to_have_count(0)


def test_what_does_not_run_says_why(page):
    name = make(page, spec(image="lab/no-such-image:1"))
    page.goto(f"{LIST}/{name}")
    expect(page.locator("main")).to_contain_text("The image cannot be pulled", timeout=RUNNING_WITHIN)
    expect(page.get_by_text("What happened")).to_be_visible()


def test_keys_choose_rows_and_a_refresh_keeps_them(page):
    first, second = make(page), make(page)
    page.goto(f"{LIST}?sort=-created_at")
    page.keyboard.press("j")
    page.keyboard.press("x")
    box = page.get_by_label(f"Choose {second}")
    expect(box).to_be_checked()
    expect(page.locator("[data-chosen]")).to_have_text("1 chosen")
    page.keyboard.press("Escape")
    page.get_by_role("button", name=f"Extend {first} by 1 h").click()
    expect(page.locator(f"#r-{first} time[data-left]")).to_have_text(re.compile("^2 h 59|^3 h"))
    expect(box).to_be_checked()


def test_twenty_are_deleted_as_a_job_with_its_progress(page):
    names = [make(page) for _ in range(20)]
    page.goto(f"{LIST}?sort=-created_at&q={names[0][:6]}")
    for name in names:
        page.get_by_label(f"Choose {name}").check()
    expect(page.locator("[data-chosen]")).to_have_text("20 chosen")
    assert grave_violations(page) == []
    assert_it_fits(page)
    page.get_by_role("button", name="Delete chosen…").click()
    expect(page.get_by_role("heading", name="Delete 20 stacks?")).to_be_visible()
    expect(page.get_by_role("region", name="Stacks to delete, table")).to_contain_text(names[19])
    page.get_by_label("Type 20 to go on").fill("20")
    page.get_by_role("button", name="Delete 20 stacks").click()
    expect(page.get_by_role("img", name=re.compile("of 20 stacks are done"))).to_be_visible()
    assert grave_violations(page) == []
    assert_it_fits(page)
    expect(page.get_by_role("heading", name="Deleted 20 of 20 stacks")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("img", name="20 of 20 stacks are done")).to_be_visible()
    page.get_by_role("link", name="All stacks").click()
    expect(page.locator(f"#r-{names[0]}")).to_have_count(0)


@no_scripts
def test_a_stack_is_made_extended_and_deleted_without_scripts(page):
    page.goto(FORM)
    page.get_by_role("button", name="Add a port").click()
    page.get_by_role("button", name="Remove port 2").click()
    page.get_by_label("Container port 1").fill("8080")
    page.get_by_role("textbox", name="Pod spec").fill(spec())
    page.get_by_role("button", name="Create stack").click()
    expect(page.locator("main")).to_contain_text("is created")
    name = str(page.locator("h1").text_content())
    page.get_by_role("button", name="Extend 1 h").click()
    expect(page.locator("main")).to_contain_text(f"{name} is extended by 1 h.")
    page.get_by_label("Breadcrumb").get_by_role("link", name="Stacks").click()
    page.get_by_label(f"Choose {name}").check()
    page.get_by_role("button", name="Delete chosen…").click()
    expect(page.get_by_role("heading", name="Delete 1 stack?")).to_be_visible()
    expect(page.locator("main")).to_contain_text(name)
    page.get_by_role("button", name="Delete 1 stack").click()
    expect(page.locator("h1")).to_contain_text("1 stack")

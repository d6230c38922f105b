"""Terminals: typed in, resized, left, ended, and opened again"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.cluster import Playground
from tests.browser.product import Product, product
from tests.real.processes import wait_until

pytestmark = pytest.mark.needs("TEST_CHROMIUM")
PLACE = "context=demo-cluster"
SLOW = 30_000  # a machine that does much else


@pytest.fixture
def demo_pod(page) -> str:
    page.goto(f"/dashboard/pods?{PLACE}&namespace=default&q=nginx-deployment")
    return page.locator("main tbody a.nm").first.inner_text()


def screen(page: Page):
    return page.locator(".xterm-rows")


def ready(page: Page, shell: str) -> None:
    expect(page.locator("#terminal [data-state]")).to_contain_text(f"Connected: {shell} in", timeout=SLOW)


def type_line(page: Page, text: str) -> None:
    page.keyboard.type(f"{text}\n")


@pytest.fixture
def terminal(page, demo_pod) -> Page:
    page.goto(f"/dashboard/pods/default/{demo_pod}?{PLACE}")
    page.locator(".o-acts").get_by_role("link", name="Terminal").click()
    ready(page, "bash")
    return page


def test_what_is_typed_is_answered(terminal, demo_pod):
    type_line(terminal, "hostname")
    expect(screen(terminal).get_by_text(demo_pod, exact=True)).to_be_visible()


def test_the_window_decides_the_size(terminal):
    def columns() -> int:
        """Ask again and again: the size is told a moment after the window has it."""
        type_line(terminal, "stty size")
        return int(re.findall(r"size\d+ (\d+)", screen(terminal).inner_text().replace("\n", ""))[-1])

    type_line(terminal, "stty size")
    expect(screen(terminal)).to_contain_text(re.compile(r"size\d+ \d+"))
    wait_until(lambda: columns() > 120)
    terminal.set_viewport_size({"width": 700, "height": 800})
    wait_until(lambda: 50 < columns() < 100)


def test_the_end_shows_the_exit_code_and_another_begins_below(terminal):
    type_line(terminal, "echo before")
    type_line(terminal, "exit 3")
    expect(terminal.locator("#terminal [data-state]")).to_contain_text("Ended with exit code 3")
    terminal.get_by_role("button", name="Connect again").click()
    ready(terminal, "bash")
    expect(screen(terminal)).to_contain_text("before")
    expect(screen(terminal)).to_contain_text("Ended with exit code 3")
    type_line(terminal, "echo after")
    expect(screen(terminal).get_by_text("after", exact=True)).to_be_visible()


def test_the_keyboard_finds_the_way_out(terminal):
    expect(terminal.get_by_label("Terminal in", exact=False).get_by_role("textbox")).to_be_focused()
    terminal.keyboard.press("Tab")
    expect(terminal.get_by_role("textbox", name=re.compile("Terminal in"))).to_be_focused()
    terminal.keyboard.press("Shift+Tab")
    expect(terminal.get_by_role("textbox", name=re.compile("Terminal in"))).not_to_be_focused()


@pytest.mark.browser_context_args(permissions=["clipboard-read", "clipboard-write"])
def test_what_is_selected_can_be_copied_and_pasted(terminal):
    type_line(terminal, "echo copied")
    word = screen(terminal).get_by_text("copied", exact=True)
    word.dblclick(force=True)  # What is under the pointer is a layer above the text.
    terminal.keyboard.press("Control+c")
    wait_until(lambda: terminal.evaluate("navigator.clipboard.readText()") == "copied")
    terminal.evaluate("navigator.clipboard.writeText('echo pasted')")
    terminal.keyboard.press("Control+Shift+v")
    expect(screen(terminal)).to_contain_text("echo pasted")
    terminal.keyboard.press("Enter")
    expect(screen(terminal).get_by_text("pasted", exact=True)).to_be_visible()


def test_a_flood_neither_freezes_the_page_nor_the_way_to_stop_it(terminal):
    type_line(terminal, "yes")
    expect(screen(terminal).get_by_text("y", exact=True).first).to_be_visible()
    terminal.keyboard.press("Control+c")
    expect(screen(terminal)).to_contain_text("^C", timeout=SLOW)
    type_line(terminal, "echo still here")
    expect(screen(terminal).get_by_text("still here", exact=True)).to_be_visible()


def test_a_container_without_a_shell_says_what_to_do(page):
    page.goto(f"/dashboard/pods?{PLACE}&namespace=default&q=monitoring-agent")
    page.locator("main tbody a.nm").first.click()
    page.locator(".o-acts").get_by_role("link", name="Terminal").click()
    ready(page, "sh")
    page.get_by_label("Container").get_by_role("link", name="config-reloader").click()
    expect(page.locator("#terminal [data-state]")).to_contain_text("kubectl debug -it")
    expect(page.get_by_role("button", name="Connect again")).to_be_visible()


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_without_javascript_there_is_a_line_for_kubectl(page, demo_pod):
    page.goto(f"/dashboard/pods/default/{demo_pod}/terminal?{PLACE}")
    expect(page.get_by_role("heading", name="The terminal needs JavaScript")).to_be_visible()
    line = page.locator("#terminal noscript code")
    expect(line).to_be_visible()
    assert line.inner_text() == f"kubectl exec -it {demo_pod} -n default -c nginx-deployment -- sh"


@pytest.mark.needs("TEST_KUBECONFIG")
def test_hostname_in_a_real_container(page, quiet_namespace, playground: Playground):
    page.goto(f"/dashboard/pods?context=lab&namespace={quiet_namespace}")
    name = page.locator("main tbody a.nm", has_text="web-").first
    pod = name.inner_text(timeout=SLOW)
    page.goto(f"/dashboard/pods/{quiet_namespace}/{pod}?context=lab")
    # Until the container runs, the button says why it cannot be pressed.
    page.locator(".o-acts").get_by_role("link", name="Terminal").click(timeout=2 * SLOW)
    ready(page, "sh")
    type_line(page, "hostname")
    expect(screen(page).get_by_text(pod, exact=True)).to_be_visible()
    type_line(page, r"printf '\033[38;2;10;200;10mgreen\033[0m\n'")
    expect(screen(page).get_by_text("green", exact=True)).to_have_css("color", "rgb(10, 200, 10)")
    type_line(page, "exit 7")
    expect(page.locator("#terminal [data-state]")).to_contain_text("Ended with exit code 7")


@pytest.fixture
def own_product(tmp_path, page, watch, idle) -> Product:
    """A server that ends idle terminals after `idle`, with a terminal in which something was typed."""
    with product(tmp_path, TERMINAL_IDLE=idle) as found:
        watch.origins.add(found.url)
        watch.allow("WebSocket|ERR_CONNECTION_REFUSED")
        found.start()
        page.goto(found.first_link)
        page.goto(f"{found.url}/dashboard/pods?{PLACE}&namespace=default&q=nginx-deployment")
        page.locator("main tbody a.nm").first.click()
        page.locator(".o-acts").get_by_role("link", name="Terminal").click()
        ready(page, "bash")
        type_line(page, "echo kept")
        yield found


@pytest.mark.browser_context_args(storage_state=None)
@pytest.mark.parametrize("idle", ["3s"])
def test_silence_ends_it_and_the_scrollback_stays(page, own_product):
    expect(page.locator("#terminal [data-state]")).to_contain_text("Nothing was typed or printed for 3 s")
    expect(screen(page).get_by_text("kept", exact=True)).to_be_visible()
    page.get_by_role("button", name="Connect again").click()
    ready(page, "bash")


@pytest.mark.browser_context_args(storage_state=None)
@pytest.mark.parametrize("idle", ["20m"])
def test_a_lost_connection_ends_it_and_the_scrollback_stays(page, own_product):
    expect(screen(page).get_by_text("kept", exact=True)).to_be_visible()
    own_product.process.kill()
    expect(page.locator("#terminal [data-state]")).to_contain_text("The connection was lost", timeout=SLOW)
    expect(screen(page).get_by_text("kept", exact=True)).to_be_visible()
    own_product.start()
    page.get_by_role("button", name="Connect again").click()
    ready(page, "bash")

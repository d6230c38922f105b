"""What holds for every page: it is accessible, fits small screens, and has nothing to complain about"""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import grave_violations
from tests.browser.pages import FOREIGN, FOREIGN_OPEN, OPEN, PAGES, TROUBLED

pytestmark = pytest.mark.needs("TEST_CHROMIUM")
ZOOMED = 720  # what 200 % leaves of 1,440 pixels
WIDTHS = (ZOOMED, 390, 320)
signed_out = pytest.mark.browser_context_args(storage_state=None)
real = pytest.mark.needs("TEST_KUBECONFIG", "TEST_KUBECONFIG_NOBODY")
ours = [
    *PAGES,
    *(pytest.param(address, marks=real) for address in TROUBLED),
    *(pytest.param(address, marks=signed_out) for address in OPEN),
]
SWAGGER = "/docs"  # Its own colours are too faint.
foreign = [*FOREIGN, *(pytest.param(address, marks=signed_out) for address in FOREIGN_OPEN)]


@pytest.fixture
def opened(page: Page, address: str, watch) -> Page:
    if "no-such" in address:
        watch.allow("404")
    if address == "/redoc":
        # It makes an example of every schema and warns of one that may be a list or an object.
        watch.allow("OpenAPI Sampler: found allOf")
    page.goto(address, wait_until="networkidle" if address in FOREIGN else "load")
    return page


def sideways(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("address", [*ours, *(each for each in foreign if each != SWAGGER)])
def test_it_is_accessible_in_light_and_dark(opened):
    for scheme in ("light", "dark"):
        opened.emulate_media(color_scheme=scheme)
        assert grave_violations(opened) == [], scheme


@pytest.mark.parametrize("address", ours)
def test_it_fits_small_screens(opened):
    for width in WIDTHS:
        opened.set_viewport_size({"width": width, "height": 800})
        assert sideways(opened) == 0, width


@pytest.mark.parametrize("address", foreign)
def test_pages_of_others_ask_nobody_else(opened):
    """That is seen by the fixture `watch`, as well as what they complain about."""
    expect(opened.locator("h1, #login-form").first).to_be_visible()

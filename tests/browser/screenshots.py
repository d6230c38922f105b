"""python -m tests.browser.screenshots OUT: pictures of every page, wide and narrow, light and dark.

They show the demo cluster. With --docs it makes the pictures of the documentation instead.
The browser is TEST_CHROMIUM.
"""

import argparse
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

from tests.browser.pages import OPEN, PAGES, PLACE
from tests.browser.product import product

EXECUTABLE = os.environ.get("TEST_CHROMIUM", "/usr/bin/chromium")
SIZES: list[ViewportSize] = [{"width": 1440, "height": 900}, {"width": 390, "height": 844}]
SCHEMES = ("light", "dark")
DOCS = {"pods": f"/dashboard/pods?{PLACE}", "overview": f"/dashboard/?{PLACE}"}


@contextmanager
def opened() -> Iterator[tuple[Page, str]]:
    """Give a page of a product of its own, which shows the demo cluster, and the link to sign in with."""
    with tempfile.TemporaryDirectory() as folder, product(Path(folder)) as found, sync_playwright() as tools:
        found.start()
        browser = tools.chromium.launch(executable_path=EXECUTABLE, args=["--no-sandbox"])
        yield browser.new_page(base_url=found.url), found.first_link
        browser.close()


def take(page: Page, folder: Path, *, address: str) -> None:
    """Take four pictures of a page into a folder."""
    page.goto(address)
    settle(page)
    for size in SIZES:
        page.set_viewport_size(size)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=folder / f"{name_of(address)}-{size['width']}-{scheme}.png")


def settle(page: Page) -> None:
    """Wait until the page has read its lists."""
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def name_of(address: str) -> str:
    words = re.findall(r"[a-z]+", address.replace(PLACE, "").removeprefix("/dashboard"))
    return "-".join(words) or "overview"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--docs", action="store_true", help="the pictures of the documentation alone")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with opened() as (page, link):
        if options.docs:
            page.goto(link)
            for_docs(page, options.out)
        else:
            every_page(page, options.out, link=link)


def every_page(page: Page, out: Path, *, link: str) -> None:
    for address in OPEN:
        take(page, out, address=address)
    page.goto(link)
    for address in PAGES:
        take(page, out, address=address)


def for_docs(page: Page, out: Path) -> None:
    page.set_viewport_size(SIZES[0])
    for name, address in DOCS.items():
        page.goto(address)
        settle(page)
        page.screenshot(path=out / f"{name}.png")


if __name__ == "__main__":
    main()

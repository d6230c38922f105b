"""A site in a stack is used in a browser, through the address that stays"""

import json
import os
import re
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from tests.browser import stack_site
from tests.browser.product import product
from tests.real.place import made
from tests.real.processes import wait_until

pytestmark = [
    pytest.mark.needs("TEST_CHROMIUM", "TEST_KUBECONFIG"),
    pytest.mark.browser_context_args(storage_state=None),
]
KEY = "only-for-tests-only-for-tests"


@pytest.fixture(scope="module")
def own_product(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stacks")
    with made(os.environ["TEST_KUBECONFIG"]) as place:
        variables = {"CLUSTER_BACKEND": "auto", "KUBECONFIG": os.environ["TEST_KUBECONFIG"]}
        with product(folder, API_KEY=KEY, STACK_NAMESPACE=place.name, **variables) as found:
            found.start()
            yield found


@pytest.fixture(scope="module")
def door(own_product) -> str:
    """Return the address of a site that answers."""
    path = f"/proxy/stacks/{stack_site.make(own_product.processes)}/{stack_site.PORT}/"

    def answers() -> bool:
        try:
            return bool(urlopen(Request(own_product.url + path, headers={"X-API-Key": KEY}), timeout=10))
        except OSError:
            return False

    wait_until(answers)
    return path


@pytest.fixture(autouse=True)
def at_home(watch, own_product) -> None:
    watch.origins |= {own_product.url, own_product.url.replace("http", "ws", 1)}


def everything_works(page: Page) -> None:
    expect(page.locator("h1")).to_have_css("color", "rgb(1, 2, 3)")
    expect(page.locator("#data")).to_have_text("data came")
    expect(page.locator("#socket")).to_have_text("done")
    expect(page.locator("#apart")).to_have_text("null SecurityError")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("h1")).to_have_text("Form came")
    page.go_back()
    page.get_by_role("link", name="Next").click()
    expect(page.locator("h1")).to_have_text("Next page")


def test_who_is_signed_in_opens_the_address_and_the_site_works(page, own_product, door):
    page.goto(own_product.url + door)
    expect(page).to_have_url(re.compile("/dashboard/login"))
    page.goto(own_product.link())
    page.goto(own_product.url + door)
    expect(page).to_have_url(re.compile(re.escape(door) + "~"))
    everything_works(page)


def test_a_link_lets_somebody_in_who_has_no_account_and_back_later(page, own_product, door):
    stack, port = door.split("/")[3:5]
    asked = Request(
        f"{own_product.url}/stacks/{stack}/ports/{port}/open", data=b"{}", headers={"X-API-Key": KEY}
    )
    with urlopen(asked, timeout=10) as answer:
        link = json.load(answer)["url"]
    page.goto(own_product.url + link)
    everything_works(page)
    page.goto(own_product.url + door)
    expect(page.locator("#data")).to_have_text("data came")
    page.goto(f"{own_product.url}/dashboard/pods")
    expect(page).to_have_url(re.compile("/dashboard/login"))

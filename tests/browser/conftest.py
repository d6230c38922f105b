"""A browser, the product it opens, a real cluster behind that. Each test has a browser context of its own."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from secrets import token_hex

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.cluster import Playground
from tests.browser.product import Product, merged, product
from tests.browser.watch import Watch
from tests.real.proxy import Proxy

SIZE = {"width": 1440, "height": 900}
DEADLINE = 10_000
expect.set_options(timeout=DEADLINE)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args) -> dict:
    """Start Debian's Chromium; root may not use its sandbox."""
    return browser_type_launch_args | {
        "executable_path": os.environ["TEST_CHROMIUM"],
        "args": ["--no-sandbox"],
    }


@pytest.fixture(scope="session")
def proxy():
    """A way to the API server that a test can cut."""
    with closing(Proxy(os.environ["TEST_KUBECONFIG"])) as found:
        yield found


@pytest.fixture(scope="session")
def contexts(request, tmp_path_factory) -> dict[str, str | Path]:
    """Name the contexts of the product's kubeconfig; none without a real cluster."""
    admin = os.environ.get("TEST_KUBECONFIG")
    if not admin:
        return {}
    variables = {name: f"TEST_KUBECONFIG_{name.upper()}" for name in ("viewer", "nobody")}
    others = {name: os.environ[key] for name, key in variables.items() if os.environ.get(key)}
    folder = tmp_path_factory.mktemp("contexts")
    cut = request.getfixturevalue("proxy").kubeconfig(folder / "cut")
    with closing(Proxy(admin)) as closed:
        gone = closed.kubeconfig(folder / "gone")
    return {"lab": admin, **others, "cut": cut, "gone": gone}


@pytest.fixture(scope="session")
def place_of_stacks(contexts) -> Iterator[str]:
    """The namespace for the product's stacks; the product makes it."""
    name = f"t-browser-stacks-{token_hex(3)}"
    yield name
    if contexts:
        with closing(Playground(os.environ["TEST_KUBECONFIG"])) as found:
            found.forget(name)


@pytest.fixture(scope="session")
def the_product(contexts, place_of_stacks, tmp_path_factory) -> Product:
    folder = tmp_path_factory.mktemp("product")
    variables = {"STACK_NAMESPACE": place_of_stacks, "STACK_NODE_IP_FALLBACK": "internal"}
    if contexts:
        kubeconfig = merged(folder / "kubeconfig", contexts=contexts)
        variables |= {"CLUSTER_BACKEND": "auto", "KUBECONFIG": str(kubeconfig)}
    with product(folder, **variables) as found:
        found.start()
        yield found


@pytest.fixture(scope="session")
def base_url(the_product: Product) -> str:
    return the_product.url


@pytest.fixture(scope="session")
def signed_in(browser: Browser, the_product: Product) -> dict:
    """What a browser keeps after it used the link of the greeting."""
    with closing(browser.new_context()) as context:
        context.new_page().goto(the_product.first_link)
        return context.storage_state()


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args, signed_in) -> dict:
    return browser_context_args | {"storage_state": signed_in, "viewport": SIZE}


def listening(page: Page, address: str = "") -> None:
    """Open a page, or the same again, and wait until it listens: then it looks once for what it missed."""
    with page.expect_response(lambda answer: answer.request.resource_type == "xhr"):
        page.goto(address) if address else page.reload()
    page.wait_for_load_state("networkidle")


@pytest.fixture(autouse=True)
def watch(context: BrowserContext, the_product: Product):
    """No page may complain or ask elsewhere; a test says what it expects to be complained about."""
    context.set_default_timeout(DEADLINE)
    found = Watch(context, origin=the_product.url)
    yield found
    assert found.problems() == []


@pytest.fixture(scope="session")
def playground():
    with closing(Playground(os.environ["TEST_KUBECONFIG"])) as found:
        yield found


@pytest.fixture(scope="session")
def namespace(playground: Playground) -> str:
    """A namespace of the real cluster with three pods."""
    return playground.namespace(replicas=3)


@pytest.fixture(scope="session")
def quiet_namespace(playground: Playground) -> str:
    """A namespace whose one pod nobody touches."""
    return playground.namespace(replicas=1)

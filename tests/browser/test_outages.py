"""When the server or a cluster does not answer"""

import pytest
from playwright.sync_api import Page, WebSocket, expect
from playwright.sync_api import TimeoutError as NothingHappened

from tests.browser.conftest import listening
from tests.browser.product import product

pytestmark = pytest.mark.needs("TEST_CHROMIUM")
IDLE = 10_000
RECONNECTS = 35_000  # Tries are at most 30 s apart.


@pytest.fixture
def another(tmp_path, watch):
    """A product that a test may stop."""
    with product(tmp_path) as found:
        found.start()
        watch.origins.add(found.url)
        watch.allow("ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket")
        yield found


def chip(page: Page):
    return page.locator("main .o-age").first


@pytest.mark.browser_context_args(storage_state=None)
def test_a_page_outlives_its_server(page, another, watch):
    page.goto(another.first_link)
    page.goto(f"{another.url}/dashboard/pods?context=demo-cluster")
    expect(chip(page)).to_contain_text("live")
    rows = page.locator("main tbody tr").count()
    another.stop()
    expect(chip(page)).to_contain_text("reconnecting")
    assert page.locator("main tbody tr").count() == rows
    watch.requests.clear()
    another.start()
    expect(chip(page)).to_contain_text("live", timeout=RECONNECTS)
    expect(page.locator("main tbody tr")).to_have_count(rows)
    assert {request.resource_type for request in watch.requests} == {"xhr"}


@pytest.mark.needs("TEST_KUBECONFIG")
def test_a_cluster_that_never_answered_is_explained(page):
    page.goto("/dashboard/pods?context=gone")
    expect(page.get_by_role("heading", name="gone does not answer")).to_be_visible()
    expect(page.locator("main")).to_contain_text("ECONNREFUSED")
    expect(page.locator("main")).to_contain_text("Next try at")
    expect(chip(page)).to_contain_text("no answer since")
    address = page.url
    with page.expect_response("**/dashboard/retry"):
        page.get_by_role("button", name="Try now").click()
    expect(page).to_have_url(address)


@pytest.mark.needs("TEST_KUBECONFIG")
def test_rows_stay_while_their_cluster_is_away(page, proxy, playground, namespace):
    playground.settle(namespace, pods=3)
    page.goto(f"/dashboard/pods?context=cut&namespace={namespace}")
    expect(page.locator("main tbody tr")).to_have_count(3)
    proxy.stop()
    expect(page.locator("main .o-note")).to_contain_text("cut does not answer")
    expect(page.locator("main tbody tr")).to_have_count(3)
    expect(chip(page)).to_contain_text("reconnecting")
    proxy.start()
    expect(chip(page)).to_contain_text("live", timeout=RECONNECTS)
    expect(page.locator("main .o-note")).to_have_count(0)


@pytest.mark.needs("TEST_KUBECONFIG")
def test_nothing_is_sent_while_nothing_changes(page, playground, quiet_namespace, watch):
    playground.settle(quiet_namespace, pods=1)
    frames = []

    def follow(socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: frames.append(frame))
        socket.on("framereceived", lambda frame: frames.append(frame))

    # Not the pods: what they use changes every 30 seconds.
    page.goto(f"/dashboard/deployments?context=lab&namespace={quiet_namespace}")
    expect(page.locator("main tbody tr", has_text="Available")).to_have_count(1, timeout=30_000)
    page.on("websocket", follow)
    listening(page)
    watch.requests.clear()
    with pytest.raises(NothingHappened):
        page.wait_for_event("request", timeout=IDLE)
    assert (frames, watch.addresses()) == ([], [])

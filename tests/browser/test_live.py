"""Pages change as a real cluster changes"""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import listening

pytestmark = pytest.mark.needs("TEST_CHROMIUM", "TEST_KUBECONFIG")
TWO_SECONDS = 2_000
POD_STARTS = 30_000


@pytest.fixture
def pods(page: Page, namespace: str, playground) -> Page:
    """The page of our pods, when all of them run and it listens."""
    # A browser drops what it is loading when the interfaces of the machine change, as with each pod they do.
    playground.settle(namespace, pods=3)
    page.goto(f"/dashboard/pods?context=lab&namespace={namespace}")
    expect(rows(page)).to_have_count(3, timeout=POD_STARTS)
    expect(rows(page).filter(has_text="Running")).to_have_count(3, timeout=POD_STARTS)
    listening(page)
    return page


def rows(page: Page):
    return page.locator("main tbody tr")


def names(page: Page) -> list[str]:
    return [each.split("/")[-1] for each in rows(page).evaluate_all("rows => rows.map(row => row.id)")]


def row(page: Page, namespace: str, name: str):
    return page.locator(f'[id="r-{namespace}/{name}"]')


def test_a_deleted_pod_is_seen_to_go_and_its_successor_to_come(pods, namespace, playground):
    before = names(pods)
    gone = row(pods, namespace, before[0])
    playground.delete_pod(before[0], namespace=namespace)
    expect(gone).to_contain_text("Terminating", timeout=TWO_SECONDS)
    expect(gone).to_have_count(0, timeout=POD_STARTS)
    expect(rows(pods)).to_have_count(3, timeout=POD_STARTS)
    assert len(set(names(pods)) - set(before)) == 1


def test_a_change_fetches_the_list_alone_and_moves_nothing(pods, namespace, playground, watch):
    address, top = pods.url, pods.locator("main table").bounding_box()["y"]
    name = names(pods)[0]
    watch.requests.clear()
    playground.delete_pod(name, namespace=namespace)
    expect(row(pods, namespace, name)).to_contain_text("Terminating", timeout=TWO_SECONDS)
    expect(row(pods, namespace, name)).to_have_count(0, timeout=POD_STARTS)
    assert {(each.url, each.resource_type) for each in watch.requests} == {(address, "xhr")}
    assert pods.locator("main table").bounding_box()["y"] == top


def test_the_new_row_is_marked_for_a_while(pods, namespace, playground):
    playground.delete_pod(names(pods)[0], namespace=namespace)
    expect(pods.locator("main tbody tr.new")).to_have_count(1, timeout=POD_STARTS)
    expect(pods.locator("main tbody tr.new")).to_have_count(0)


def test_rows_under_the_mouse_stay_until_asked(pods, namespace, playground):
    before = names(pods)
    rows(pods).nth(1).hover()
    playground.delete_pod(before[1], namespace=namespace)
    held = pods.get_by_role("button", name="show")
    expect(held).to_be_visible(timeout=POD_STARTS)
    assert names(pods) == before
    held.click()
    expect(held).to_be_hidden()
    expect(row(pods, namespace, before[1])).to_have_count(0, timeout=POD_STARTS)


def test_updates_can_be_paused(pods, namespace, playground):
    before = names(pods)
    pods.get_by_role("button", name="Pause updates").click()
    expect(pods.locator("main .o-age").first).to_contain_text("paused by you")
    playground.delete_pod(before[0], namespace=namespace)
    pods.get_by_role("button", name="Go on").click()
    expect(row(pods, namespace, before[0])).to_have_count(0, timeout=POD_STARTS)


def test_what_a_filter_hides_stays_hidden(pods, namespace, playground):
    name = names(pods)[0]
    pods.get_by_label("Filter pods").fill("nothing-is-called-so")
    expect(pods.get_by_role("heading", name="No pod matches")).to_be_visible()
    with pods.expect_response(lambda answer: "q=nothing" in answer.url):
        playground.delete_pod(name, namespace=namespace)
    expect(pods.get_by_role("heading", name="No pod matches")).to_be_visible()
    expect(pods.get_by_label("Filter pods")).to_have_value("nothing-is-called-so")

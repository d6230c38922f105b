"""The page with the logs of a workload: all pods as one, also while they write more than anybody reads"""

import os
import re

import pytest
from kubernetes import client, config
from playwright.sync_api import expect

from tests.browser.conftest import DEADLINE

pytestmark = pytest.mark.needs("TEST_CHROMIUM")
PAGE = "/dashboard/deployments/default/frontend/logs?context=demo-cluster"
# Close to 10,000 lines a second.
FLOOD = 'while true; do yes "[INFO] a line of a flood that nobody reads" | head -n 1000; sleep 0.08; done'
MOST_LINES = 5000  # in the page
WATCHED_MS = 8000
FEWEST_FRAMES = 24  # in that time, on a machine that does much else; a page that hangs paints none
FRAMES = """(duration) => new Promise(resolve => {
    const begun = performance.now();
    let count = 0;
    const step = (now) => {
        count += 1;
        if (now - begun < duration) requestAnimationFrame(step);
        else resolve(count);
    };
    requestAnimationFrame(step);
})"""


def test_lines_name_their_pod_and_pods_differ_in_colour(page):
    page.goto(PAGE)
    pods = page.locator("#log-lines .l .pod")
    expect(pods).not_to_have_count(0)
    names = set(pods.evaluate_all("found => found.map(each => each.title)"))
    colours = set(pods.evaluate_all("found => found.map(each => each.className)"))
    assert len(names) == 4
    assert len(colours) > 1


def test_what_is_written_later_appears(page):
    page.goto(PAGE)
    expect(page.locator("[data-state]")).to_contain_text("Following")
    before = page.locator("#log-lines .l").count()
    page.wait_for_selector(f"#log-lines .l:nth-of-type({before + 1})", timeout=3 * DEADLINE)
    expect(page.locator("#log-lines .l").last.locator(".pod")).to_have_count(1)


def test_a_search_is_done_on_the_server(page):
    page.goto(PAGE)
    page.get_by_label("Search in the log").fill("cache")
    page.keyboard.press("Enter")
    expect(page.locator("#log mark").first).to_be_visible()
    expect(page.locator("#log-lines .l").filter(has_not_text="cache")).to_have_count(0)


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_the_logs_are_there_without_javascript(page):
    page.goto(PAGE)
    expect(page.locator("#log-lines .l")).not_to_have_count(0)


@pytest.fixture
def flood(playground) -> str:
    """Make a deployment of two pods that write nearly 20,000 lines a second together."""
    namespace = playground.namespace(replicas=0)
    with config.new_client_from_config(os.environ["TEST_KUBECONFIG"]) as api:
        labels = {"app": "flood"}
        container = {"name": "main", "image": "lab/busybox:1", "command": ["sh", "-c", FLOOD]}
        pod = {"containers": [container], "terminationGracePeriodSeconds": 0}
        template = {"metadata": {"labels": labels}, "spec": pod}
        spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
        apps = client.AppsV1Api(api)
        apps.create_namespaced_deployment(namespace, {"metadata": {"name": "flood"}, "spec": spec})
        yield namespace
        apps.delete_namespaced_deployment("flood", namespace)


@pytest.mark.needs("TEST_KUBECONFIG")
def test_a_flood_neither_fills_nor_freezes_the_page(page, flood):
    page.goto(f"/dashboard/deployments/{flood}/flood?context=lab")
    expect(page.locator("main tbody tr").filter(has_text="Running")).to_have_count(2, timeout=6 * DEADLINE)
    page.get_by_label("Deployment", exact=True).get_by_role("link", name="Logs").click()
    expect(
        page.locator("#log-lines .gap").filter(has_text=re.compile("left out|came too fast")).first
    ).to_be_visible(timeout=3 * DEADLINE)
    assert page.evaluate(FRAMES, WATCHED_MS) >= FEWEST_FRAMES
    assert page.locator("#log-lines").evaluate("box => box.childElementCount") <= MOST_LINES
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("[data-state]")).to_contain_text("Paused")

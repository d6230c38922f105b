"""The map: a list and a drawing of the same objects, which follow the cluster"""

import os
import re

import pytest
from kubernetes import client, config
from playwright.sync_api import Page, expect

from tests.browser.conftest import DEADLINE
from tests.real.processes import wait_until

pytestmark = pytest.mark.needs("TEST_CHROMIUM")
MAP = "/dashboard/map?context=demo-cluster&namespace=default"
APPS = 60  # each a deployment without pods, a service, an ingress, a config map and a secret
BUDGET_MS = 1500
ROUNDS = 8
CY = "document.querySelector('.o-canvas')._cyreg.cy"  # cytoscape leaves itself there


def drawn(page: Page) -> int:
    """Wait for the drawing; return the milliseconds from the request of the page until it was there."""
    page.locator("#drawing[data-drawn]").wait_for()
    return int(str(page.locator("#drawing").get_attribute("data-drawn")))


def places(page: Page) -> dict[str, list[float]]:
    found = f"{CY}.nodes().map(node => [node.id(), [node.position('x'), node.position('y')]])"
    return dict(page.evaluate(found))


def rows(page: Page):
    return page.locator("#map tbody tr")


def listed(page: Page) -> set[str]:
    """Return the nodes of the list, which the drawing follows a moment later."""
    return set(rows(page).evaluate_all("rows => rows.map(row => row.dataset.node)"))


def test_the_drawing_has_the_nodes_of_the_list(page):
    page.goto(MAP)
    drawn(page)
    total = int(page.locator("#map footer .strong").inner_text())
    assert len(places(page)) == total
    assert page.evaluate(f"{CY}.edges().length") > 0


def test_pods_stand_right_of_their_deployment_settings_left_and_autoscalers_above(page):
    page.goto(MAP)
    drawn(page)
    found = places(page)
    x, y = found["deployment-api-gateway"]
    pods = [place for name, place in found.items() if name.startswith("pod-api-gateway-")]
    assert len(pods) == 5
    assert all(place[0] > x for place in pods)
    assert found["configmap-app-config"][0] < x
    scaler = found["horizontalpodautoscaler-api-gateway"]
    assert (scaler[0], scaler[1] < y) == (x, True)


def test_no_two_nodes_stand_on_each_other(page):
    page.goto(f"{MAP}&kinds=deployments,replicasets,pods,services,nodes,configmaps")
    drawn(page)
    found = list(places(page).values())
    apart = [abs(a[0] - b[0]) > 170 or abs(a[1] - b[1]) > 37 for i, a in enumerate(found) for b in found[:i]]
    assert all(apart)


def test_a_click_opens_the_object(page):
    page.goto(MAP)
    drawn(page)
    place = page.evaluate(f"{CY}.getElementById('deployment-api-gateway').renderedPosition()")
    page.locator(".o-canvas").click(position=place)
    expect(page.get_by_role("heading", level=1, name="api-gateway")).to_be_visible()


def test_what_the_keys_are_on_in_the_list_is_marked_in_the_drawing(page):
    page.goto(MAP)
    drawn(page)
    page.keyboard.press("j")
    node = rows(page).first.get_attribute("data-node")
    assert page.evaluate(f"{CY}.nodes('.at').map(node => node.id())") == [node]
    address = str(rows(page).first.get_by_role("link").first.get_attribute("href"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(address)))


def test_buttons_zoom_and_fit(page):
    page.goto(MAP)
    drawn(page)
    before = page.evaluate(f"{CY}.zoom()")
    page.get_by_role("button", name="Zoom in").click()
    assert page.evaluate(f"{CY}.zoom()") > before
    page.get_by_role("button", name="Fit").click()
    assert page.evaluate(f"{CY}.zoom()") < before


def test_typing_filters_list_and_drawing(page):
    page.goto(MAP)
    drawn(page)
    everything = len(places(page))
    page.get_by_label("Filter the map").press_sequentially("user-service")
    expect(page).to_have_url(re.compile("q=user-service"))
    expect(page.locator("#map footer .strong")).not_to_have_text(str(everything))
    expect(rows(page).filter(has_text="frontend")).to_have_count(0)
    wait_until(lambda: len(places(page)) < everything)


def test_kinds_are_switched(page):
    page.goto(MAP)
    drawn(page)
    page.locator("#map-kinds summary").click()
    page.get_by_label("Nodes", exact=True).check()
    expect(page).to_have_url(re.compile("kinds=.*nodes"))
    expect(rows(page).filter(has_text="on worker-").first).to_be_visible()


def test_the_colours_follow_the_theme(page):
    page.emulate_media(color_scheme="light")
    page.goto(MAP)
    drawn(page)
    light = page.evaluate(f"{CY}.nodes()[0].style('color')")
    page.get_by_role("button", name="Switch light or dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert page.evaluate(f"{CY}.nodes()[0].style('color')") != light


def test_the_wheel_scrolls_the_page_and_zooms_only_with_ctrl(page):
    page.goto(MAP)
    drawn(page)
    before = page.evaluate(f"{CY}.zoom()")
    page.locator(".o-canvas").hover()
    page.mouse.wheel(0, 100)
    assert page.evaluate(f"{CY}.zoom()") == before


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_without_javascript_the_list_is_there_and_the_drawing_is_not(page):
    page.goto(MAP)
    expect(rows(page)).to_have_count(50)
    expect(page.locator("#drawing")).to_be_hidden()
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#map footer")).to_contain_text("51–")


def test_on_a_small_screen_the_list_comes_first(page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(MAP)
    drawn(page)
    first, second = (page.locator(each).bounding_box() for each in (".o-map-list", "#drawing"))
    assert first
    assert second
    assert first["y"] + first["height"] <= second["y"]


# --- A real cluster


@pytest.mark.needs("TEST_KUBECONFIG")
def test_a_new_pod_appears_and_the_others_stay_where_they_are(page, playground, namespace):
    playground.settle(namespace, pods=3)
    page.goto(f"/dashboard/map?context=lab&namespace={namespace}")
    drawn(page)
    expect(rows(page).filter(has_text="Running")).to_have_count(3)
    wait_until(lambda: listed(page) == places(page).keys())
    before = places(page)
    gone = next(name for name in before if name.startswith("pod-"))
    playground.delete_pod(gone.removeprefix("pod-"), namespace=namespace)
    expect(page.locator(f'[data-node="{gone}"]')).to_have_count(0, timeout=3 * DEADLINE)
    expect(rows(page).filter(has_text="Running")).to_have_count(3, timeout=3 * DEADLINE)
    wait_until(lambda: listed(page) == places(page).keys())
    after = places(page)
    kept = before.keys() & after.keys()
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert len(after) == len(before)


@pytest.fixture(scope="module")
def large(playground):
    """Make a namespace of 300 objects, as large as a grown product has it."""
    name = playground.namespace(replicas=0)
    with config.new_client_from_config(os.environ["TEST_KUBECONFIG"]) as api:
        for number in range(APPS):
            make_app(api, name, f"app-{number:02}")
    return name


def make_app(api: client.ApiClient, namespace: str, name: str) -> None:
    meta, labels = {"name": name}, {"app": name}
    core = client.CoreV1Api(api)
    core.create_namespaced_config_map(namespace, {"metadata": meta, "data": {"a": "1"}})
    core.create_namespaced_secret(namespace, {"metadata": meta, "stringData": {"a": "1"}})
    core.create_namespaced_service(
        namespace, {"metadata": meta, "spec": {"selector": labels, "ports": [{"port": 80}]}}
    )
    sources = [{"configMapRef": meta}, {"secretRef": meta}]
    container = {"name": "web", "image": "lab/web:1", "imagePullPolicy": "IfNotPresent", "envFrom": sources}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    client.AppsV1Api(api).create_namespaced_deployment(
        namespace, {"metadata": {"name": name, "labels": labels}, "spec": spec}
    )
    backend = {"service": {"name": name, "port": {"number": 80}}}
    rule = {
        "host": f"{name}.test",
        "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]},
    }
    client.NetworkingV1Api(api).create_namespaced_ingress(
        namespace, {"metadata": meta, "spec": {"rules": [rule]}}
    )


@pytest.mark.needs("TEST_KUBECONFIG")
def test_three_hundred_objects_are_drawn_in_time(page, large):
    address = f"/dashboard/map?context=lab&namespace={large}"
    page.goto(address)
    expect(page.locator("#map .o-head p")).to_contain_text("301 objects, so many that", timeout=3 * DEADLINE)
    times = []
    # The fastest is what the product needs; what others do on this machine only makes it longer.
    while len(times) < ROUNDS and min(times, default=BUDGET_MS + 1) > BUDGET_MS:
        page.goto(address)
        times.append(drawn(page))
    assert min(times) <= BUDGET_MS, times


@pytest.mark.needs("TEST_KUBECONFIG")
def test_kinds_of_a_large_namespace_are_drawn_one_by_one(page, large):
    page.goto(f"/dashboard/map?context=lab&namespace={large}&kinds=ingresses,services,deployments")
    expect(page.locator("#map .o-head p")).to_contain_text("181 objects. ", timeout=3 * DEADLINE)
    expect(page.locator("#drawing[data-drawn]")).to_be_visible(timeout=3 * DEADLINE)
    assert len(places(page)) == 3 * APPS + 1

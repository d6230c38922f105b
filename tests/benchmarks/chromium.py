"""The pods page in a real browser: from a cold start to its first row, and how soon it shows a change."""

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Request, WebSocket, expect, sync_playwright

from tests.benchmarks import churn, stream
from tests.benchmarks.connection import Failed
from tests.benchmarks.figures import ROUNDS, Figure, Section, kilobytes, milliseconds, percentile
from tests.benchmarks.product import Product
from tests.lab.kubernetes import populate

EXECUTABLE = os.environ.get("TEST_CHROMIUM") or "/usr/bin/chromium"
PODS = "/dashboard/pods"
QUIET_LIST = PODS + "?state=running&sort=name"
ROW = 'tbody tr[id^="r-"]'
WAIT_MS = 20_000
CHANGES = 10
IDLE_SECONDS = 20
FIRST_ROW_MS, CHANGE_MS, STEP_MS, RECEIVED_BYTES = 500, 1000, 500, 600_000


@dataclass
class Traffic:
    """What a page sent and received, as the browser counts it: headers and compressed bodies."""

    received: int = 0
    requests: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        session = page.context.new_cdp_session(page)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")
        page.on("request", lambda request: self.requests.append(_name(request)))
        page.on("websocket", self._opened)

    def _finished(self, event: dict[str, Any]) -> None:
        self.received += int(event["encodedDataLength"])

    def _opened(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: self.messages.append(str(frame)[:100]))
        socket.on("framesent", lambda frame: self.messages.append(str(frame)[:100]))


def measured(product: Product, kubeconfig: Path, *, pods: int) -> Section:
    """Measure the page of all namespaces; raise `Failed` if it does not do what it should."""
    with _browser() as browser:
        cookies = product.sign_in()
        figures = _cold(browser, product, cookies)
        figures += _steps(browser, product, cookies)
        figures += _changes(browser, product, cookies, kubeconfig, pods=pods)
        figures += _idle(browser, product, cookies)
    note = "The page of all namespaces with 10,000 pods, seen by a browser on the same machine."
    return Section("Chromium", figures, note)


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=["--no-sandbox"])
        yield browser
        browser.close()


def _signed_in(browser: Browser, product: Product, cookies: str) -> BrowserContext:
    """Return a window without anything in its cache."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(WAIT_MS)
    pairs = [pair.partition("=") for pair in cookies.split("; ")]
    context.add_cookies([{"name": name, "value": value, "url": product.url} for name, _, value in pairs])
    return context


def _cold(browser: Browser, product: Product, cookies: str) -> list[Figure]:
    taken, received, count = [], 0, 0
    for _ in range(ROUNDS):
        context = _signed_in(browser, product, cookies)
        page, traffic = context.new_page(), Traffic()
        traffic.follow(page)
        began = time.perf_counter()
        page.goto(product.url + PODS, wait_until="commit")
        page.locator(ROW).first.wait_for(state="visible")
        taken.append((time.perf_counter() - began) * 1000)
        page.wait_for_load_state("networkidle")
        received, count = traffic.received, len(traffic.requests)
        context.close()
    return [
        Figure(
            "first row visible, nothing cached",
            f"{milliseconds(min(taken))} (median of {ROUNDS}: {milliseconds(percentile(taken, 50))})",
            f"at most {FIRST_ROW_MS} ms",
            min(taken) <= FIRST_ROW_MS,
        ),
        Figure(
            f"received, {count} requests",
            kilobytes(received),
            f"at most {kilobytes(RECEIVED_BYTES)}",
            received <= RECEIVED_BYTES,
        ),
    ]


def _steps(browser: Browser, product: Product, cookies: str) -> list[Figure]:
    """Measure from a click or a key to the new rows."""
    context = _signed_in(browser, product, cookies)
    page = context.new_page()
    page.goto(product.url + PODS, wait_until="networkidle")
    began = time.perf_counter()
    page.locator('a[rel="next"]').click()
    expect(page.locator("footer .num")).to_contain_text("51–100")
    following = (time.perf_counter() - began) * 1000
    page.goto(product.url + PODS, wait_until="networkidle")
    page.locator("#pods-filter").fill("node-007")
    began = time.perf_counter()
    expect(page.locator("footer .num .strong")).not_to_have_text("10000", timeout=WAIT_MS)
    filtered = (time.perf_counter() - began) * 1000
    context.close()
    return [
        Figure("from a click on Next to the next page", milliseconds(following)),
        Figure("from the last key of a filter to its rows", milliseconds(filtered)),
    ]


def _changes(
    browser: Browser, product: Product, cookies: str, kubeconfig: Path, *, pods: int
) -> list[Figure]:
    context = _signed_in(browser, product, cookies)
    page = context.new_page()
    page.goto(product.url + QUIET_LIST, wait_until="networkidle")
    changer = _Changer(kubeconfig, pods=pods)
    alone = [changer.seen_after(page) for _ in range(CHANGES)]
    with stream.churning(kubeconfig, pods=pods, seconds=120):
        time.sleep(2)
        amid = [changer.seen_after(page) for _ in range(CHANGES)]
    context.close()
    return [
        Figure(what, found=_of_changes(times), goal=f"at most {CHANGE_MS} ms", met=max(times) <= CHANGE_MS)
        for what, times in (
            ("a changed pod visible, all else quiet", alone),
            ("a changed pod visible amid 50 changes per second", amid),
        )
    ]


def _of_changes(times: list[float]) -> str:
    return f"median {milliseconds(percentile(times, 50))}, slowest of {len(times)} {milliseconds(max(times))}"


class _Changer:
    """Changes the restarts of the pods that a page shows."""

    def __init__(self, kubeconfig: Path, *, pods: int) -> None:
        plan = populate.Plan(pods, churn.NAMESPACES, churn.SEED)
        self._pods = {pod["name"]: pod for pod in plan.pods}
        self._cluster = populate.Cluster(str(kubeconfig))

    def seen_after(self, page: Page) -> float:
        """Change a pod on the page; return the milliseconds until the page shows it."""
        row = page.locator(ROW).nth(random.randrange(2, 12))
        name = row.locator(".o-name").inner_text().split()[0]
        pod, restarts = self._pods[name], random.randrange(2_000_000, 900_000_000)
        status = populate.status_of(pod, restarts, populate.now())
        path = f"/api/v1/namespaces/{pod['namespace']}/pods/{name}/status"
        time.sleep(random.random())  # The moments of a live page have a rhythm that must not be ours.
        code, answer = self._cluster.request(
            "PATCH", path, {"status": status}, "kubelet", "application/merge-patch+json"
        )
        if code != 200:
            raise Failed(f"A change was refused with {code}: {answer}")
        began = time.perf_counter()
        page.get_by_text(f"{restarts:,}").or_(page.get_by_text(str(restarts))).first.wait_for(state="visible")
        return (time.perf_counter() - began) * 1000


def _idle(browser: Browser, product: Product, cookies: str) -> list[Figure]:
    context = _signed_in(browser, product, cookies)
    page, traffic = context.new_page(), Traffic()
    traffic.follow(page)
    page.goto(product.url + PODS, wait_until="networkidle")
    page.wait_for_timeout(3_000)  # What the last changes have set off is over.
    traffic.requests.clear()
    traffic.messages.clear()
    page.wait_for_timeout(IDLE_SECONDS * 1000)
    said = traffic.requests + traffic.messages
    context.close()
    found = "nothing" if not said else f"{len(said)}: " + ", ".join(sorted(set(said))[:3])
    return [
        Figure(f"requests and messages in {IDLE_SECONDS} quiet seconds", found, "nothing", not said),
    ]


def _name(request: Request) -> str:
    return f"{request.method} {request.url.split('/', 3)[-1][:60]}"

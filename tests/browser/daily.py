"""What the tests of daily work share: a deployment to work on, and hands for the editor of a page."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page

from tests.browser.cluster import IMAGE
from tests.real.acted import Workloads
from tests.real.place import made
from tests.real.source import template

BAD_IMAGE = "lab/web:no-such-tag"
PORT = 8080
SLOW = 60_000  # ms that pods may take on a machine that does much else


class Work(Workloads):
    """A namespace with whatever a test puts into it."""

    def web(self, name: str, *, replicas: int = 1, image: str = IMAGE) -> None:
        """Make a deployment whose pods are replaced all at once; wait until it is complete."""
        container = {
            "name": "web",
            "image": image,
            "imagePullPolicy": "IfNotPresent",
            "ports": [{"containerPort": PORT, "name": "http"}],
            "env": [{"name": "GREETING", "value": "hello"}],
        }
        spec = {"terminationGracePeriodSeconds": 1, "containers": [container]}
        more = template(name, spec) | {"strategy": {"type": "Recreate"}}
        self.deployment(name, replicas=replicas, **more)

    def change(self, name: str, **container: Any) -> None:
        """Change the container of a deployment, as somebody else would."""
        spec = {"template": {"spec": {"containers": [{"name": "web"} | container]}}}
        self.apps.patch_namespaced_deployment(name, self.namespace, {"spec": spec})

    def page(self, name: str, tab: str = "") -> str:
        """Return the address of a deployment's page."""
        path = f"/dashboard/deployments/{self.namespace}/{name}"
        return f"{path}/{tab}?context=lab" if tab else f"{path}?context=lab"


@contextmanager
def work() -> Iterator[Work]:
    """Give a namespace of the real cluster; what is in it goes with it."""
    with made(os.environ["TEST_KUBECONFIG"]) as place:
        found = Work(place.name)
        try:
            yield found
        finally:
            found.close()


def type_over(page: Page, before: str, after: str) -> None:
    """Type something over the end of the first line of the editor that ends with a text."""
    line = page.locator(".cm-line", has_text=before).first
    line.click()
    page.keyboard.press("End")
    for _ in before:
        page.keyboard.press("Backspace")
    page.keyboard.insert_text(after)

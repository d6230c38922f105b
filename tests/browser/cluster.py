"""What tests put into the real cluster and do to it."""

from contextlib import suppress
from secrets import token_hex

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from tests.real.processes import wait_until

IMAGE = "lab/web:1"
GRACE_SECONDS = 3  # The image ignores the first signal, so a pod is seen to terminate for this long.


class Playground:
    """Namespaces of our own, gone when it is closed."""

    def __init__(self, kubeconfig: str) -> None:
        api = config.new_client_from_config(kubeconfig)
        self._core, self._apps, self._api = client.CoreV1Api(api), client.AppsV1Api(api), api
        self._namespaces: list[str] = []

    def namespace(self, *, replicas: int) -> str:
        """Make a namespace with a deployment; return its name at once."""
        name = f"t-browser-{token_hex(3)}"
        self._core.create_namespace({"metadata": {"name": name}})
        self._namespaces.append(name)
        self._apps.create_namespaced_deployment(name, deployment(replicas))
        return name

    def delete_pod(self, name: str, *, namespace: str) -> None:
        self._core.delete_namespaced_pod(name, namespace)

    def settle(self, namespace: str, *, pods: int) -> None:
        """Wait until so many pods run and none is on its way."""
        # Not more often: what asks takes the time of what is waited for.
        wait_until(lambda: self._running(namespace) == [True] * pods, within_seconds=120, every_seconds=0.5)

    def forget(self, name: str) -> None:
        """Delete a namespace that somebody else has made, if there is one."""
        with suppress(ApiException):
            self._core.delete_namespace(name, grace_period_seconds=0)

    def _running(self, namespace: str) -> list[bool]:
        found = self._core.list_namespaced_pod(namespace).items
        return [each.status.phase == "Running" and not each.metadata.deletion_timestamp for each in found]

    def close(self) -> None:
        for name in self._namespaces:
            self._core.delete_namespace(name, grace_period_seconds=0)
        self._api.close()


def deployment(replicas: int) -> dict:
    labels = {"app": "web"}
    container = {"name": "web", "image": IMAGE, "imagePullPolicy": "IfNotPresent"}
    pod = {"containers": [container], "terminationGracePeriodSeconds": GRACE_SECONDS}
    template = {"metadata": {"labels": labels}, "spec": pod}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"metadata": {"name": "web"}, "spec": spec}

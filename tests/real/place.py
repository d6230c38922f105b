"""A namespace of our own in a real cluster, where tests make pods that nobody runs."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from tests.real.processes import wait_until

GROUPS = ["", "apps", "batch"]
NOWHERE = {"tests/nowhere": "true"}  # No node has this label, so a pod stays Pending and goes at once.


class Place:
    """`api` goes straight to the API server, whatever tests do to their own way there."""

    def __init__(self, kubeconfig: str) -> None:
        self._client = config.new_client_from_config(kubeconfig)
        self.api = client.CoreV1Api(self._client)
        self._rbac = client.RbacAuthorizationV1Api(self._client)
        self.name = f"t-days-{secrets.token_hex(4)}"
        self.api.create_namespace({"metadata": {"name": self.name}})
        wait_until(self._may_hold_pods)

    def _may_hold_pods(self) -> bool:
        with suppress(ApiException):
            return bool(self.api.read_namespaced_service_account("default", self.name))
        return False

    def add(self, name: str | None = None) -> str:
        """Make a pod; return its name."""
        name = name or f"p-{secrets.token_hex(4)}"
        spec = {"containers": [{"name": "c", "image": "lab/busybox:1"}], "nodeSelector": NOWHERE}
        self.api.create_namespaced_pod(self.name, {"metadata": {"name": name}, "spec": spec})
        return name

    def change(self, name: str) -> None:
        """Change a pod in a way that its frames tell of."""
        labels = {"changed": secrets.token_hex(4)}
        self.api.patch_namespaced_pod(name, self.name, {"metadata": {"labels": labels}})

    def remove(self, name: str) -> None:
        self.api.delete_namespaced_pod(name, self.name, grace_period_seconds=0)

    def allow(self, user: str) -> None:
        """Let a user read what is in this namespace."""
        rule = {"apiGroups": GROUPS, "resources": ["*"], "verbs": ["get", "list", "watch"]}
        self._rbac.create_namespaced_role(self.name, {"metadata": {"name": "reader"}, "rules": [rule]})
        group = "rbac.authorization.k8s.io"
        role = {"apiGroup": group, "kind": "Role", "name": "reader"}
        subject = {"apiGroup": group, "kind": "User", "name": user}
        binding = {"metadata": {"name": "reader"}, "roleRef": role, "subjects": [subject]}
        self._rbac.create_namespaced_role_binding(self.name, binding)

    def close(self) -> None:
        self.api.delete_namespace(self.name)
        self._client.close()


@contextmanager
def made(kubeconfig: str) -> Iterator[Place]:
    """Give a namespace; what is in it goes with it."""
    place = Place(kubeconfig)
    try:
        yield place
    finally:
        place.close()

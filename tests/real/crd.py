"""A kind of our own in a real cluster, with columns of its own and two objects."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from kubernetes import config
from kubernetes.client.exceptions import ApiException

from tests.real.processes import wait_until

AS_TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
COLUMNS = [
    {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
    {"name": "Colour", "type": "string", "jsonPath": ".spec.colour"},
    {"name": "Note", "type": "string", "jsonPath": ".spec.note", "priority": 1},
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
]


class Widgets:
    """The kind `Widget` of a group that nobody else has."""

    def __init__(self, kubeconfig: str, namespace: str) -> None:
        self._client = config.new_client_from_config(kubeconfig)
        self.group = f"t{secrets.token_hex(4)}.example.com"
        self.id = f"widgets.{self.group}"
        self.namespace = namespace
        self._collection = f"/apis/{self.group}/v1/namespaces/{namespace}/widgets"

    def define(self) -> None:
        spec = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        version = {
            "name": "v1",
            "served": True,
            "storage": True,
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}},
            "additionalPrinterColumns": COLUMNS,
        }
        names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "shortNames": ["wdg"]}
        definition = {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": self.id},
            "spec": {"group": self.group, "names": names, "scope": "Namespaced", "versions": [version]},
        }
        self._ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
        wait_until(self._is_served)

    def _is_served(self) -> bool:
        with suppress(ApiException, AssertionError):
            return self._ask("GET", self._collection)["items"] == []
        return False

    def add(self, name: str, **spec: Any) -> dict[str, Any]:
        metadata = {"name": name, "labels": {"tests/kind": "widget"}}
        body = {"apiVersion": f"{self.group}/v1", "kind": "Widget", "metadata": metadata, "spec": spec}
        return self._ask("POST", self._collection, body)

    def table(self) -> list[dict[str, Any]]:
        """Return what the API server prints, each row as column -> cell, without cells that have no value."""
        found = self._ask("GET", self._collection, accept=AS_TABLE)
        titles = [each["name"].lower() for each in found["columnDefinitions"]]
        return [
            {title: cell for title, cell in zip(titles, row["cells"], strict=True) if cell is not None}
            for row in found["rows"]
        ]

    def forget(self) -> None:
        self._ask("DELETE", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{self.id}")
        self._client.close()

    def _ask(self, method: str, path: str, body: Any = None, *, accept: str = "application/json") -> Any:
        headers = {"Accept": accept, "Content-Type": "application/json"}
        request = self._client.param_serialize(
            method, path, body=body, header_params=headers, auth_settings=["BearerToken"]
        )
        answer = self._client.call_api(*request)
        content = answer.read()
        assert answer.status < 300, content
        return json.loads(content)


@contextmanager
def defined(kubeconfig: str, namespace: str) -> Iterator[Widgets]:
    """Give the kind with two objects; both go with it."""
    widgets = Widgets(kubeconfig, namespace)
    widgets.define()
    try:
        widgets.add("one", size=3, colour="blue", note="first")
        widgets.add("two", size=5)
        yield widgets
    finally:
        widgets.forget()

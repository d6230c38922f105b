"""Calls of stacks as clients make them."""

import json
from typing import Any

SPEC = """apiVersion: v1
kind: Pod
metadata:
  name: challenge
spec:
  containers:
  - name: app
    image: nginx:stable
    ports:
    - containerPort: 80
    resources:
      limits: {cpu: 100m, memory: 128Mi}
"""
NEW = {"target_port": [{"container_port": 80, "protocol": "TCP"}], "pod_spec": SPEC}


def post(client, path: str = "/stacks", body: Any = None, **headers: str):
    """Send a body, JSON unless it is text already, under a content type that says nothing."""
    content = body if isinstance(body, str | bytes) else json.dumps(NEW if body is None else body)
    return client.post(path, content, content_type="text/plain", headers=headers)


def made(client, **more: Any) -> dict[str, Any]:
    """Return a new stack."""
    response = post(client, body=NEW | more)
    assert response.status_code == 201, response.content
    return response.json()

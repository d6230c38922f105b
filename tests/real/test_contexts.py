"""Contexts that are added while the product runs act as their own users, and as nobody else."""

import json
import os
from base64 import b64encode
from functools import cache
from pathlib import Path

import pytest
import yaml
from django.test import Client
from django.utils.timezone import now

from orchestrator.backends.cluster import open_catalogue
from orchestrator.services import access
from orchestrator.services.clusters import added, contexts, feed, kubeconfigs

pytestmark = [
    pytest.mark.needs("TEST_KUBECONFIG", "TEST_KUBECONFIG_VIEWER", "TEST_KUBECONFIG_NOBODY"),
    pytest.mark.django_db(transaction=True),
]


def called(name: str, variable: str) -> str:
    """Return a kubeconfig of the lab, flattened, with its one context under a name of ours."""
    config = yaml.safe_load(Path(os.environ[variable]).read_text())
    config["contexts"] = [{"name": name, "context": config["contexts"][0]["context"]}]
    cluster = config["clusters"][0]["cluster"]
    authority = Path(cluster.pop("certificate-authority")).read_bytes()
    cluster["certificate-authority-data"] = b64encode(authority).decode()
    return yaml.safe_dump(config)


@pytest.fixture
def api(monkeypatch, settings, admin):
    """Return a client of a server with one context of its own, the administrator's, and two added ones."""
    settings.CLUSTER_BACKEND, settings.KUBECONFIG = "auto", os.environ["TEST_KUBECONFIG"]
    opened = cache(lambda: open_catalogue(feed.heard))
    monkeypatch.setattr(contexts, "catalogue", opened)
    added.look_again()
    boss = access.caller_of_user(admin)
    for name in ("viewer", "nobody"):
        text = called(f"the-{name}", f"TEST_KUBECONFIG_{name.upper()}")
        assert kubeconfigs.add(boss, text, names=None, at=now()) == [f"the-{name}"]
    yield Client(raise_request_exception=False)
    for cluster in (*opened().clusters.values(), *added.opened().values()):
        cluster.close()


def status(api, path: str) -> tuple[int, str]:
    response = api.get(path)
    return response.status_code, response.headers.get("X-Context", "")


def test_each_context_has_the_rights_of_its_own_user(api):
    own = contexts.scope().context.name
    assert status(api, "/api/configmaps?namespace=kube-system") == (200, own)
    assert status(api, "/api/secrets?namespace=kube-system") == (200, own)
    assert status(api, "/api/configmaps?namespace=kube-system&context=the-viewer") == (200, "the-viewer")
    assert status(api, "/api/secrets?namespace=kube-system&context=the-viewer")[0] == 403
    assert status(api, "/api/configmaps?namespace=kube-system&context=the-nobody")[0] == 403
    path = "/api/configmaps/kube-root-ca.crt?namespace=default"
    assert status(api, path + "&context=the-viewer") == (200, "the-viewer")
    assert status(api, path + "&context=the-nobody")[0] == 403


def test_a_context_is_tested_as_its_own_user(api):
    assert api.get("/api/test-connection?context=the-viewer").json()["success"] is True
    assert api.get("/api/test-connection?context=the-nobody").json()["success"] is False


def test_a_removed_context_is_unknown_at_once(api, admin):
    assert status(api, "/api/pods?context=the-viewer")[0] == 200
    kubeconfigs.remove(access.caller_of_user(admin), "the-viewer", at=now())
    response = api.get("/api/pods?context=the-viewer")
    assert (response.status_code, json.loads(response.content)["code"]) == (404, "context_not_found")

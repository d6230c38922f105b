"""A user who may read all but secrets and storage is refused those, and everything else works."""

import os

import pytest

from tests.real.processes import started
from tests.real.product import Product
from tests.real.source import PATHS, made_in

pytestmark = pytest.mark.needs("TEST_KUBECONFIG", "TEST_KUBECONFIG_VIEWER")
UNREADABLE = {"secrets", "resourcequotas", "limitranges"}  # see tests/lab/kubernetes/access.yaml


@pytest.fixture(scope="module")
def viewer(tmp_path_factory, place):
    folder = tmp_path_factory.mktemp("viewer")
    real = {"CLUSTER_BACKEND": "auto", "KUBECONFIG": os.environ["TEST_KUBECONFIG_VIEWER"]}
    with (
        made_in(place.name, os.environ["TEST_KUBECONFIG"]),
        started(f"sqlite:///{folder}/viewer.sqlite3", **real) as processes,
    ):
        yield Product(processes)


@pytest.mark.parametrize("path", ["secrets", "secrets/login", "resources/secrets/login/yaml"])
def test_what_a_viewer_may_not_read_is_refused(viewer, place, path):
    reply = viewer.get(f"/api/{path}?namespace={place.name}")
    assert (reply.status, reply.json["code"]) == (403, "forbidden")
    details = reply.json["details"]
    assert (details["reason"], details["resource"], details["namespace"]) == (
        "Forbidden",
        "secrets",
        place.name,
    )


@pytest.mark.parametrize("kinds", sorted(PATHS.keys() - UNREADABLE))
def test_everything_else_works(viewer, place, kinds):
    reply = viewer.get(f"/api/{kinds}?namespace={place.name}")
    assert (reply.status, bool(reply.json)) == (200, True)


def test_labels_leave_out_what_may_not_be_read(viewer, place):
    reply = viewer.get(f"/api/labels?namespace={place.name}")
    assert (reply.status, reply.headers["x-partial"]) == (200, "true")
    kinds = {each["kind"] for each in reply.json["resources"]}
    assert "Secret" not in kinds
    assert {"Deployment", "Pod", "ConfigMap"} <= kinds

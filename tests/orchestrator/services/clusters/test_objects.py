"""orchestrator.services.clusters.objects"""

from dataclasses import replace

import pytest

from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import Forbidden
from orchestrator.errors import InvalidInput, Missing
from orchestrator.services.clusters import objects


@pytest.fixture
def inside(everywhere):
    return replace(everywhere, namespace="default")


def test_a_secret_is_read_masked_and_its_source_is_not(inside):
    found = objects.read(Kind.SECRETS, inside, "db-credentials")
    assert set(found.manifest["data"].values()) == {"********"}
    assert set(found.row.data.values()) == {""}
    assert set(found.row.sizes.values()) == {21}
    assert "********" not in objects.source(Kind.SECRETS, inside, "db-credentials")["data"].values()


def test_a_name_is_taken_without_its_spaces(inside):
    assert objects.read(Kind.CONFIGMAPS, inside, " app-config ").row.name == "app-config"


@pytest.mark.parametrize("name", ["", " ", "A", "a_b", "-a", "a.", "a/b", "x" * 254, "a\nb"])
def test_what_cannot_be_a_name_is_refused(name):
    with pytest.raises(InvalidInput):
        objects.checked_name(name)


@pytest.mark.parametrize("kind", [Kind.STATEFULSETS, Kind.DAEMONSETS])
def test_sets_are_looked_for_in_default(everywhere, kind):
    assert objects.required_namespace(kind, everywhere) == "default"


@pytest.mark.parametrize("kind", [Kind.PODS, Kind.DEPLOYMENTS, Kind.SECRETS, Kind.JOBS])
def test_others_must_say_where(everywhere, kind):
    with pytest.raises(InvalidInput, match="Namespace parameter is required"):
        objects.required_namespace(kind, everywhere)


def test_a_node_is_nowhere(inside):
    assert objects.required_namespace(Kind.NODES, inside) == ""


def test_what_is_in_another_namespace_is_not_there(everywhere):
    with pytest.raises(Missing, match="Secret not found: db-credentials"):
        objects.read(Kind.SECRETS, replace(everywhere, namespace="kube-system"), "db-credentials")


def test_a_refused_object_is_asked_for_once(inside, monkeypatch):
    asked = []

    def refuse(kind, **where):
        asked.append(where)
        raise Forbidden("You may not.", service="kubernetes", status=403)

    monkeypatch.setattr(inside.cluster, "read", refuse)
    for _ in range(3):
        with pytest.raises(Forbidden) as caught:
            objects.read(Kind.SECRETS, inside, "db-credentials")
    assert caught.value.details["verb"] == "get"
    assert len(asked) == 1

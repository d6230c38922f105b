"""orchestrator.services.clusters.served"""

from dataclasses import replace

import pytest

from orchestrator.backends.cluster.port import Kind
from orchestrator.errors import InvalidInput, Missing
from orchestrator.services.clusters import served

FOUND = [
    ("deploy", "deployments.apps"),
    ("Deployment", "deployments.apps"),
    ("bs", "backupschedules.backup.example.com"),
    ("sc", "storageclasses.storage.k8s.io"),
    ("po", "pods"),
    ("networking ingress", "ingresses.networking.k8s.io"),
    ("policy/", None),
    ("backup.example.com", "backupschedules.backup.example.com"),
    ("no such kind", None),
]


@pytest.mark.parametrize(("search", "first"), FOUND)
def test_a_kind_is_found_by_any_of_its_names(everywhere, search, first):
    ids = [each.id for each in served.kinds(everywhere, search=search)]
    assert (ids[0] if ids else None) == first


def test_all_kinds_come_by_group_the_core_first(everywhere):
    groups = served.groups(everywhere)
    assert groups[0].name == ""
    assert [group.name for group in groups] == sorted(group.name for group in groups)
    assert sum(len(group.kinds) for group in groups) == len(served.kinds(everywhere))


def test_what_a_cache_holds_is_counted_and_nothing_else(everywhere):
    everywhere.cluster.cache(Kind.NODES)
    everywhere.cluster.cache(Kind.DEPLOYMENTS)
    place = replace(everywhere, namespace="production")
    for scope, expected in ((everywhere, (3, 15)), (place, (3, 0))):
        counts = {resource.id: count for group in served.groups(scope) for resource, count in group.kinds}
        assert (counts["nodes"], counts["deployments.apps"]) == expected
        assert counts["storageclasses.storage.k8s.io"] is None


def test_a_kind_is_known_by_plural_and_group(everywhere):
    assert served.kind(everywhere, " roles.rbac.authorization.k8s.io ").kind == "Role"


@pytest.mark.parametrize("id_", ["", "Roles", "roles/x", "a" * 400])
def test_what_cannot_be_a_kind_is_refused(everywhere, id_):
    with pytest.raises(InvalidInput):
        served.kind(everywhere, id_)


def test_a_kind_that_is_not_served_is_missing(everywhere):
    with pytest.raises(Missing, match="demo-cluster serves no kind called things.example.com"):
        served.kind(everywhere, "things.example.com")


def test_a_kind_that_was_just_defined_is_asked_for_again(everywhere, monkeypatch):
    known = everywhere.cluster.resources()
    monkeypatch.setattr(everywhere.cluster, "resources", lambda again=False: known if again else ())
    assert served.kind(everywhere, "pods").kind == "Pod"


def test_too_long_a_search_is_refused(everywhere):
    with pytest.raises(InvalidInput):
        served.kinds(everywhere, search="a" * 254)

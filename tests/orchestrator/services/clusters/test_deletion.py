"""orchestrator.services.clusters.deletion"""

from dataclasses import replace

import pytest
from django.utils.timezone import now

from orchestrator.backends.cluster.port import Kind
from orchestrator.errors import InvalidInput, Refused
from orchestrator.models import AuditEvent
from orchestrator.services import access
from orchestrator.services.access import Caller
from orchestrator.services.clusters import deletion

OPERATOR = Caller("mara", access.scopes_of("operator"))
CLAIMS = {"volumeClaimTemplates": [{"metadata": {"name": "data"}}]}
GO = {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}}


@pytest.fixture
def inside(everywhere):
    return replace(everywhere, namespace="default")


@pytest.mark.parametrize(
    ("kind", "spec", "said"),
    [
        (Kind.PVCS, {}, "data on its volume is lost"),
        (Kind.PVS, {}, "may be lost"),
        (Kind.NAMESPACES, {}, "Everything in it"),
        (Kind.STATEFULSETS, CLAIMS, deletion.CLAIMS_STAY),
        (Kind.STATEFULSETS, CLAIMS | GO, deletion.CLAIMS_GO),
        (Kind.STATEFULSETS, GO, ""),
        (Kind.DEPLOYMENTS, {}, ""),
        (Kind.SECRETS, {}, ""),
        (Kind.CONFIGMAPS, {}, ""),
    ],
)
def test_what_is_lost_with_an_object_is_said(kind, spec, said):
    found = deletion.lost(kind, {"spec": spec})
    assert said in found
    assert bool(said) == bool(found)


@pytest.mark.parametrize("typed", ["", "shops", "SHOP"])
def test_a_namespace_is_deleted_only_by_its_name(everywhere, db, typed):
    with pytest.raises(InvalidInput, match="Repeat the name shop") as refusal:
        deletion.delete(OPERATOR, Kind.NAMESPACES, everywhere, "shop", at=now(), confirm=typed)
    assert [each.path for each in refusal.value.problems] == ["confirm"]
    assert AuditEvent.objects.count() == 0


@pytest.mark.parametrize(
    "wrong", [{"propagation": "Sideways"}, {"grace_seconds": -1}, {"grace_seconds": 86401}]
)
def test_a_bad_value_deletes_nothing(inside, wrong):
    with pytest.raises(InvalidInput):
        deletion.delete(OPERATOR, Kind.CONFIGMAPS, inside, "app-config", at=now(), **wrong)


def test_a_viewer_deletes_nothing(inside):
    with pytest.raises(Refused):
        deletion.delete(
            Caller("vera", access.scopes_of("viewer")), Kind.CONFIGMAPS, inside, "app-config", at=now()
        )

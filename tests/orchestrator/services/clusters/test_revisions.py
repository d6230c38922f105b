"""orchestrator.services.clusters.revisions"""

from dataclasses import replace

import pytest
from django.utils.timezone import now

from orchestrator.backends.cluster.port import RESOURCES, Kind, Patch
from orchestrator.errors import InvalidInput, Missing, NotNow, Refused
from orchestrator.models import AuditEvent
from orchestrator.services import access
from orchestrator.services.access import Caller
from orchestrator.services.clusters import diffs, revisions
from orchestrator.services.clusters.revisions import CAUSE, Kept, Revision

OPERATOR = Caller("mara", access.scopes_of("operator"))
VIEWER = Caller("vera", access.scopes_of("viewer"))
OLD = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "main", "image": "web:1"}]}}
NEW = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "main", "image": "web:2"}]}}
REPLACED = {"op": "replace", "path": "/spec/template", "value": OLD}
PATH = "/metadata/annotations/kubernetes.io~1change-cause"


@pytest.fixture
def inside(everywhere):
    return replace(everywhere, namespace="default")


def kept(template: dict, *, cause: str = "") -> Kept:
    revision = Revision(
        revision=1, name="web-1", images=(), change_cause=cause, created_at="", pods=0, ready=0, current=False
    )
    return Kept(revision, template)


def deployment(template: dict, annotations: dict | None = None) -> dict:
    return {"metadata": {"name": "web", "annotations": annotations}, "spec": {"template": template}}


@pytest.mark.parametrize(
    ("annotations", "cause", "more"),
    [
        ({"a": "b"}, "", []),
        (None, "", []),
        ({CAUSE: "same"}, "same", []),
        ({CAUSE: "new"}, "old", [{"op": "add", "path": PATH, "value": "old"}]),
        ({"a": "b"}, "old", [{"op": "add", "path": PATH, "value": "old"}]),
        ({CAUSE: "new"}, "", [{"op": "remove", "path": PATH}]),
        (None, "old", [{"op": "add", "path": "/metadata/annotations", "value": {CAUSE: "old"}}]),
    ],
)
def test_an_undo_replaces_the_template_and_its_cause_alone(annotations, cause, more):
    changes = revisions.patch(deployment(NEW, annotations), kept(OLD, cause=cause))
    assert changes == [REPLACED, *more]


def test_nothing_is_undone_where_nothing_differs():
    assert revisions.patch(deployment(OLD, {CAUSE: "new"}), kept(OLD, cause="old")) == []


def test_what_tells_revisions_apart_is_no_difference():
    labels = {"app": "web", "pod-template-hash": "1"}
    marked = OLD | {"metadata": {"labels": labels, "creationTimestamp": None}, "$patch": "replace"}
    assert revisions._plain(marked) == OLD


def test_the_newest_revision_stands_first_and_is_current(inside):
    found = revisions.revisions(Kind.DEPLOYMENTS, inside, "frontend")
    numbers = [each.revision for each in found]
    assert numbers == sorted(numbers, reverse=True)
    assert [each.current for each in found] == [True] + [False] * (len(found) - 1)


@pytest.mark.parametrize("kind", [Kind.PODS, Kind.JOBS, Kind.REPLICASETS])
def test_other_kinds_have_no_revisions(inside, kind):
    with pytest.raises(InvalidInput):
        revisions.revisions(kind, inside, "web")


def test_a_viewer_undoes_nothing(inside):
    with pytest.raises(Refused):
        revisions.undo(VIEWER, Kind.DEPLOYMENTS, inside, "frontend", at=now())


def test_a_revision_that_is_not_kept_is_named(inside, db):
    with pytest.raises(Missing, match="Revision not found: 99"):
        revisions.undo(OPERATOR, Kind.DEPLOYMENTS, inside, "frontend", at=now(), revision=99)
    assert AuditEvent.objects.get().result == "failed"


def test_what_is_there_already_is_no_change(inside, db):
    current = revisions.revisions(Kind.DEPLOYMENTS, inside, "frontend")[0].revision
    done = revisions.undo(OPERATOR, Kind.DEPLOYMENTS, inside, "frontend", at=now(), revision=current)
    assert done.warning == "Nothing had to be changed: it has that pod template."
    assert revisions.difference(Kind.DEPLOYMENTS, inside, "frontend", revision=current) == []


def change(scope, body: dict) -> dict:
    return scope.cluster.patch(
        RESOURCES[Kind.DEPLOYMENTS], body, namespace="default", name="frontend", how=Patch.STRATEGIC
    )


def image(scope) -> str:
    manifest = scope.cluster.read(Kind.DEPLOYMENTS, namespace="default", name="frontend")
    return str(manifest["spec"]["template"]["spec"]["containers"][0]["image"])


def test_an_undo_gives_back_the_image_of_before(inside, db):
    before = image(inside)
    container = {"name": "frontend", "image": "registry.example.com/shop/frontend:9.9.9"}
    change(inside, {"spec": {"template": {"spec": {"containers": [container]}}}})
    newest, earlier = revisions.revisions(Kind.DEPLOYMENTS, inside, "frontend")[:2]
    assert (newest.current, earlier.images) == (True, (before,))
    hunks = revisions.difference(Kind.DEPLOYMENTS, inside, "frontend", revision=earlier.revision)
    assert diffs.changed(hunks) == (1, 1)
    done = revisions.undo(OPERATOR, Kind.DEPLOYMENTS, inside, "frontend", at=now())
    assert (image(inside), done.warning) == (before, "")
    assert AuditEvent.objects.get().note == f"to revision {earlier.revision}"


def test_a_paused_rollout_goes_nowhere(inside, db):
    change(inside, {"spec": {"paused": True}})
    with pytest.raises(NotNow, match="Resume it first"):
        revisions.undo(OPERATOR, Kind.DEPLOYMENTS, inside, "frontend", at=now())

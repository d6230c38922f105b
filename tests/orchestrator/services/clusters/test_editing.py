"""orchestrator.services.clusters.editing"""

from dataclasses import replace

import pytest
from django.utils.timezone import now

from orchestrator.backends.cluster.acts import Patch
from orchestrator.backends.cluster.port import RESOURCES, Kind
from orchestrator.backends.errors import BackendError, Conflict, Forbidden, Invalid
from orchestrator.errors import InvalidInput, Missing, NotNow
from orchestrator.models import AuditEvent
from orchestrator.services import access
from orchestrator.services.access import Caller
from orchestrator.services.clusters import acting, editing, edits
from orchestrator.services.clusters.edits import Edit

OPERATOR = Caller("mara", access.scopes_of("operator"))
SETTINGS = "app-config"


@pytest.fixture
def target(everywhere, db):
    return acting.target(OPERATOR, Kind.CONFIGMAPS, replace(everywhere, namespace="default"), SETTINGS)


@pytest.fixture
def change(target):
    """Return a function that changes the object as somebody else does."""

    def change(**data) -> None:
        body = {"data": data}
        target.cluster.patch(target.resource, body, namespace="default", name=SETTINGS, how=Patch.MERGE)

    return change


@pytest.fixture
def begun(target, change):
    """Return an edit that has just begun, of a config map with two values."""
    change(level="info", size="1")
    opened = editing.opened(target)
    return Edit(text=opened.text, base=opened.text, version=opened.version)


@pytest.fixture
def stored(target):
    """Return a function that gives the values of the config map as they are."""

    def stored() -> dict:
        return target.cluster.get(target.resource, namespace="default", name=SETTINGS)["data"]

    return stored


def typed(edit: Edit, before: str, after: str) -> Edit:
    assert before in edit.text
    return replace(edit, text=edit.text.replace(before, after))


def fields(found) -> list[tuple]:
    return [(each.field, each.before, each.after) for each in found.changes]


def test_what_is_edited_leaves_out_what_the_server_keeps(begun):
    for word in ("managedFields", "resourceVersion", "uid:", "creationTimestamp", "status:"):
        assert word not in begun.text
    assert begun.version


def test_nothing_typed_is_nothing_changed(target, begun):
    checked = editing.check(target, begun)
    assert (checked.hunks, checked.changes, checked.theirs, checked.settled) == ([], [], [], False)


def test_a_check_shows_the_change_and_changes_nothing(target, begun, stored):
    checked = editing.check(target, typed(begun, "level: info", "level: debug"))
    assert fields(checked) == [("data.level", "info", "debug")]
    assert [(line.kind, line.text) for line in checked.hunks[0].lines if line.kind != "same"] == [
        ("del", "  level: info"),
        ("add", "  level: debug"),
    ]
    assert checked.settled
    assert stored()["level"] == "info"
    assert not AuditEvent.objects.exists()


def test_an_apply_stores_the_change_and_writes_it_down(target, begun, stored):
    found = editing.apply(target, typed(begun, "level: info", "level: debug"), at=now())
    assert stored()["level"] == "debug"
    assert "level: debug" in found.text
    event = AuditEvent.objects.get()
    assert (event.action, event.target, event.result) == ("Edit", f"configmap {SETTINGS}", "done")
    assert event.note == "data.level"


def test_it_may_be_repeated(target, begun, stored):
    edit = typed(begun, "level: info", "level: debug")
    editing.apply(target, edit, at=now())
    assert editing.apply(target, edit, at=now()).changes == []
    assert stored()["level"] == "debug"


def test_a_change_by_somebody_else_elsewhere_is_kept(target, begun, change, stored):
    change(size="2")
    edit = typed(begun, "level: info", "level: debug")
    checked = editing.check(target, edit)
    assert fields(checked) == [("data.level", "info", "debug")]
    assert [line.text for line in checked.theirs[0].lines if line.kind == "add"] == ["  size: '2'"]
    editing.apply(target, edit, at=now())
    assert (stored()["level"], stored()["size"]) == ("debug", "2")


def test_a_change_of_the_same_field_is_shown_and_not_overwritten(target, begun, change, stored):
    change(level="warn")
    edit = typed(begun, "level: info", "level: debug")
    checked = editing.check(target, edit)
    assert [(each.field, each.theirs, each.mine) for each in checked.clashes] == [
        ("data.level", "warn", "debug")
    ]
    assert not checked.settled
    with pytest.raises(NotNow, match="data.level") as caught:
        editing.apply(target, edit, at=now())
    assert caught.value.details == {"conflicts": [{"field": "data.level"}]}
    assert stored()["level"] == "warn"
    assert AuditEvent.objects.get().result == "failed"


def test_who_says_so_keeps_their_own(target, begun, change, stored):
    change(level="warn")
    edit = replace(typed(begun, "level: info", "level: debug"), mine=True)
    assert editing.check(target, edit).settled
    editing.apply(target, edit, at=now())
    assert stored()["level"] == "debug"


def test_what_changed_after_it_was_shown_is_shown_again(target, begun, change, stored):
    edit = typed(begun, "level: info", "level: debug")
    seen = editing.check(target, edit).mark
    change(size="2")
    with pytest.raises(NotNow, match="since it was shown to you"):
        editing.apply(target, replace(edit, seen=seen), at=now())
    again = editing.check(target, edit).mark
    editing.apply(target, replace(edit, seen=again), at=now())
    assert (stored()["level"], stored()["size"]) == ("debug", "2")


def test_without_a_base_the_version_must_be_the_present_one(target, begun, change):
    change(size="2")
    with pytest.raises(Conflict, match="Read it again"):
        editing.apply(target, replace(begun, base=""), at=now())
    found = editing.apply(target, replace(begun, base="", version=""), at=now())
    assert fields(found) == [("data.size", "2", "1")]


def test_a_lost_race_is_run_again(target, begun, stored, monkeypatch):
    replace_once = type(target.cluster).replace
    lost = []

    def slow(cluster, *args, **more):
        if not lost:
            lost.append(1)
            raise Conflict("the object has been modified", service="kubernetes", status=409)
        return replace_once(cluster, *args, **more)

    monkeypatch.setattr(type(target.cluster), "replace", slow)
    editing.apply(target, typed(begun, "level: info", "level: debug"), at=now())
    assert stored()["level"] == "debug"


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("kind: ConfigMap", "kind: Secret", "kind must stay ConfigMap"),
        ("apiVersion: v1", "apiVersion: v2", "apiVersion must stay v1"),
        (f"name: {SETTINGS}", "name: other", f"metadata.name must stay {SETTINGS}"),
        ("namespace: default", "namespace: shop", "metadata.namespace must stay default"),
        ("data:", "data: [", "line"),
    ],
)
def test_it_must_stay_the_same_object(target, begun, before, after, sentence):
    for act in (editing.check, lambda *given: editing.apply(*given, at=now())):
        with pytest.raises(InvalidInput) as caught:
            act(target, typed(begun, before, after))
        assert caught.value.problems[0].message.startswith(sentence)
    assert not AuditEvent.objects.exists()


def test_a_text_may_leave_out_the_namespace_and_name_what_the_server_keeps(target, begun, stored):
    edit = typed(begun, "  namespace: default\n", "  uid: other\n  generation: 7\n")
    editing.apply(target, typed(edit, "level: info", "level: debug"), at=now())
    assert stored()["level"] == "debug"


def test_what_is_gone_is_missing(target, begun):
    target.cluster.delete(target.resource, namespace="default", name=SETTINGS)
    with pytest.raises(Missing):
        editing.opened(target)
    with pytest.raises(Missing):
        editing.check(target, typed(begun, "level: info", "level: debug"))


def test_leave_is_asked_for_first(target, begun, monkeypatch):
    monkeypatch.setattr(type(target.cluster), "may", lambda *_args, **_more: False)
    with pytest.raises(Forbidden) as caught:
        editing.check(target, begun)
    assert (caught.value.details["verb"], caught.value.details["resource"]) == ("update", "configmaps")


def test_a_refusal_is_a_sentence_and_is_written_down(everywhere, db):
    scope = replace(everywhere, namespace="default")
    target = acting.target(OPERATOR, Kind.DEPLOYMENTS, scope, "api-gateway")
    opened = editing.opened(target)
    text = opened.text.replace("app: api-gateway", "app: other")
    with pytest.raises(Invalid) as caught:
        editing.apply(target, Edit(text=text, base=opened.text, version=opened.version), at=now())
    assert caught.value.message == "spec.selector cannot be changed once the object exists."
    assert AuditEvent.objects.get().note == caught.value.message


def test_a_pod_names_what_made_it(everywhere, db):
    pod = next(
        each for each in everywhere.cluster.cache(Kind.PODS).rows("default") if "api-gateway" in each.name
    )
    target = acting.target(OPERATOR, Kind.PODS, replace(everywhere, namespace="default"), pod.name)
    kind, name = editing.opened(target).owner
    assert kind == "ReplicaSet"
    assert name.startswith("api-gateway")


def test_errors_of_the_cluster_stay_what_they_are(target, begun, monkeypatch):
    def refuse(*_args, **_more):
        raise BackendError("boom went the server", service="kubernetes", status=500)

    monkeypatch.setattr(type(target.cluster), "replace", refuse)
    with pytest.raises(BackendError, match=r"Boom went the server\."):
        editing.check(target, typed(begun, "level: info", "level: debug"))


def test_a_mark_tells_objects_apart_and_nothing_else():
    one, other = {"data": {"a": "1"}}, {"data": {"a": "2"}}
    assert edits.mark_of(one) == edits.mark_of(dict(one)) != edits.mark_of(other)


def test_every_kind_can_be_opened(everywhere, db):
    for kind in RESOURCES:
        if kind is Kind.EVENTS:
            continue
        row = everywhere.cluster.cache(kind).rows()[0]
        scope = replace(everywhere, namespace=row.namespace or None)
        opened = editing.opened(acting.target(OPERATOR, kind, scope, row.name))
        assert f"kind: {kind.word}" in opened.text

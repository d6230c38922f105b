"""orchestrator.services.clusters.secret_text, and secrets that are edited without being seen"""

from base64 import b64encode
from dataclasses import replace

import pytest
from django.utils.timezone import now

from orchestrator.backends.cluster.acts import Patch
from orchestrator.backends.cluster.port import Kind
from orchestrator.errors import InvalidInput, NotNow
from orchestrator.models import AuditEvent
from orchestrator.services import access
from orchestrator.services.access import Caller
from orchestrator.services.clusters import acting, editing
from orchestrator.services.clusters.edits import Edit
from orchestrator.services.clusters.secret_text import CHANGED, MASK, NEW

OPERATOR = Caller("mara", access.scopes_of("operator"))
NAME = "login"


def coded(text: str) -> str:
    return b64encode(text.encode()).decode()


VALUES = {"user": coded("mara-of-the-shop"), "password": coded("a-s3cret-of-old")}
FRESH = coded("a-fresh-s3cret")
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@pytest.fixture
def target(everywhere, db):
    target = acting.target(OPERATOR, Kind.SECRETS, replace(everywhere, namespace="default"), NAME)
    notes = {APPLIED: f'{{"data":{{"user":"{VALUES["user"]}"}}}}', "plain": "text"}
    manifest = {"metadata": {"name": NAME, "annotations": notes}, "type": "Opaque", "data": VALUES}
    target.cluster.create(target.resource, manifest, namespace="default")
    return target


@pytest.fixture
def begun(target):
    opened = editing.opened(target)
    return Edit(text=opened.text, base=opened.text, version=opened.version)


@pytest.fixture
def stored(target):
    def stored() -> dict:
        return target.cluster.get(target.resource, namespace="default", name=NAME)

    return stored


def typed(edit: Edit, before: str, after: str) -> Edit:
    assert before in edit.text
    return replace(edit, text=edit.text.replace(before, after))


def tells(found) -> bool:
    """Return True if any value is in what somebody gets to see."""
    texts = [*VALUES.values(), FRESH, "a-s3cret-of-old", "a-fresh-s3cret", "mara-of-the-shop"]
    return any(str(text) in repr(found) for text in texts)


def test_an_opened_secret_shows_no_value(begun):
    assert not tells(begun)
    assert f"password: '{MASK}'" in begun.text


def test_masked_values_stay_and_typed_ones_are_new(target, begun, stored):
    edit = typed(begun, f"password: '{MASK}'", f"password: {FRESH}")
    checked = editing.check(target, edit)
    assert not tells(checked)
    assert [line.text for line in checked.hunks[0].lines if line.kind == "add"] == [
        f"  password: '{CHANGED}'"
    ]
    result = editing.apply(target, edit, at=now())
    assert not tells(result)
    assert stored()["data"] == {"user": VALUES["user"], "password": FRESH}
    assert stored()["metadata"]["annotations"][APPLIED].count(VALUES["user"]) == 1
    assert AuditEvent.objects.get().note == "data.password"


def test_nothing_typed_is_nothing_changed(target, begun):
    assert editing.check(target, begun).changes == []


def test_plain_text_goes_under_string_data(target, begun):
    edit = typed(begun, "kind: Secret", "stringData:\n  token: a-fresh-s3cret\nkind: Secret")
    checked = editing.check(target, edit)
    assert not tells(checked)
    assert [line.text for line in checked.hunks[0].lines if line.kind == "add"] == [f"  token: '{NEW}'"]


def test_a_mask_without_a_value_is_refused(target, begun):
    edit = typed(begun, "data:", f"data:\n  other: '{MASK}'")
    with pytest.raises(InvalidInput) as caught:
        editing.check(target, edit)
    assert caught.value.problems[0].message == "data.other is masked, and there is no value of it to keep"


def test_a_key_can_be_taken_out(target, begun, stored):
    editing.apply(target, typed(begun, f"  user: '{MASK}'\n", ""), at=now())
    assert stored()["data"] == {"password": VALUES["password"]}


def test_a_value_typed_over_one_that_may_have_changed_is_asked_about(target, begun, stored):
    body = {"data": {"other": coded("another-value")}}
    target.cluster.patch(target.resource, body, namespace="default", name=NAME, how=Patch.MERGE)
    edit = typed(begun, f"password: '{MASK}'", f"password: {FRESH}")
    checked = editing.check(target, edit)
    assert [each.field for each in checked.clashes] == ["data.password"]
    assert not tells(checked)
    with pytest.raises(NotNow):
        editing.apply(target, edit, at=now())
    editing.apply(target, replace(edit, mine=True), at=now())
    assert stored()["data"] == {"user": VALUES["user"], "password": FRESH, **body["data"]}


def test_what_else_changed_meanwhile_is_kept(target, begun, stored):
    body = {"data": {"password": FRESH}}
    target.cluster.patch(target.resource, body, namespace="default", name=NAME, how=Patch.MERGE)
    editing.apply(target, typed(begun, "plain: text", "plain: other"), at=now())
    assert stored()["data"] == {"user": VALUES["user"], "password": FRESH}
    assert stored()["metadata"]["annotations"]["plain"] == "other"

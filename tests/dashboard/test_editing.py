"""dashboard.editing"""

import pytest

from dashboard.editing import packed, unpacked, value_of
from orchestrator.backends import errors as backend
from orchestrator.backends.cluster.port import RESOURCES, Kind
from orchestrator.errors import InvalidInput
from orchestrator.models import AuditEvent
from orchestrator.services.clusters import contexts
from orchestrator.services.clusters.threeway import ABSENT

pytestmark = pytest.mark.usefixtures("own_world")
HTMX = {"HX-Request": "true"}
PLACE = "?context=demo-cluster"
CONFIG = f"/dashboard/configmaps/default/app-config/edit{PLACE}"
OLD, NEW = "LOG_LEVEL: info", "LOG_LEVEL: debug"


@pytest.fixture
def signed_in(client, operator):
    client.force_login(operator)
    return client


def body(answer) -> str:
    return " ".join(answer.content.decode().split())


@pytest.fixture
def form(signed_in):
    """Return a function that gives what the form of the page sends, with something typed."""

    def form(
        address: str = CONFIG, before: str = "\ndata:", after: str = "\ndata:\n  fresh: '1'", **more
    ) -> dict:
        shown = signed_in.get(address).context
        assert before in shown["edit"].text
        fields = {"yaml": shown["edit"].text.replace(before, after).replace("\n", "\r\n")}
        return fields | {"base": shown["base"], "version": shown["edit"].version} | more

    return form


def test_the_page_shows_the_object_as_it_is_edited(signed_in):
    html = body(signed_in.get(CONFIG))
    assert "kind: ConfigMap" in html
    assert "resourceVersion" not in html
    assert "Nothing is changed yet." in html
    assert "yaml-editor.min" in html


def test_a_check_shows_what_would_change(signed_in, form):
    answer = signed_in.post(CONFIG, form(act="check"))
    assert answer.status_code == 200
    html = body(answer)
    assert "The server accepts this change" in html
    assert "<u>+</u><span> fresh: &#x27;1&#x27;</span>" in html
    assert "data.fresh" in html
    assert "Apply now" in html
    assert not AuditEvent.objects.exists()


def test_a_check_while_typing_answers_with_the_right_half(signed_in, form):
    answer = signed_in.post(CONFIG, form(act="check"), headers=HTMX)
    assert body(answer).startswith('<div class="stack-f" id="edit-check"')
    assert "<html" not in body(answer)


def test_an_apply_leads_to_the_object_and_says_what_changed(signed_in, form):
    answer = signed_in.post(CONFIG, form(act="apply"), follow=True)
    assert answer.redirect_chain == [(f"/dashboard/configmaps/default/app-config{PLACE}", 302)]
    assert "ConfigMap app-config is changed: data.fresh." in body(answer)
    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.result) == ("Edit", "operator-user", "done")


@pytest.mark.parametrize("act", ["check", "apply"])
def test_bad_yaml_names_the_line_and_keeps_the_text(signed_in, form, act):
    answer = signed_in.post(CONFIG, form(after="\ndata: [", act=act))
    assert answer.status_code == (200 if act == "check" else 422)
    html = body(answer)
    assert "This text cannot be used" in html
    assert "Line 4: did not find expected" in html
    assert 'data-line="4"' in html
    assert "data: [" in html


def test_a_refusal_keeps_the_text(signed_in, form):
    address = f"/dashboard/deployments/default/api-gateway/edit{PLACE}"
    answer = signed_in.post(address, form(address, "app: api-gateway", "app: other", act="apply"))
    assert answer.status_code == 422
    html = body(answer)
    assert "spec.selector cannot be changed once the object exists." in html
    assert "app: other" in html


def test_what_changed_since_it_was_shown_is_shown_again(signed_in, form):
    mine = form(act="apply", seen="a-mark-of-before")
    answer = signed_in.post(CONFIG, mine)
    assert answer.status_code == 409
    html = body(answer)
    assert "Nothing was stored." in html
    assert "The server accepts this change" in html
    assert "fresh: &#x27;1&#x27;" in html


def test_a_clash_shows_both_values_and_a_choice(signed_in, form):
    mine = form(after="\ndata:\n  fresh: mine", act="check")
    signed_in.post(CONFIG, form(after="\ndata:\n  fresh: theirs", act="apply"))
    html = body(signed_in.post(CONFIG, mine))
    assert "Changed by both" in html
    assert "<dd> theirs </dd>" in html or "<dd>theirs</dd>" in html
    assert "Apply now" not in html
    settled = signed_in.post(CONFIG, mine | {"mine": "1"})
    assert "Apply now" in body(settled)
    assert signed_in.post(CONFIG, mine | {"mine": "1", "act": "apply"}).status_code == 302


def test_what_is_gone_keeps_the_text(signed_in, form):
    mine = form(act="apply")
    cluster = contexts.scope(context="demo-cluster").cluster
    cluster.delete(RESOURCES[Kind.CONFIGMAPS], namespace="default", name="app-config")
    answer = signed_in.post(CONFIG, mine)
    assert answer.status_code == 404
    html = body(answer)
    assert "It is gone" in html
    assert "ConfigMap not found: app-config" in html
    assert "fresh: &#x27;1&#x27;" in html


def test_a_cluster_that_does_not_answer_keeps_the_text(signed_in, form, monkeypatch):
    mine = form(act="apply")

    def away(*_args, **_more):
        raise backend.Unreachable("Nothing listens there.", service="kubernetes")

    monkeypatch.setattr(type(contexts.scope(context="demo-cluster").cluster), "get", away)
    answer = signed_in.post(CONFIG, mine)
    assert answer.status_code == 503
    assert "The cluster does not answer" in body(answer)
    assert "fresh: &#x27;1&#x27;" in body(answer)


def test_values_of_a_secret_are_nowhere(signed_in, form):
    address = f"/dashboard/secrets/default/api-keys/edit{PLACE}"
    cluster = contexts.scope(context="demo-cluster").cluster
    values = cluster.read(Kind.SECRETS, namespace="default", name="api-keys")["data"].values()
    pages = [
        signed_in.get(address),
        signed_in.post(address, form(address, "type: Opaque", "type: Other", act="check")),
    ]
    assert values
    for page in pages:
        assert not [value for value in values if value in page.content.decode()]


def test_a_pod_leads_to_what_makes_it(signed_in):
    pods = contexts.scope(context="demo-cluster").cluster.cache
    name = next(row.name for row in pods(Kind.PODS).rows("default") if row.name.startswith("api-gateway"))
    html = body(signed_in.get(f"/dashboard/pods/default/{name}/edit{PLACE}"))
    assert "Pods cannot be changed in place" in html
    assert f'Edit its Deployment <a href="/dashboard/deployments/default/api-gateway/edit{PLACE}">' in html


def test_what_is_typed_cannot_become_markup(signed_in, form):
    bad = "</textarea><script>alert(1)</script>"
    for act in ("check", "apply"):
        answer = signed_in.post(CONFIG, form(after=f"\ndata:\n  fresh: '{bad}'", act=act, seen="x"))
        assert "<script>alert" not in answer.content.decode()


@pytest.mark.parametrize("base", ["", "%%%", "aGVsbG8="])
def test_an_incomplete_form_says_so(signed_in, form, base):
    assert signed_in.post(CONFIG, form(act="check", base=base)).status_code == 422


def test_a_viewer_may_not_edit_and_sees_no_way_to(client, viewer):
    client.force_login(viewer)
    assert client.get(CONFIG).status_code == 403
    assert "/edit?" not in body(client.get(CONFIG.replace("/edit", "/yaml")))


def test_an_operator_finds_the_way(signed_in):
    assert f'href="{CONFIG}"' in body(signed_in.get(CONFIG.replace("/edit", "/yaml")))


def test_a_write_without_a_context_is_refused(signed_in, form):
    assert signed_in.post(CONFIG.partition("?")[0], form(act="apply")).status_code == 422


@pytest.mark.parametrize("path", ["/dashboard/pods/-/a/edit", "/dashboard/configmaps/default/nope/edit"])
def test_what_is_not_there_is_404(signed_in, path):
    assert signed_in.get(path + PLACE).status_code == 404


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (3, "3"),
        (True, "true"),
        (["a"], '["a"]'),
        (ABSENT, "not there"),
        ("x" * 400, "x" * 299 + "…"),
    ],
)
def test_values_are_one_line(value, text):
    assert value_of(value) == text


def test_a_text_travels_packed():
    text = "a: 1\n" * 1000
    assert len(packed(text)) < 100
    assert unpacked(packed(text)) == text


def test_a_packed_text_cannot_fill_the_memory():
    with pytest.raises(InvalidInput):
        unpacked(packed("a" * 30_000_000))


BACKUP = f"/dashboard/kinds/backupschedules.backup.example.com/default/backup-data/edit{PLACE}"


def test_kinds_without_pages_of_their_own_are_edited_too(signed_in, form):
    address = BACKUP
    assert f'href="{address}"' in body(signed_in.get(address.replace("/edit", "/yaml")))
    mine = form(address, "metadata:\n", "metadata:\n  annotations: {tests/fresh: '1'}\n")
    assert "The server accepts this change" in body(signed_in.post(address, mine | {"act": "check"}))
    answer = signed_in.post(address, mine | {"act": "apply"}, follow=True)
    assert answer.redirect_chain[0][0] == address.replace("/edit", "")
    assert "is changed: metadata.annotations" in body(answer)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("configmaps/default/app-config", 302),
        ("widgets.example.com/default/a", 404),
        ("networkpolicies.networking.k8s.io/-/a", 404),
        ("networkpolicies.networking.k8s.io/default/nope", 404),
    ],
)
def test_addresses_of_any_kind_lead_to_their_page_or_nowhere(signed_in, path, status):
    assert signed_in.get(f"/dashboard/kinds/{path}/edit{PLACE}").status_code == status

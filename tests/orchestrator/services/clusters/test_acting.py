"""orchestrator.services.clusters.acting"""

from dataclasses import replace

import pytest
from django.utils.timezone import now

from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import Conflict, Forbidden, NotFound, TimedOut
from orchestrator.errors import InvalidInput, Missing, Refused, UnknownContext
from orchestrator.models import Activity, AuditEvent
from orchestrator.services import access
from orchestrator.services.access import Caller
from orchestrator.services.clusters import acting
from orchestrator.services.clusters.acting import Act

OPERATOR = Caller("mara", access.scopes_of("operator"))
VIEWER = Caller("vera", access.scopes_of("viewer"))
POLISH = Act(action="Polish", past="polished", verb="patch", subresource="scale")


@pytest.fixture
def inside(everywhere):
    return replace(everywhere, namespace="shop")


@pytest.fixture
def web(inside, db):
    return acting.target(OPERATOR, Kind.DEPLOYMENTS, inside, " web ")


def test_somebody_who_may_only_read_is_refused_before_anything_is_looked_at(inside):
    with pytest.raises(Refused, match=r"clusters:write, which vera does not have"):
        acting.target(VIEWER, Kind.DEPLOYMENTS, inside, "No Name")


@pytest.mark.parametrize("name", ["", "A", "a/b", "x" * 254])
def test_what_cannot_be_a_name_is_no_target(inside, name):
    with pytest.raises(InvalidInput):
        acting.target(OPERATOR, Kind.DEPLOYMENTS, inside, name)


def test_a_target_needs_a_namespace(everywhere):
    with pytest.raises(InvalidInput, match="Namespace parameter is required"):
        acting.target(OPERATOR, Kind.DEPLOYMENTS, everywhere, "web")


@pytest.mark.parametrize("context", [None, "", " "])
def test_a_page_acts_nowhere_unless_it_says_where(catalogue, context):
    with pytest.raises(InvalidInput, match="context parameter is required"):
        acting.place(context=context, namespace="shop")


def test_a_page_acts_where_it_says(catalogue):
    scope = acting.place(context="demo-cluster", namespace="shop")
    assert (scope.context.name, scope.namespace) == ("demo-cluster", "shop")


def test_a_page_acts_in_no_context_that_is_gone(catalogue):
    with pytest.raises(UnknownContext):
        acting.place(context="gone")


def test_an_attempt_is_written_down_before_anything_is_done(web):
    with acting.attempt(web, POLISH, at=now()):
        event = AuditEvent.objects.get()
        assert (event.actor, event.action, event.target) == ("mara", "Polish", "deployment web")
        assert (event.place, event.result) == ("demo-cluster / shop", "asked")


def test_what_was_done_is_in_the_audit_and_on_the_timeline(web):
    with acting.attempt(web, POLISH, at=now()) as attempt:
        attempt.note = "from dull to bright"
    event, line = AuditEvent.objects.get(), Activity.objects.get()
    assert (event.result, event.note) == ("done", "from dull to bright")
    assert (line.actor, line.text) == ("mara", "polished deployment web: from dull to bright")
    assert (line.object, line.context, line.namespace, line.level) == (
        "deployment web",
        "demo-cluster",
        "shop",
        "info",
    )


def test_what_failed_is_in_the_audit_and_on_the_timeline(web):
    with pytest.raises(Conflict), acting.attempt(web, POLISH, at=now()):
        raise Conflict("It has changed.", service="kubernetes", status=409)
    event, line = AuditEvent.objects.get(), Activity.objects.get()
    assert (event.result, event.note) == ("failed", "It has changed.")
    assert (line.text, line.level) == ("could not polish deployment web: It has changed.", "error")


def test_an_answer_that_did_not_come_leaves_the_outcome_open(web):
    with pytest.raises(TimedOut), acting.attempt(web, POLISH, at=now()):
        raise TimedOut("No answer.", service="kubernetes")
    assert AuditEvent.objects.get().note == f"No answer. {acting.UNSURE}"


def test_an_attempt_that_was_cut_short_stays_asked(web):
    with pytest.raises(ZeroDivisionError), acting.attempt(web, POLISH, at=now()):
        raise ZeroDivisionError
    assert AuditEvent.objects.get().result == "asked"


def test_the_cluster_is_asked_for_just_this_right_and_its_no_is_final(web, monkeypatch):
    asked = []
    monkeypatch.setattr(web.cluster, "may", lambda verb, **more: asked.append((verb, more)))
    sentence = "demo-user may not patch deployments/scale in the namespace shop"
    with pytest.raises(Forbidden, match=sentence) as refusal, acting.attempt(web, POLISH, at=now()):
        pytest.fail("entered without leave")
    place = {"namespace": "shop", "name": "web", "resource": web.resource, "subresource": "scale"}
    assert asked == [("patch", place)]
    assert refusal.value.details == {
        "reason": "Forbidden",
        "verb": "patch",
        "resource": "deployments/scale",
        "namespace": "shop",
    }
    assert AuditEvent.objects.get().result == "refused"
    assert Activity.objects.get().text.startswith("was not allowed to polish deployment web")


def test_a_refusal_of_the_api_server_keeps_its_own_words(web):
    with pytest.raises(Forbidden, match="exceeded quota") as refusal, acting.attempt(web, POLISH, at=now()):
        raise Forbidden("exceeded quota: few", service="kubernetes", status=403)
    assert refusal.value.details["verb"] == "patch"


def test_what_is_not_there_is_named(web):
    with (
        pytest.raises(Missing, match="Deployment not found: web") as gone,
        acting.attempt(web, POLISH, at=now()),
    ):
        raise NotFound('deployments.apps "web" not found', service="kubernetes", status=404)
    assert gone.value.details["identifier"] == "web"


def test_a_rehearsal_leaves_no_trace(web):
    with acting.rehearsal(web, POLISH):
        pass
    assert (AuditEvent.objects.count(), Activity.objects.count()) == (0, 0)


def test_the_product_itself_may_act(web):
    with acting.attempt(replace(web, caller=None), POLISH, at=now()):
        pass
    assert (AuditEvent.objects.get().actor, Activity.objects.get().actor) == ("system", "system")

"""dashboard.stack_detail, stack_logs and stack_acts"""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from orchestrator.models import AuditEvent, Stack
from orchestrator.services import activity
from tests.stack_rows import stack_row

pytestmark = pytest.mark.usefixtures("own_world")
LIST = "/dashboard/stacks"
ID = "stack-0000000000000001"
ONE = f"{LIST}/{ID}"
HTMX = {"HX-Request": "true"}


def body(answer) -> str:
    return " ".join(answer.content.decode().split())


@pytest.fixture
def signed_in(client, operator):
    client.force_login(operator)
    return client


@pytest.fixture
def looking(client, viewer):
    client.force_login(viewer)
    return client


def test_a_page_says_why_a_stack_runs_and_when_it_stops(signed_in):
    stack_row(ports=(31001, 31002), node_id="worker-a", actor="key ctf", created_at=now())
    html = body(signed_in.get(ONE))
    assert "key ctf asked for it" in html
    assert "Its pod runs on worker-a" in html
    assert "Lifetime 2 h" in html
    assert "may be extended to 24 h in all. 22 h left to give." in html
    assert "both node ports are released" in html
    assert "http://203.0.113.10:31002" in html


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"status": "creating"}, "Its pod is being started"),
        ({"status": "failed", "reason": "OOMKilled", "message": "More memory than its limit."}, "OOMKilled"),
        ({"status": "node_deleted", "cleaned_at": now(), "ports": ()}, "Its node worker-a is gone"),
        ({"status": "stopped", "wanted": "stopped", "cleaned_at": now(), "ports": ()}, "Somebody stopped it"),
        ({"status": "stopped"}, "Its containers have ended by themselves"),
    ],
)
def test_every_state_has_its_words(signed_in, row, sentence):
    stack_row(**row)
    assert sentence in body(signed_in.get(ONE))


def test_what_people_did_is_told(signed_in, operator):
    stack_row()
    signed_in.post(f"{ONE}/extend", {"seconds": "900"})
    html = body(signed_in.get(ONE))
    assert f"<b>{operator.username}</b> extended the stack" in html


def test_a_stack_that_is_gone_says_what_became_of_it(signed_in):
    activity.add(f"deleted stack {ID}", area="stacks", actor="mara", object=f"stack {ID}", at=now())
    answer = signed_in.get(ONE)
    assert answer.status_code == 404
    assert "<b>mara</b> deleted the stack" in body(answer)
    assert signed_in.get(ONE, headers=HTMX).status_code == 200
    assert "The id may be mistyped" in body(signed_in.get(f"{LIST}/stack-other"))


def test_an_expired_stack_is_gone_at_once(signed_in):
    stack_row(expires_at=now() - timedelta(seconds=1))
    assert signed_in.get(ONE).status_code == 404


def test_a_stack_is_extended_and_the_end_moves(signed_in):
    row = stack_row()
    answer = signed_in.post(f"{ONE}/extend", {"seconds": "3600"}, headers=HTMX)
    assert f"{ID} is extended by 1 h." in answer["HX-Trigger"]
    assert Stack.objects.get().expires_at == row.expires_at + timedelta(hours=1)
    assert AuditEvent.objects.filter(action="Extend", result="done").count() == 1


def test_without_scripts_one_comes_back_to_where_one_was(signed_in):
    stack_row()
    values = {"seconds": "900", "next": f"{LIST}?status=running"}
    assert signed_in.post(f"{ONE}/extend", values)["Location"] == f"{LIST}?status=running"
    values["next"] = "https://example.com/"
    assert signed_in.post(f"{ONE}/extend", values)["Location"] == ONE


@pytest.mark.parametrize("seconds", ["0", "-5", "abc", "10000000000000000000", "90000"])
def test_an_end_beyond_the_limit_is_refused(signed_in, seconds):
    row = stack_row()
    answer = signed_in.post(f"{ONE}/extend", {"seconds": seconds})
    assert answer.status_code == 422
    assert "seconds longer this stack can live" in body(answer)
    assert Stack.objects.get().expires_at == row.expires_at


def test_what_lives_as_long_as_it_may_offers_no_extension(signed_in):
    stack_row(created_at=now() - timedelta(hours=23), expires_at=now() + timedelta(hours=1))
    html = body(signed_in.get(ONE))
    assert "Nothing is left to give." in html
    assert f"{ONE}/extend" not in html
    assert "It lives as long as a stack may" in body(signed_in.get(LIST))


@pytest.mark.parametrize("how", ["stop", "delete"])
def test_an_end_is_asked_about_before(signed_in, how):
    stack_row()
    html = body(signed_in.get(f"{ONE}/{how}"))
    assert f"{how.capitalize()} {ID}?" in html
    assert "Files in the pod are lost" in html
    assert Stack.objects.filter(pk=ID, wanted="present").exists()


def test_a_stopped_stack_stays_readable(signed_in):
    stack_row()
    answer = signed_in.post(f"{ONE}/stop")
    assert answer["Location"] == ONE
    assert "Somebody stopped it" in body(signed_in.get(ONE))
    assert "Nothing answers any more" in body(signed_in.get(ONE))


def test_a_deleted_stack_is_gone(signed_in):
    stack_row()
    answer = signed_in.post(f"{ONE}/delete", headers=HTMX)
    assert answer["HX-Redirect"] == LIST
    assert not Stack.objects.exists()
    assert "is deleted, and its ports are free" in body(signed_in.get(LIST))


def test_the_spec_is_shown_as_it_was_accepted(signed_in):
    stack_row(pod_spec="kind: Pod\n# <script>\n")
    html = body(signed_in.get(f"{ONE}/spec"))
    assert "kind: Pod # &lt;script&gt;" in html
    assert "It is gone." in html


def test_without_a_pod_there_is_no_log(signed_in):
    stack_row()
    assert "There is no log" in body(signed_in.get(f"{ONE}/logs"))


def test_events_are_a_page_of_their_own(signed_in):
    stack_row()
    assert "No event is known" in body(signed_in.get(f"{ONE}/events"))


def test_a_port_opens_through_this_server(looking):
    stack_row(ports=(31001,))
    assert f"{ONE}/ports/80/open" in body(looking.get(ONE))
    answer = looking.post(f"{ONE}/ports/80/open")
    assert (answer.status_code, answer["Location"].split("~")[0]) == (303, f"/proxy/stacks/{ID}/80/")
    assert AuditEvent.objects.filter(action="Open port").count() == 1


def test_what_does_not_run_offers_no_port_to_open(looking):
    stack_row(ports=(31001,), status="failed")
    html = body(looking.get(ONE))
    assert f"{ONE}/ports/80/open" not in html
    assert "Nothing answers here: the stack is failed" in html


def test_a_port_that_is_not_published_opens_nothing(looking):
    stack_row(ports=(31001,))
    assert looking.post(f"{ONE}/ports/81/open").status_code == 404
    assert looking.get(f"{ONE}/ports/80/open").status_code == 405


@pytest.mark.parametrize(
    ("tab", "sentence"),
    [
        ("", "Its pod runs on worker-a"),
        ("/events", "No event is known"),
        ("/spec", "What was created cannot be read.</b> Cluster unavailable."),
        ("/logs", "There is no log"),
    ],
)
def test_a_stack_of_a_cluster_that_is_not_open_is_shown_as_it_was(signed_in, tab, sentence):
    stack_row(context="elsewhere")
    assert sentence in body(signed_in.get(ONE + tab))


def test_a_delete_that_the_cluster_does_not_confirm_says_so(signed_in):
    stack_row(context="elsewhere")
    answer = signed_in.post(f"{ONE}/delete")
    assert answer.status_code == 503
    assert "Cluster unavailable. It is tried again by itself" in body(answer)

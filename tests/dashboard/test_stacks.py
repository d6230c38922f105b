"""dashboard.stacks, stack_detail and stack_acts"""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from orchestrator.backends.cluster.acts import Patch
from orchestrator.backends.cluster.port import RESOURCES, Kind
from orchestrator.models import AuditEvent, Stack
from orchestrator.services import activity
from orchestrator.services.clusters import contexts
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


def shown(answer) -> list[str]:
    return [view.stack_id for view, *_ in answer.context["rows"]]


def test_without_stacks_the_page_says_what_they_are_and_how_to_make_one(signed_in):
    html = body(signed_in.get(LIST))
    assert "No stack runs" in html
    assert "/dashboard/stacks/new" in html


def test_the_next_to_stop_comes_first(signed_in):
    stack_row("stack-late", ports=(31001,), expires_at=now() + timedelta(hours=3))
    stack_row("stack-soon", ports=(31002,), expires_at=now() + timedelta(minutes=3))
    answer = signed_in.get(LIST)
    assert shown(answer) == ["stack-soon", "stack-late"]
    assert shown(signed_in.get(f"{LIST}?sort=-expires_at")) == ["stack-late", "stack-soon"]
    assert 'class="o-left now"' in body(answer)


def test_a_row_says_its_ports_node_and_maker(signed_in):
    stack_row(ports=(31001, 31002), node_id="worker-a", actor="key ctf")
    html = body(signed_in.get(LIST))
    assert (
        '<a href="http://203.0.113.10:31001" target="_blank" rel="noopener noreferrer">80→31001</a>' in html
    )
    assert "key ctf" in html
    assert f'<a class="nm mono" href="{ONE}">' in html


def test_a_node_without_a_public_address_gives_no_link(signed_in):
    stack_row(node_id="worker-b")
    assert "http://" not in body(signed_in.get(LIST)).split("<tbody>")[1].split("</tbody>")[0]


def test_stacks_are_filtered_by_state_node_and_words(signed_in):
    stack_row("stack-a", ports=(31001,), status="failed", reason="OOMKilled", node_id="worker-a")
    stack_row("stack-b", ports=(31002,), node_id="worker-c", actor="key ctf")
    assert shown(signed_in.get(f"{LIST}?status=failed")) == ["stack-a"]
    assert shown(signed_in.get(f"{LIST}?node_id=worker-c")) == ["stack-b"]
    assert shown(signed_in.get(f"{LIST}?q=ctf")) == ["stack-b"]
    answer = signed_in.get(f"{LIST}?q=nothing-is-called-so")
    assert "No stack matches “nothing-is-called-so”" in body(answer)
    assert "OOMKilled" in body(signed_in.get(LIST))


def test_a_bad_filter_is_explained(signed_in):
    answer = signed_in.get(f"{LIST}?status=nothing")
    assert answer.status_code == 422
    assert "status is one of" in body(answer)


def test_fifty_are_on_a_page_and_a_page_that_is_gone_is_the_last_one(signed_in):
    for number in range(51):
        stack_row(f"stack-{number:02}", ports=(31001 + number,))
    first = signed_in.get(LIST)
    assert len(shown(first)) == 50
    assert "?page=2" in body(first)
    assert len(shown(signed_in.get(f"{LIST}?page=2"))) == 1
    assert shown(signed_in.get(f"{LIST}?page=9")) == shown(signed_in.get(f"{LIST}?page=2"))


def test_figures_say_how_many_ports_are_left(signed_in, settings):
    settings.STACK_NODEPORT_MIN, settings.STACK_NODEPORT_MAX = 31001, 31010
    stack_row(ports=(31001, 31002), expires_at=now() + timedelta(minutes=10))
    tiles = {tile.label: tile for tile in signed_in.get(LIST).context["tiles"]}
    assert (tiles["Node ports left"].value, tiles["Node ports left"].more) == ("8", "2 of 10 held")
    assert tiles["Stop within 15 min"].value == "1"
    assert tiles["Stacks"].said == "1 run"


def test_a_panel_that_has_not_changed_is_not_sent_again(signed_in):
    stack_row()
    first = signed_in.get(LIST, headers=HTMX)
    assert "<html" not in body(first)
    again = signed_in.get(LIST, headers={**HTMX, "If-None-Match": first.context["etag"]})
    assert again.status_code == 204


def test_a_viewer_sees_stacks_and_no_way_to_change_them(looking):
    stack_row()
    for address in (LIST, ONE):
        html = body(looking.get(address))
        assert ID in html
        assert "xtend " not in html.split('id="main"')[1].replace("be extended", "")
        assert "Delete" not in html
    for way in ("extend", "stop", "delete"):
        assert looking.post(f"{ONE}/{way}", {"seconds": "60"}).status_code == 403
    assert Stack.objects.get().wanted == "present"


@pytest.mark.parametrize("address", [LIST, ONE, f"{ONE}/events", f"{ONE}/spec", f"{ONE}/logs"])
def test_pages_take_only_reads_of_people_who_are_known(client, signed_in, address):
    stack_row()
    assert signed_in.post(address).status_code == 405
    signed_in.logout()
    assert client.get(address).status_code == 302


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


def test_a_port_that_is_not_published_opens_nothing(looking):
    stack_row(ports=(31001,))
    assert looking.post(f"{ONE}/ports/81/open").status_code == 404
    assert looking.get(f"{ONE}/ports/80/open").status_code == 405


def test_the_navigation_and_the_overview_count_stacks(signed_in):
    stack_row(expires_at=now() + timedelta(minutes=5))
    stack_row("stack-bad", status="failed")
    html = body(signed_in.get("/dashboard/?context=demo-cluster"))
    assert '<span class="c c-stacks">2</span>' in html
    assert "1 failed" in html
    assert "1 stop within 15 min" in html


def test_a_stack_is_found_by_its_id_and_by_who_made_it(signed_in):
    stack_row(actor="key ctf")
    for text in ("0000001", "ctf"):
        assert f'href="{ONE}"' in body(signed_in.get(f"/dashboard/search?context=demo-cluster&q={text}"))


def test_the_page_of_a_pod_leads_to_its_stack(signed_in):
    cluster = contexts.scope(context="demo-cluster").cluster
    labels = {"metadata": {"labels": {"smctf.io/stack-id": ID}}}
    cluster.patch(RESOURCES[Kind.PODS], labels, namespace="staging", name="rabbitmq-0", how=Patch.MERGE)
    html = body(signed_in.get("/dashboard/pods/staging/rabbitmq-0?context=demo-cluster"))
    assert f'<a href="{ONE}">{ID}</a>' in html

"""dashboard.stacks, and who may see and do what"""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from orchestrator.backends.cluster.acts import Patch
from orchestrator.backends.cluster.port import RESOURCES, Kind
from orchestrator.models import Stack
from orchestrator.services.clusters import contexts
from orchestrator.services.stacks import place
from orchestrator.services.stacks.errors import ClusterUnavailable
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


def test_strays_are_named_with_what_becomes_of_them(signed_in):
    signed_in.get(LIST)
    cluster = contexts.scope(context="demo-cluster").cluster
    labels = {"metadata": {"labels": {"smctf.io/stack-id": "stack-lost"}}}
    stack_row(namespace="staging")
    cluster.patch(RESOURCES[Kind.PODS], labels, namespace="staging", name="rabbitmq-0", how=Patch.MERGE)
    html = body(signed_in.get(LIST))
    assert "Strays" in html
    assert '<a class="nm o-any" href="/dashboard/pods/staging/rabbitmq-0?context=demo-cluster">' in html
    assert "is removed soon" in html


def test_stacks_are_listed_while_their_cluster_cannot_be_opened(signed_in, monkeypatch):
    def closed():
        raise ClusterUnavailable

    monkeypatch.setattr(place, "cluster", closed)
    stack_row(ports=(31001,))
    assert shown(signed_in.get(LIST)) == [ID]
    assert signed_in.get(f"{LIST}/new").status_code == 200

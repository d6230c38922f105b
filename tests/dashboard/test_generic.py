"""dashboard.generic and dashboard.generic_objects"""

import pytest
from django.urls import reverse

from dashboard import generic
from dashboard.kinds import BESIDE, BESIDE_OF
from orchestrator.backends.errors import Forbidden, Gone, Unreachable
from orchestrator.services.clusters import contexts, printed

HTMX = {"HX-Request": "true"}
SCHEDULES = "backupschedules.backup.example.com"
CLASSES = "storageclasses.storage.k8s.io"
ROLES = "clusterroles.rbac.authorization.k8s.io"


@pytest.fixture
def signed_in(client, viewer):
    client.force_login(viewer)
    return client


@pytest.fixture
def fails(monkeypatch):
    """Return a function that makes a method of the demo cluster fail."""

    def fails(method: str, error: Exception) -> None:
        def fail(*asked, **more):
            raise error

        monkeypatch.setattr(contexts.scope(context="demo-cluster").cluster, method, fail)

    return fails


def body(answer) -> str:
    return " ".join(answer.content.decode().split())


def listing(id_: str) -> str:
    return reverse("dashboard:generic", kwargs={"resource": id_})


def thing(id_: str, namespace: str, name: str, tab: str = "") -> str:
    where = {"resource": id_, "namespace": namespace, "name": name}
    return reverse(f"dashboard:generic-object{tab}", kwargs=where)


ONE = thing(SCHEDULES, "production", "postgres-nightly")
FORBIDDEN = Forbidden("You may not.", service="kubernetes", status=403)
AWAY = Unreachable("No answer.", service="kubernetes")


def test_every_kind_is_there_by_group(signed_in):
    answer = signed_in.get(reverse("dashboard:kinds"))
    groups = [name for name, _ in answer.context["groups"]]
    assert groups[0] == ""
    assert "backup.example.com" in groups
    assert "BackupSchedule" in body(answer)


def test_kinds_with_a_page_of_their_own_lead_there_and_others_to_what_is_printed(signed_in):
    html = body(signed_in.get(reverse("dashboard:kinds"), {"namespace": "staging"}))
    assert 'href="/dashboard/deployments?context=demo-cluster&amp;namespace=staging"' in html
    assert f'href="/dashboard/kinds/{CLASSES}?context=demo-cluster&amp;namespace=staging"' in html


def test_a_word_finds_kinds(signed_in):
    answer = signed_in.get(reverse("dashboard:kinds"), {"q": "netpol"})
    assert [name for name, _ in answer.context["groups"]] == ["networking.k8s.io"]
    assert "No kind is called “nope”" in body(signed_in.get(reverse("dashboard:kinds"), {"q": "nope"}))


def test_a_list_has_the_columns_of_the_cluster(signed_in):
    answer = signed_in.get(listing(SCHEDULES))
    assert [title for title, _ in answer.context["headings"]] == [
        "Name",
        "Namespace",
        "Schedule",
        "Claim",
        "Keep",
        "State",
        "Last Backup",
        "Age",
    ]
    assert 'href="/dashboard/kinds/backupschedules.backup.example.com/production/postgres-nightly' in body(
        answer
    )
    assert "2 objects." in body(answer)


def test_wide_columns_are_shown_to_those_who_ask(signed_in):
    address = listing("rolebindings.rbac.authorization.k8s.io")
    usual = signed_in.get(address)
    cols = [column.key for column, _ in usual.context["choices"]]
    titles = [title for title, _ in signed_in.get(address, {"cols": cols}).context["headings"]]
    assert "ServiceAccounts" in titles
    assert len(titles) > len(usual.context["headings"])


def test_a_fragment_is_part_of_the_page_and_is_read_again(signed_in):
    html = body(signed_in.get(listing(SCHEDULES), headers=HTMX))
    assert html.startswith("<section")
    assert "data-poll" in html


def test_pages_lead_on_and_back_to_the_first(signed_in, monkeypatch):
    monkeypatch.setattr(generic, "PAGE_SIZE", 4)
    monkeypatch.setattr("dashboard.tables.PAGE_SIZE", 4)
    first = signed_in.get(listing("serviceaccounts"))
    assert "1–4 of" in body(first)
    second = signed_in.get(first.context["to_next"])
    assert '5–8 of <span class="strong">9</span>' in body(second)
    last = signed_in.get(second.context["to_next"])
    assert (last.context["to_next"], len(last.context["rows"])) == ("", 1)
    assert signed_in.get(last.context["to_first"]).context["rows"] == first.context["rows"]


def test_a_page_that_is_too_old_begins_again(signed_in, fails):
    fails("table", Gone("Too old.", service="kubernetes", status=410))
    answer = signed_in.get(listing("serviceaccounts"), {"continue": "~4", "page": 2})
    assert (answer.status_code, "continue" in answer.url) == (302, False)


def test_a_filter_finds_and_says_when_it_does_not(signed_in):
    assert len(signed_in.get(listing(SCHEDULES), {"q": "FAILED"}).context["rows"]) == 1
    html = body(signed_in.get(listing(SCHEDULES), {"q": "nobody"}))
    assert "Nothing here mentions “nobody”" in html
    assert "Clear filter" in html


def test_a_search_that_did_not_see_all_says_so(signed_in, monkeypatch):
    monkeypatch.setattr(printed, "AT_ONCE", 2)
    monkeypatch.setattr(printed, "MOST_SEARCHED", 4)
    html = body(signed_in.get(listing("serviceaccounts"), {"q": "a"}))
    assert "Searched: the first 4 objects." in html


def test_nothing_of_a_kind_says_so(signed_in):
    html = body(signed_in.get(listing(SCHEDULES), {"namespace": "staging"}))
    assert "No BackupSchedule objects in staging" in html
    assert "Look in all namespaces" in html


def test_a_kind_with_a_list_of_its_own_is_there(signed_in):
    answer = signed_in.get(listing("pods"), {"namespace": "staging"})
    assert answer.url == "/dashboard/pods?context=demo-cluster&namespace=staging"
    answer = signed_in.get(thing("deployments.apps", "default", "frontend"))
    assert answer.url == "/dashboard/deployments/default/frontend?context=demo-cluster"


def test_a_kind_that_nobody_serves_is_404(signed_in):
    answer = signed_in.get(listing("things.example.com"))
    assert answer.status_code == 404
    assert "demo-cluster serves no kind called things.example.com" in body(answer)


def test_bad_input_is_explained(signed_in):
    answer = signed_in.get(listing(SCHEDULES), {"labelSelector": "a=b=c"})
    assert (answer.status_code, "labelSelector" in body(answer)) == (422, True)


@pytest.mark.parametrize("address", [reverse("dashboard:kinds"), listing(CLASSES)])
def test_a_cluster_that_does_not_answer_is_named(signed_in, fails, address):
    fails("resources", AWAY)
    answer = signed_in.get(address)
    assert "demo-cluster does not answer" in body(answer)
    assert signed_in.get(address, headers=HTMX).status_code == 503


def test_a_refused_kind_says_so_in_its_place(signed_in, fails):
    fails("table", FORBIDDEN)
    html = body(signed_in.get(listing(CLASSES)))
    assert "You may not read storage classes in demo-cluster" in html
    assert signed_in.get(listing(CLASSES), headers=HTMX).status_code == 403


@pytest.mark.parametrize("id_", BESIDE_OF)
def test_kinds_beside_those_of_an_area_are_its_tabs(signed_in, id_):
    answer = signed_in.get(listing(id_))
    assert [tab.title for tab in answer.context["tabs"] if tab.current] == [BESIDE[BESIDE_OF[id_]][id_]]
    areas = [area for section in answer.context["shell"]().sections for area in section.areas]
    assert [area.name for area in areas if area.current] == [BESIDE_OF[id_]]
    first = signed_in.get(reverse(f"dashboard:{BESIDE_OF[id_]}"))
    assert f"/dashboard/kinds/{id_}?" in body(first)


@pytest.mark.parametrize("tab", ["", "-events", "-yaml"])
@pytest.mark.parametrize(
    ("id_", "namespace", "name"),
    [
        (SCHEDULES, "default", "backup-data"),
        (CLASSES, "-", "fast"),
        (ROLES, "-", "system:node-problem-detector"),
    ],
)
def test_every_object_has_a_page(signed_in, id_, namespace, name, tab):
    answer = signed_in.get(thing(id_, namespace, name, tab))
    assert answer.status_code == 200
    assert f"{name}</h1>" in body(answer)


def test_an_object_says_what_it_holds(signed_in):
    answer = signed_in.get(ONE)
    assert [title for title, _ in answer.context["says"]] == ["Specification", "Status"]
    html = body(answer)
    assert "30 2 * * *" in html
    assert "SnapshotQuotaExceeded" in html
    assert "data-poll" in html


def test_what_is_no_specification_is_content(signed_in):
    html = body(signed_in.get(thing(CLASSES, "-", "fast")))
    assert "csi.example.com" in html
    assert "tier: ssd" in html


def test_an_owner_is_a_link(signed_in):
    slices = "endpointslices.discovery.k8s.io"
    first = signed_in.get(listing(slices), {"namespace": "default"}).context["found"].rows[0]
    html = body(signed_in.get(thing(slices, "default", first.name)))
    assert 'Service <a class="" href="/dashboard/services/default/api-gateway?context=demo-cluster"' in html


@pytest.mark.parametrize("address", [thing(SCHEDULES, "-", "backup-data"), thing(CLASSES, "default", "fast")])
def test_an_address_that_cannot_be_is_404(signed_in, address):
    assert signed_in.get(address).status_code == 404


def test_an_object_that_is_gone_is_404_and_said_so(signed_in):
    answer = signed_in.get(thing(SCHEDULES, "default", "nobody"))
    assert (answer.status_code, "BackupSchedule nobody is gone" in body(answer)) == (404, True)


def test_a_refused_object_is_403_and_said_so(signed_in, fails):
    fails("get", FORBIDDEN)
    answer = signed_in.get(ONE)
    assert (answer.status_code, "You may not read BackupSchedule" in body(answer)) == (403, True)
    assert signed_in.get(ONE, headers=HTMX).status_code == 403


@pytest.mark.parametrize("address", [reverse("dashboard:kinds"), listing(CLASSES), ONE])
def test_pages_of_kinds_only_read_and_are_for_those_who_may(client, django_user_model, db, address):
    assert client.get(address).status_code == 302
    client.force_login(django_user_model.objects.create_user("new"))
    assert client.get(address).status_code == 403
    assert client.post(address).status_code == 405


def test_another_namespace_shows_the_list_there(signed_in):
    shell = signed_in.get(ONE).context["shell"]()
    assert shell.namespace == "production"
    staging = next(choice.href for choice in shell.namespaces if choice.label == "staging")
    assert staging == f"/dashboard/kinds/{SCHEDULES}?context=demo-cluster&namespace=staging"

"""dashboard.kinds, dashboard.links, and the lists of every kind"""

import pytest
from django.urls import reverse

from dashboard.kinds import AREA_OF, AREAS, BAD, PAGES
from dashboard.links import Links
from orchestrator.backends.cluster.objects import HPA, Service, ServicePort, Target
from orchestrator.backends.cluster.port import LISTED, CacheState, Condition, Kind
from orchestrator.services.clusters import contexts, states
from orchestrator.services.clusters.query import ROWS

BORN = "2025-01-28T07:00:00.000Z"
OTHERS = sorted(AREA_OF)


@pytest.fixture
def signed_in(client, viewer):
    client.force_login(viewer)
    return client


def body(answer) -> str:
    return " ".join(answer.content.decode().split())


def put(monkeypatch, kind: Kind, *rows):
    cache = contexts.scope().cluster.cache(kind)
    monkeypatch.setattr(cache, "rows", lambda namespace=None: list(rows))


def test_every_listed_kind_has_a_page():
    assert set(PAGES) == set(LISTED)


@pytest.mark.parametrize("kind", LISTED)
def test_chips_are_the_states_of_the_kind(kind):
    known = states.STATES.get(ROWS[kind], ())
    assert tuple(PAGES[kind].states) == known
    assert BAD.get(kind) in (None, *known)


@pytest.mark.parametrize("kind", OTHERS)
def test_a_list_shows_its_objects_each_with_a_link(signed_in, kind):
    answer = signed_in.get(reverse(f"dashboard:{kind}"))
    rows = answer.context["found"].rows
    assert rows
    for row in rows:
        assert f'href="{Links("demo-cluster").to(kind, row.namespace or None, row.name)}"' in body(answer)


@pytest.mark.parametrize("kind", OTHERS)
def test_a_list_can_be_sorted_by_each_of_its_headings(signed_in, kind):
    for heading in signed_in.get(reverse(f"dashboard:{kind}")).context["headings"]:
        assert not heading.href or signed_in.get(heading.href).status_code == 200


@pytest.mark.parametrize("kind", OTHERS)
def test_every_column_can_be_shown(signed_in, kind):
    first = signed_in.get(reverse(f"dashboard:{kind}")).context
    cols = [column.key for column, _ in first["choices"]]
    every = signed_in.get(reverse(f"dashboard:{kind}"), {"cols": cols}).context
    assert len(every["headings"]) >= len(first["headings"])


@pytest.mark.parametrize("kind", OTHERS)
def test_lists_only_read(signed_in, kind):
    assert signed_in.post(reverse(f"dashboard:{kind}")).status_code == 405


def test_somebody_without_a_role_sees_no_list(client, django_user_model, db):
    client.force_login(django_user_model.objects.create_user("new"))
    assert client.get(reverse("dashboard:secrets")).status_code == 403


@pytest.mark.parametrize("name", AREAS)
def test_the_kinds_of_an_area_are_tabs_with_numbers(signed_in, name):
    answer = signed_in.get(reverse(f"dashboard:{AREAS[name][-1]}"), {"namespace": "default"})
    tabs = answer.context["tabs"]
    assert [tab.title for tab in tabs if tab.current] == [PAGES[AREAS[name][-1]].title]
    assert all("namespace=default" in tab.href for tab in tabs)
    assert any(tab.badge.number for tab in tabs)


def test_the_navigation_shows_the_area_of_a_kind(signed_in):
    shell = signed_in.get(reverse("dashboard:jobs")).context["shell"]()
    current = [area.label for section in shell.sections for area in section.areas if area.current]
    assert current == ["Workloads"]


def test_a_degraded_deployment_comes_first(signed_in):
    answer = signed_in.get(reverse("dashboard:deployments"))
    assert answer.context["found"].rows[0].status == "Degraded"
    assert "is degraded. Sorted by what needs attention." in body(answer)


def test_a_state_filters(signed_in):
    answer = signed_in.get(reverse("dashboard:jobs"), {"state": "failing"})
    assert {row.status for row in answer.context["found"].rows} == {"Failed"}


def test_a_kind_without_states_has_no_chips(signed_in):
    assert 'aria-label="State"' not in body(signed_in.get(reverse("dashboard:configmaps")))


def test_secrets_show_keys_and_sizes_and_no_value(signed_in):
    html = body(signed_in.get(reverse("dashboard:secrets"), {"namespace": "default"}))
    row = contexts.scope().cluster.cache(Kind.SECRETS).rows("default")[0]
    assert all(f"{key} ({row.sizes[key]} B)" in html for key in row.keys)


def test_a_refused_kind_is_called_by_its_name(signed_in, monkeypatch):
    cache = contexts.scope().cluster.cache(Kind.CRONJOBS)
    put(monkeypatch, Kind.CRONJOBS)
    refused = CacheState(condition=Condition.FORBIDDEN, since=contexts.now(), problem="No.")
    monkeypatch.setattr(cache, "state", lambda: refused)
    html = body(signed_in.get(reverse("dashboard:cronjobs")))
    assert "You may not read cron jobs in demo-cluster" in html
    assert "list and watch for cronjobs" in html


def test_nothing_of_a_kind_says_so(signed_in, monkeypatch):
    put(monkeypatch, Kind.HPAS)
    html = body(signed_in.get(reverse("dashboard:horizontalpodautoscalers")))
    assert "No autoscalers in demo-cluster" in html


def test_ports_and_addresses_are_written_as_people_write_them(signed_in, monkeypatch):
    ports = (ServicePort(80, target_port=8080, node_port=30080), ServicePort(53, "UDP"))
    row = Service(name="web", namespace="shop", created_at=BORN, ports=ports, load_balancer=("10.0.0.9",))
    put(monkeypatch, Kind.SERVICES, row)
    html = body(signed_in.get(reverse("dashboard:services")))
    assert "80→8080, node port 30080, 53/UDP" in html
    assert "10.0.0.9" in html


def test_metrics_of_an_autoscaler_are_words(signed_in, monkeypatch):
    resource = {"name": "cpu", "target": {"averageUtilization": 80}}
    row = HPA(
        name="web",
        namespace="shop",
        created_at=BORN,
        target_ref=Target("Deployment", "web"),
        metrics=({"type": "Resource", "resource": resource},),
    )
    put(monkeypatch, Kind.HPAS, row)
    html = body(signed_in.get(reverse("dashboard:horizontalpodautoscalers")))
    assert "cpu unknown of 80 %" in html
    assert "No metrics" in html


def test_what_has_no_namespace_has_a_dash_in_its_address():
    assert Links("a@b").to(Kind.NODES, None, "n1") == "/dashboard/nodes/-/n1?context=a%40b"
    assert Links("a").to(Kind.PODS, "shop", "p", tab="yaml") == "/dashboard/pods/shop/p/yaml?context=a"

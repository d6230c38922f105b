"""dashboard.doors"""

import pytest

from orchestrator.models import AuditEvent

PLACE = "?context=demo-cluster"
SERVICE = "/dashboard/services/default/frontend/ports"
POD_LIST = "/api/pods?namespace=default&context=demo-cluster"


@pytest.fixture
def signed_in(client, operator):
    client.force_login(operator)
    return client


def text(response) -> str:
    return response.content.decode()


def test_the_ports_of_a_service_can_be_opened(signed_in):
    page = signed_in.get(SERVICE + PLACE)
    number = text(page).partition('name="port"')[2].partition('value="')[2].partition('"')[0]
    opened = signed_in.post(f"{SERVICE}/open", {"context": "demo-cluster", "port": number})
    assert opened.status_code == 303
    assert opened.headers["Location"].startswith("/proxy/")
    assert AuditEvent.objects.get().target == f"Service frontend:{number}"


def test_a_pod_also_opens_ports_that_it_does_not_name(signed_in):
    name = signed_in.get(POD_LIST).json()[0]["name"]
    page = signed_in.get(f"/dashboard/pods/default/{name}/ports{PLACE}")
    assert "Another port" in text(page)


@pytest.mark.django_db
def test_a_viewer_sees_ports_and_opens_none(client, viewer):
    client.force_login(viewer)
    page = text(client.get(SERVICE + PLACE))
    assert "An operator can." in page
    assert "Open port" not in page
    assert client.post(f"{SERVICE}/open", {"context": "demo-cluster", "port": "80"}).status_code == 403


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"port": "80"}, 422),
        ({"context": "demo-cluster", "port": "web 80"}, 422),
        ({"context": "demo-cluster", "port": "1"}, 404),
        ({"context": "no-such", "port": "80"}, 404),
    ],
)
def test_a_bad_form_opens_nothing(signed_in, form, status):
    assert signed_in.post(f"{SERVICE}/open", form).status_code == status

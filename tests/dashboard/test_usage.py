"""dashboard.usage, dashboard.metrics: what pods, nodes and workloads use, on pages"""

import pytest

from dashboard import usage
from orchestrator.backends.errors import Forbidden, NotFound
from orchestrator.services.clusters import contexts, sampler

NO_API = NotFound("the server could not find the requested resource", service="kubernetes", status=404)
REFUSED = Forbidden('nodes.metrics.k8s.io is forbidden: User "viewer"', service="kubernetes", status=403)
POD = "/dashboard/pods/production/postgres-0"
PAGES = ["/dashboard/pods", "/dashboard/nodes", POD, "/dashboard/deployments/default/frontend", "/dashboard/"]
DEPLOYMENT, NODE = "/dashboard/deployments/default/frontend", "/dashboard/nodes/-/worker-a"
TABS = [f"{POD}/metrics", f"{DEPLOYMENT}/metrics", f"{NODE}/metrics"]


@pytest.fixture
def get(client, viewer):
    """Return a function that gives the text of a page."""
    client.force_login(viewer)

    def get(address: str, **query: str) -> str:
        for source in sampler.of(contexts.catalogue().clusters["demo-cluster"]).sources.values():
            assert source.decided.wait(20)
        answer = client.get(address, query)
        assert answer.status_code == 200
        return answer.content.decode()

    return get


@pytest.fixture
def failing(monkeypatch):
    """Return a function that makes every question about use fail."""

    def fail(failure: Exception) -> None:
        def asked(kind, *, namespace=None):
            raise failure

        monkeypatch.setattr(contexts.catalogue().clusters["demo-cluster"], "usage", asked)

    return fail


def names(page: str) -> list[str]:
    return [part.partition('"')[0] for part in page.split('<tr id="r-')[1:]]


def test_pods_show_what_they_use_beside_their_limit(get):
    page = get("/dashboard/pods", namespace="production")
    assert "use every 30 s" in page
    assert "Memory / limit" in page
    assert "/ 1.0 GiB" in page
    assert 'class="o-meter' in page


def test_pods_are_sorted_by_use_and_those_without_come_last(get):
    most, least = names(get("/dashboard/pods", sort="-memory")), names(get("/dashboard/pods", sort="memory"))
    assert most[0] == least[-1] == "production/postgres-1"
    assert sorted(most) == sorted(least)


def test_nodes_show_which_part_is_in_use(get):
    page = get("/dashboard/nodes")
    assert '3.6 <span class="t3">/ 8 cores</span>' in page
    assert '19.2 <span class="t3">/ 32.0 GiB</span>' in page


@pytest.mark.parametrize("kind", ["pods", "nodes"])
@pytest.mark.parametrize("sort", ["cpu", "-cpu", "memory", "-memory"])
def test_every_order_by_use_works(get, kind, sort):
    assert names(get(f"/dashboard/{kind}", sort=sort))


def test_the_api_knows_no_order_by_use(client, viewer):
    client.force_login(viewer)
    assert client.get("/api/pods", {"sort": "cpu"}).status_code == 400


def test_a_container_shows_its_memory_and_cpu(get):
    page = get(POD)
    assert "Memory, 30 min" in page
    assert "Memory of the last 30 min" in page
    assert "of 1.0 GiB" in page


@pytest.mark.parametrize("address", TABS)
def test_the_tab_shows_an_hour_of_cpu_and_memory(get, address):
    page = get(address)
    assert "CPU of the last 60 min" in page
    assert "Memory of the last 60 min" in page
    assert "asked for" in page
    assert 'style="' not in page.partition("<main")[2]


def test_what_uses_nothing_has_no_such_tab(client, viewer):
    client.force_login(viewer)
    assert client.get("/dashboard/services/default/frontend/metrics").status_code == 404


def test_the_overview_tells_of_the_capacity(get):
    page = get("/dashboard/")
    assert "Capacity" in page
    assert "CPU used" in page
    assert "Pods, fullest node" in page


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("failure", [NO_API, REFUSED])
def test_pages_without_metrics_say_why(get, failing, failure, address):
    failing(failure)
    page = get(address)
    assert "no metrics here" in page
    assert ("metrics-server" if failure is NO_API else "is forbidden") in page


@pytest.mark.parametrize("address", TABS)
def test_the_tab_without_metrics_says_what_to_do(get, failing, address):
    failing(NO_API)
    page = get(address)
    assert "No metrics here" in page
    assert "metrics-server" in page


def test_a_page_follows_new_samples(get):
    for address in [*PAGES, *TABS]:
        assert "usage:demo-cluster:*" in get(address), address


@pytest.mark.parametrize(
    ("amount", "words"),
    [(0, "0 m"), (0.1034, "103 m"), (0.9999, "1 core"), (1.254, "1.25 cores"), (48, "48 cores")],
)
def test_cores_are_words(amount, words):
    assert usage.cores(amount) == words


def test_a_part_is_written_without_the_unit_of_the_whole():
    assert usage.short("104 MiB", "256 MiB") == "104"
    assert usage.short("904 MiB", "1.5 GiB") == "904 MiB"


def test_a_line_says_the_part_and_the_amounts():
    line = usage.line("CPU used", 1.2, 4, usage.cores)
    assert (line.part, line.words) == ("30 %", "1.2 of 4 cores")
    assert usage.line("CPU used", 1.2, None, usage.cores).words == "1.2 cores"

"""dashboard.clusters, dashboard.cells and dashboard.tables"""

from datetime import timedelta

import msgspec
import pytest
from django.test import RequestFactory
from django.urls import reverse
from django.utils.timezone import now

from dashboard import cells, tables
from dashboard.clusters import trouble
from orchestrator.backends.cluster.objects import Pod
from orchestrator.backends.cluster.port import CacheState, Condition, Kind
from orchestrator.services.clusters import contexts

LISTS = ("pods", "nodes", "namespaces", "events")


@pytest.fixture
def signed_in(client, viewer):
    client.force_login(viewer)
    return client


@pytest.fixture
def pods(monkeypatch):
    """The cache of the demo's pods, which is put back as it was."""
    cache = contexts.scope().cluster.cache(Kind.PODS)
    before = list(cache.rows())
    yield cache
    cache.replace(before)


@pytest.fixture
def condition(pods, monkeypatch):
    """Let the cache of pods say that its source is in some condition."""

    def become(value: Condition, **more) -> None:
        at = now() - timedelta(seconds=42)
        state = CacheState(condition=value, since=at, problem="The dog ate the cable.", **more)
        monkeypatch.setattr(type(pods), "state", lambda cache: state)

    return become


def pod(name: str, **more) -> Pod:
    values = {"namespace": "shop", "status": "Running", "phase": "Running", "ready": "1/1"} | more
    return Pod(name=name, created_at="2025-01-28T07:00:00.000Z", **values)


def body(answer) -> str:
    return answer.content.decode()


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_a_page_with_its_rows(signed_in, name):
    answer = signed_in.get(reverse(f"dashboard:{name}"))
    assert answer.status_code == 200
    assert answer.context["rows"]
    assert f'id="{name}"' in body(answer)


@pytest.mark.parametrize("name", LISTS)
def test_lists_only_read(signed_in, name):
    assert signed_in.post(reverse(f"dashboard:{name}")).status_code == 405


def test_what_needs_attention_comes_first(signed_in):
    first = signed_in.get(reverse("dashboard:pods")).context["found"].rows[0]
    assert first.status in ("CrashLoopBackOff", "ImagePullBackOff", "OOMKilled")


def test_a_panel_follows_its_context_and_namespace(signed_in):
    answer = signed_in.get(reverse("dashboard:pods"), {"namespace": "staging"})
    assert 'data-topic="pods:demo-cluster:staging usage:demo-cluster:*"' in body(answer)
    assert {row.namespace for row in answer.context["found"].rows} == {"staging"}


def test_nodes_also_follow_the_pods_that_they_count(signed_in):
    answer = signed_in.get(reverse("dashboard:nodes"), {"namespace": "staging"})
    assert 'data-topic="nodes:demo-cluster:* pods:demo-cluster:* usage:demo-cluster:*"' in body(answer)


def test_the_filter_finds_by_image_and_keeps_the_rest_of_the_address(signed_in):
    answer = signed_in.get(reverse("dashboard:pods"), {"q": "rabbitmq", "sort": "name"})
    assert [row.name for row in answer.context["found"].rows] == ["rabbitmq-0"]
    assert '<input type="hidden" name="sort" value="name">' in body(answer)


def test_nothing_found_says_how_many_there_are_and_the_way_back(signed_in):
    answer = signed_in.get(reverse("dashboard:pods"), {"q": "chekout", "state": "failing", "sort": "name"})
    assert "No pod matches “chekout”" in body(answer)
    assert "pods are in this view without the filter" in body(answer)
    assert answer.context["clear"] == "/dashboard/pods?sort=name&context=demo-cluster"


def test_an_empty_namespace_says_so(signed_in):
    answer = signed_in.get(reverse("dashboard:pods"), {"namespace": "nobody-home"})
    assert "No pods in nobody-home" in body(answer)
    assert answer.context["everywhere"] == "/dashboard/pods?context=demo-cluster"


def test_chips_count_whatever_state_is_chosen(signed_in):
    everything = signed_in.get(reverse("dashboard:pods")).context["chips"]
    failing = signed_in.get(reverse("dashboard:pods"), {"state": "failing"}).context["chips"]
    assert [chip.count for chip in everything] == [chip.count for chip in failing]
    assert [chip.label for chip in failing if chip.on] == ["Failing"]


def test_events_filter_by_type(signed_in):
    answer = signed_in.get(reverse("dashboard:events"), {"type": "Warning", "timeRange": "6"})
    assert {row.type for row in answer.context["found"].rows} == {"Warning"}
    assert answer.context["now"] == "6"


def test_fifty_rows_at_a_time(signed_in, pods):
    pods.replace([pod(f"pod-{number:03}") for number in range(120)])
    address = reverse("dashboard:pods")
    first = signed_in.get(address).context
    last = signed_in.get(address, {"page": "3"}).context
    assert len(first["rows"]) == 50
    assert (last["pager"].first, last["pager"].last, last["pager"].next) == (101, 120, "")
    assert last["pager"].previous == "/dashboard/pods?page=2&context=demo-cluster"


def test_a_page_past_the_end_is_the_last_page(signed_in, pods):
    pods.replace([pod(f"pod-{number:03}") for number in range(120)])
    assert signed_in.get(reverse("dashboard:pods"), {"page": "9"}).context["pager"].first == 101


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 30, "٣"])
def test_an_odd_page_is_the_first_or_last(signed_in, page):
    assert signed_in.get(reverse("dashboard:pods"), {"page": page}).status_code == 200


def test_columns_come_from_the_address(signed_in):
    answer = signed_in.get(reverse("dashboard:pods"), {"cols": ["ip", "age"]})
    titles = [heading.title for heading in answer.context["headings"]]
    assert titles == ["State", "Name", "IP", "Age"]


def test_columns_that_do_not_exist_change_nothing(signed_in):
    assert len(signed_in.get(reverse("dashboard:pods"), {"cols": "x"}).context["headings"]) > 4


def test_a_heading_sorts_and_then_turns_round(signed_in):
    once = signed_in.get(reverse("dashboard:pods"), {"sort": "name", "page": "2"})
    name = next(each for each in once.context["headings"] if each.title == "Name")
    assert (name.aria_sort, name.href) == ("ascending", "/dashboard/pods?sort=-name&context=demo-cluster")


def test_names_of_a_cluster_cannot_become_markup(signed_in, pods):
    pods.replace([pod("<script>alert(1)</script>", node_name="<i>")])
    html = body(signed_in.get(reverse("dashboard:pods")))
    assert "<script>alert" not in html
    assert "<i>" not in html.replace("<i></i>", "")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Condition.FORBIDDEN, "You may not read pods in demo-cluster"),
        (Condition.UNAUTHORIZED, "demo-cluster refuses the credentials"),
        (Condition.UNREACHABLE, "demo-cluster does not answer"),
        (Condition.SYNCING, "First list of demo-cluster: 212"),
    ],
)
def test_no_rows_says_why(signed_in, pods, condition, value, words):
    pods.replace([])
    condition(value, read=212, expected=312)
    html = " ".join(body(signed_in.get(reverse("dashboard:pods"))).split())
    assert words in html


def test_the_first_list_refreshes_itself(signed_in, pods, condition):
    pods.replace([])
    condition(Condition.SYNCING)
    assert "every 1s" in body(signed_in.get(reverse("dashboard:pods")))


def test_old_rows_stay_and_say_how_old_they_are(signed_in, condition):
    condition(Condition.RECONNECTING, synced=True, heard_at=now() - timedelta(seconds=42))
    answer = signed_in.get(reverse("dashboard:pods"))
    assert answer.context["rows"]
    assert "o-age late" in body(answer)
    assert "The dog ate the cable." in body(answer)
    assert "Try now" in body(answer)


def test_rows_that_may_not_be_read_are_named(signed_in, condition):
    condition(Condition.LIVE, synced=True, refused=("kube-system",), heard_at=now())
    html = " ".join(body(signed_in.get(reverse("dashboard:pods"))).split())
    assert "You may not list pods in <b>kube-system</b>" in html


def test_try_now_comes_back_to_the_page(signed_in):
    answer = signed_in.post(
        reverse("dashboard:retry"), {"context": "demo-cluster", "next": "/dashboard/pods?q=a"}
    )
    assert answer.url == "/dashboard/pods?q=a"


@pytest.mark.parametrize(
    ("condition", "synced", "panel"),
    [
        (Condition.LIVE, True, ""),
        (Condition.RECONNECTING, True, ""),
        (Condition.RECONNECTING, False, "unreachable"),
        (Condition.SYNCING, False, "syncing"),
        (Condition.FORBIDDEN, False, "forbidden"),
        (Condition.UNREACHABLE, False, "unreachable"),
    ],
)
def test_what_stands_in_for_rows(condition, synced, panel):
    assert trouble(CacheState(condition=condition, since=now(), synced=synced), "default") == panel


@pytest.mark.parametrize(("namespace", "panel"), [("shop", ""), (None, ""), ("other", "forbidden")])
def test_no_rows_of_a_namespace_that_is_not_read_are_no_empty_list(namespace, panel):
    state = CacheState(condition=Condition.LIVE, since=now(), synced=True, refused=("",), only=("shop",))
    assert trouble(state, namespace) == panel


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        ("32Gi", "32.0 GiB"),
        ("7949372Ki", "7.6 GiB"),
        ("512Mi", "512 MiB"),
        ("1073741824", "1.0 GiB"),
        ("?", "?"),
        ("", ""),
    ],
)
def test_memory(quantity, text):
    assert cells.bytes_text(quantity) == text


@pytest.mark.parametrize(("quantity", "text"), [("8", "8"), ("7910m", "7.91"), ("4000m", "4"), ("?", "?")])
def test_cores(quantity, text):
    assert cells.cores_text(quantity) == text


def test_an_address_leaves_out_what_it_does_not_know():
    request = RequestFactory().get("/dashboard/pods", {"q": " api ", "evil": "1", "state": ""})
    assert (
        tables.Address(request, known=("q", "state", "sort")).to(sort="name")
        == "/dashboard/pods?q=api&sort=name"
    )


def test_an_unready_pod_says_so():
    assert "Not ready" in cells.state_of(pod("a", ready="0/1"))
    assert "st warn" in cells.state_of(pod("a", ready="0/1"))


def test_a_node_under_pressure_names_it():
    node = next(row for row in contexts.scope().cluster.cache(Kind.NODES).rows() if row.name == "worker-b")
    bad = tuple(replace_condition(each) for each in node.conditions)
    assert "MemoryPressure" in cells.state_of(msgspec.structs.replace(node, conditions=bad))


def replace_condition(condition):
    return (
        msgspec.structs.replace(condition, status="True") if condition.type == "MemoryPressure" else condition
    )

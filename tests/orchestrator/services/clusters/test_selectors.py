"""orchestrator.services.clusters.selectors"""

from time import thread_time

import pytest

from orchestrator.backends.cluster.port import Kind
from orchestrator.services.clusters import selectors
from tests.orchestrator.services.clusters import make

LABELS = {"app": "web", "tier": "front", "example.com/team": "a", "empty": ""}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("app=web", True),
        ("app==web", True),
        ("app=db", False),
        ("absent=web", False),
        ("app!=db", True),
        ("app!=web", False),
        ("absent!=web", True),
        ("app in (db,web)", True),
        ("app in (db)", False),
        ("absent in (web)", False),
        ("app notin (db)", True),
        ("app notin (web, db)", False),
        ("absent notin (web)", True),
        ("app", True),
        ("absent", False),
        ("!absent", True),
        ("!app", False),
        ("empty", True),
        ("empty=", True),
        ("app=", False),
        ("absent=", False),
        ("app!=", True),
        ("empty in ()", True),
        ("empty in (,x)", True),
        ("app=web,tier=front", True),
        ("app=web,tier=back", False),
        ("app in (web,db),!absent,tier!=back", True),
        (" app = web , tier in ( front , back ) ", True),
        ("! absent", True),
        ("example.com/team=a", True),
        ("example.com/team in (a,b)", True),
        ("!example.com/other", True),
        ("in=x", False),
        ("notin", False),
        ("App=web", False),
        ("app=Web", False),
    ],
)
def test_a_label_selector_holds_or_not(text, holds):
    assert selectors.labels(text)(LABELS) is holds


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "app=web,",
        ",app=web",
        "app=web,,tier",
        "app=web=x",
        "=web",
        "!=web",
        "!",
        "!app=web",
        "app in",
        "app in web",
        "app in (web",
        "app in web)",
        "app in ((web))",
        "app IN (web)",
        "app>1",
        "app = we b",
        "-app=web",
        "app=-web",
        "app=web-",
        "a/b/c=x",
        "/app=x",
        "Example.com/app=x",
        "ä=b",
        "app=ä",
        "app=web;tier",
        "app in (-x)",
        "a" * 64,
        f"app={'a' * 64}",
        f"{'a' * 254}/app",
        "\x00",
        "app=web\nx",
        "a" * 1001,
    ],
)
def test_what_is_no_label_selector_is_refused(text):
    with pytest.raises(ValueError, match=r"is not|at most 1000"):
        selectors.labels(text)


def test_a_selector_may_have_1000_characters():
    text = ",".join(["app=web"] * 125)  # 999
    assert selectors.labels(f"{text} ")(LABELS)


@pytest.mark.parametrize("text", ["(" * 1000, "a in (" * 160, "a," * 500, "a" * 999 + "!", " " * 999 + "!"])
def test_no_selector_takes_long_to_refuse(text):
    begun = thread_time()
    with pytest.raises(ValueError, match="is not"):
        selectors.labels(text)
    assert thread_time() - begun < 0.5


POD = make.pod("web-1", node_name="worker-a", phase="Pending")
UNSCHEDULED = make.pod("web-2")
EVENT = make.event("e1", kind="Pod", type="Warning", reason="BackOff")


@pytest.mark.parametrize(
    ("kind", "row", "text", "holds"),
    [
        (Kind.PODS, POD, "metadata.name=web-1", True),
        (Kind.PODS, POD, "metadata.name==web-1", True),
        (Kind.PODS, POD, "metadata.name!=web-1", False),
        (Kind.PODS, POD, "metadata.namespace=shop", True),
        (Kind.PODS, POD, "status.phase=Pending", True),
        (Kind.PODS, POD, "status.phase=Running", False),
        (Kind.PODS, POD, "spec.nodeName=worker-a", True),
        (Kind.PODS, POD, "spec.nodeName=", False),
        (Kind.PODS, UNSCHEDULED, "spec.nodeName=", True),
        (Kind.PODS, UNSCHEDULED, "spec.nodeName!=", False),
        (Kind.PODS, UNSCHEDULED, "spec.nodeName=Unknown", False),
        (Kind.PODS, POD, "metadata.name=web-1,status.phase!=Failed", True),
        (Kind.PODS, POD, " metadata.name = web-1 , status.phase = Running ", False),
        (Kind.NODES, make.node("n"), "metadata.name=n", True),
        (Kind.NAMESPACES, make.namespace("n"), "metadata.name!=n", False),
        (Kind.EVENTS, EVENT, "metadata.name=e1", True),
        (Kind.EVENTS, EVENT, "metadata.namespace=shop", True),
        (Kind.EVENTS, EVENT, "involvedObject.kind=Pod", True),
        (Kind.EVENTS, EVENT, "involvedObject.name=about-e1", True),
        (Kind.EVENTS, EVENT, "type=Warning,reason=BackOff", True),
        (Kind.EVENTS, EVENT, "reason=Started", False),
    ],
)
def test_a_field_selector_holds_or_not(kind, row, text, holds):
    assert selectors.fields(text, kind)(row) is holds


@pytest.mark.parametrize(
    ("kind", "text", "allowed"),
    [
        (
            Kind.PODS,
            "spec.hostNetwork=true",
            "metadata.name, metadata.namespace, spec.nodeName, status.phase",
        ),
        (
            Kind.PODS,
            "involvedObject.kind=Pod",
            "metadata.name, metadata.namespace, spec.nodeName, status.phase",
        ),
        (Kind.NODES, "status.phase=x", "metadata.name, metadata.namespace"),
        (Kind.NAMESPACES, "status.phase=Active", "metadata.name, metadata.namespace"),
        (Kind.EVENTS, "status.phase=x", "involvedObject.kind, involvedObject.name, metadata.name, "),
        (Kind.PODS, "metadata.name", "metadata.name"),
        (Kind.PODS, "metadata.name in (a)", "metadata.name"),
        (Kind.PODS, "metadata.name=a,", "metadata.name"),
        (Kind.PODS, "metadata.name=a=b", "metadata.name"),
        (Kind.PODS, "", "metadata.name"),
    ],
)
def test_another_field_is_refused_with_the_fields_there_are(kind, text, allowed):
    with pytest.raises(ValueError, match="field=value with one of") as caught:
        selectors.fields(text, kind)
    assert allowed in str(caught.value)


def test_a_field_selector_has_at_most_1000_characters():
    with pytest.raises(ValueError, match="at most 1000"):
        selectors.fields("metadata.name=" + "a" * 1000, Kind.PODS)

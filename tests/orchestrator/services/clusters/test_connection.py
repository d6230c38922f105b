"""orchestrator.services.clusters.connection"""

from dataclasses import replace
from threading import Event

import pytest

from orchestrator.backends.errors import TimedOut, Unreachable
from orchestrator.errors import Refused
from orchestrator.services.clusters import connection, contexts
from orchestrator.services.clusters.connection import within


@pytest.fixture
def allowed(everywhere, monkeypatch):
    """Return the namespaces in which pods may be listed, to be filled by a test, and those asked for."""
    places, asked = set(), []

    def may(verb, *, resource, namespace):
        asked.append((verb, resource.plural, namespace))
        return namespace in places

    monkeypatch.setattr(everywhere.cluster, "may", may)
    return places, asked


def test_a_cluster_that_answers_says_its_version(everywhere):
    assert connection.verify(everywhere) == "v1.28.0"
    connection.check(everywhere)


def test_the_namespace_that_is_asked_for_decides_alone(everywhere, allowed):
    places, asked = allowed
    places.add("default")
    with pytest.raises(Refused, match="may not list pods in the namespace shop"):
        connection.check(replace(everywhere, namespace="shop"))
    assert asked == [("list", "pods", "shop")]


def test_who_may_read_one_namespace_is_connected(everywhere, allowed):
    places, asked = allowed
    places.add("default")
    connection.check(everywhere)
    assert [place for _, _, place in asked] == ["", "default"]


def test_the_namespaces_of_the_settings_are_tried(everywhere, allowed, settings):
    settings.CLUSTER_NAMESPACES = ["a", "b"]
    places, asked = allowed
    places.add("b")
    connection.check(everywhere)
    assert [place for _, _, place in asked] == ["", "a", "b"]


def test_who_may_read_no_pods_is_refused_in_a_sentence(everywhere, allowed):
    with pytest.raises(Refused) as caught:
        connection.check(everywhere)
    assert caught.value.message.startswith("The cluster answers, but you may not list pods")


@pytest.mark.usefixtures("catalogue", "kubeconfig")
@pytest.mark.parametrize("ask", [connection.verify, connection.check])
def test_a_cluster_that_does_not_answer_is_told(ask):
    with pytest.raises(Unreachable):
        ask(contexts.scope())


def test_an_answer_is_handed_on():
    assert within(5, lambda: 7) == 7


def test_an_error_is_handed_on():
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0)


def test_nobody_waits_for_what_takes_too_long():
    end = Event()
    with pytest.raises(TimedOut):
        within(0.05, end.wait)
    end.set()

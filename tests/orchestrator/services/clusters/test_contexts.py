"""orchestrator.services.clusters.contexts"""

from datetime import UTC, datetime

import pytest

from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import Unreachable
from orchestrator.errors import DomainError, InvalidInput, UnknownContext
from orchestrator.services.clusters import contexts
from orchestrator.services.clusters.contexts import Choice, scope

pytestmark = pytest.mark.usefixtures("catalogue")


def problem_of(**asked) -> str:
    with pytest.raises(InvalidInput) as caught:
        scope(**asked)
    return caught.value.problems[0].path


# --- Only the demo cluster


def test_the_demo_cluster_answers_where_no_other_is():
    found = scope()
    assert (found.context.name, found.backend, found.namespace) == ("demo-cluster", "demo", None)


@pytest.mark.parametrize("namespace", [None, "", " ", "*", "_all", " _all "])
def test_no_namespace_means_all(namespace):
    assert scope(namespace=namespace).namespace is None


@pytest.mark.parametrize("namespace", ["default", "a", "0", "a-b-0", "x" * 63, " shop "])
def test_a_namespace_is_taken_without_its_spaces(namespace):
    assert scope(namespace=namespace).namespace == namespace.strip()


@pytest.mark.parametrize(
    "namespace",
    ["Bad_NS", "a.b", "-a", "a-", "x" * 64, "ä", "a b", "a/b", "..", "a\x00", "**", "a\nb", "%2e"],
)
def test_what_cannot_be_a_namespace_is_refused(namespace):
    assert problem_of(namespace=namespace) == "namespace"


@pytest.mark.parametrize("mode", ["Demo", "live", "0", "demo,real", "\x00"])
def test_a_mode_is_demo_or_real(mode):
    assert problem_of(mode=mode) == "mode"


@pytest.mark.parametrize("mode", [None, "", " demo ", "demo"])
def test_a_mode_is_taken_without_its_spaces(mode):
    assert scope(mode=mode).backend == "demo"


@pytest.mark.parametrize(
    "name", ["a b", "a..b", "../x", "x" * 256, "ä", "a?b", "a%20b", "a\x00b", "a\nb", "<script>", "a,b"]
)
def test_what_cannot_be_a_context_is_refused(name):
    assert problem_of(context=name) == "context"


@pytest.mark.parametrize("name", ["nope", "arn:aws:eks:eu-1:1/x", "user@host", "a+b_c.d", "x" * 255])
def test_an_unknown_context_is_told_by_its_name(name):
    with pytest.raises(UnknownContext) as caught:
        scope(context=f" {name} ")
    assert caught.value.details == {"context": name}


def test_an_explicit_context_decides_over_the_mode():
    assert scope(context="demo-cluster", mode="real").backend == "demo"


def test_real_clusters_are_asked_for_in_vain_where_there_are_none():
    with pytest.raises(Unreachable, match="No cluster is configured") as caught:
        scope(mode="real")
    assert caught.value.reason == "NotConfigured"


def test_a_default_mode_of_real_never_shows_the_demo(settings):
    settings.DEFAULT_MODE = "real"
    with pytest.raises(Unreachable):
        scope()
    assert scope(mode="demo").backend == "demo"


def test_the_demo_is_listed_where_no_other_cluster_is(settings):
    settings.LOCAL = False
    (only,) = contexts.every()
    assert (only.name, only.user, only.namespace, only.current) == (
        "demo-cluster",
        "demo-user",
        "default",
        True,
    )


def test_the_names_for_the_switcher_hold_the_one_that_is_shown():
    names = ["default", "kube-system", "production", "staging"]
    assert contexts.namespaces(scope()) == names
    assert contexts.namespaces(scope(namespace="gone")) == sorted([*names, "gone"])


def test_warm_begins_what_every_page_needs():
    contexts.warm()
    kinds = {Kind.PODS, Kind.NODES, Kind.NAMESPACES, Kind.EVENTS}
    assert {kind for _, kind, _, _ in contexts.caches()} == kinds


def test_to_follow_a_topic_uses_its_cache(catalogue):
    contexts.touch("nodes:demo-cluster:*")
    assert [kind for _, kind, _, _ in contexts.caches()] == [Kind.NODES]


@pytest.mark.parametrize("topic", ["", "audit", "nodes:elsewhere:*", "stacks:demo-cluster:*", "nodes", ":::"])
def test_topics_of_others_are_left_alone(topic):
    contexts.touch(topic)
    assert contexts.caches() == []


# --- Real clusters


@pytest.mark.usefixtures("kubeconfig")
class TestReal:
    def test_the_current_context_answers(self):
        found = scope()
        assert (found.context.name, found.backend) == ("admin@prod:eu", "real")

    def test_another_context_can_be_named(self):
        assert scope(context="a-second").context.namespace == "shop"

    def test_a_real_context_is_not_read_as_the_demo(self):
        with pytest.raises(DomainError, match="real context") as caught:
            scope(context="a-second", mode="demo")
        assert not isinstance(caught.value, InvalidInput)

    def test_the_demo_can_still_be_asked_for(self):
        assert scope(mode="demo").backend == scope(context="demo-cluster").backend == "demo"

    def test_all_contexts_are_listed_the_demo_last(self):
        assert [each.name for each in contexts.every()] == ["a-second", "admin@prod:eu", "demo-cluster"]
        assert [each.name for each in contexts.every() if each.current] == ["admin@prod:eu"]

    def test_production_does_not_list_the_demo(self, settings):
        settings.LOCAL = False
        assert [each.name for each in contexts.every()] == ["a-second", "admin@prod:eu"]

    def test_the_context_to_begin_with_can_be_chosen(self, settings):
        settings.K8S_CONTEXT = "a-second"
        assert scope().context.name == "a-second"

    def test_a_chosen_context_that_is_not_there_is_a_problem(self, settings):
        settings.K8S_CONTEXT = "gone"
        with pytest.raises(Unreachable, match="K8S_CONTEXT names gone"):
            scope()
        assert scope(context="a-second").backend == "real"
        assert contexts.problem() == "K8S_CONTEXT names gone, which the kubeconfig does not hold."

    def test_a_chosen_context_answers_calls_that_name_none(self):
        assert scope(choice=Choice(context="a-second")).context.name == "a-second"
        assert scope(choice=Choice(mode="real", context="demo-cluster")).backend == "real"

    def test_what_a_call_says_decides_over_what_was_chosen(self):
        chosen = Choice(mode="demo", context="a-second")
        assert scope(choice=chosen).backend == "demo"
        assert scope(mode="real", choice=chosen).context.name == "a-second"
        assert scope(context="admin@prod:eu", choice=chosen).context.name == "admin@prod:eu"

    def test_a_context_that_was_chosen_and_is_gone_is_never_replaced_by_another(self):
        with pytest.raises(UnknownContext):
            scope(choice=Choice(context="gone"))
        assert scope(mode="demo", choice=Choice(context="gone")).backend == "demo"

    def test_the_contexts_of_a_mode_are_its_own(self):
        assert [each.name for each in contexts.of_mode("real")] == ["a-second", "admin@prod:eu"]
        (demo,) = contexts.of_mode("demo")
        assert (demo.name, demo.current) == ("demo-cluster", True)

    def test_before_anything_is_known_the_switcher_offers_the_namespace_of_the_context(self):
        assert contexts.namespaces(scope(context="a-second")) == ["shop"]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", "apiVersion: v1", "contexts: 7", "\x00", None, "- a\nb"]
)
def test_a_kubeconfig_that_is_none_is_one_sentence(settings, tmp_path, content):
    file = tmp_path / "config"
    if content is not None:
        file.write_text(content)
    settings.CLUSTER_BACKEND, settings.KUBECONFIG = "auto", str(file)
    with pytest.raises(Unreachable) as caught:
        scope()
    assert caught.value.message == contexts.problem()
    assert str(tmp_path) not in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.message.endswith(".")
    assert scope(mode="demo").backend == "demo"


def test_kubernetes_that_is_named_and_nowhere_is_a_problem(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    settings.CLUSTER_BACKEND, settings.KUBECONFIG = "kubernetes", None
    assert contexts.problem()


# --- Watches that nobody uses


def test_the_process_has_one_catalogue_that_stops_unused_watches(settings, monkeypatch, wait_until):
    monkeypatch.undo()  # the one of the fixture
    monkeypatch.setattr(contexts, "SWEEP_SECONDS", 0.01)
    settings.CACHE_IDLE = datetime.now(UTC) - datetime(2020, 1, 1, tzinfo=UTC)
    contexts.catalogue.cache_clear()
    cluster = contexts.catalogue().clusters["demo-cluster"]
    cluster.cache(Kind.PODS)
    assert contexts.catalogue().clusters["demo-cluster"] is cluster
    assert cluster.running()
    settings.CACHE_IDLE = settings.CACHE_IDLE * 0
    wait_until(lambda: not cluster.running())

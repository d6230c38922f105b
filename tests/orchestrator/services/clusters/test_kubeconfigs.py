"""orchestrator.services.clusters.kubeconfigs, added"""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from orchestrator.errors import InvalidInput, Missing, NotNow, Refused, UnknownContext
from orchestrator.models import AuditEvent, ClusterContext
from orchestrator.services import access
from orchestrator.services.clusters import added, contexts, kubeconfigs
from tests.kubeconfigs import kubeconfig

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]
SECOND = "admin@prod:eu/1"


@pytest.fixture
def boss(admin):
    return access.caller_of_user(admin)


@pytest.fixture(autouse=True)
def looked_at():
    added.look_again()


def add(boss, text=None, **more):
    return kubeconfigs.add(boss, text or kubeconfig(), **{"names": None, "at": now()} | more)


def test_added_contexts_are_there_at_once(boss):
    assert add(boss) == ["staging", SECOND]
    scope = contexts.scope(context=SECOND)
    assert (scope.context.user, scope.context.namespace, scope.backend) == ("ops", "shop", "real")
    assert [each.name for each in contexts.every()] == [SECOND, "staging", "demo-cluster"]


def test_credentials_are_not_readable_in_the_table(boss):
    add(boss)
    assert not any("secret-token" in row.sealed for row in ClusterContext.objects.all())


def test_only_the_contexts_that_are_named_are_added(boss):
    assert add(boss, names=[SECOND]) == [SECOND]
    with pytest.raises(UnknownContext):
        contexts.scope(context="staging")


def test_who_adds_is_in_the_audit_and_no_credential_is(boss):
    add(boss, names=["staging"])
    event = AuditEvent.objects.get()
    assert (event.actor, event.action, event.target) == ("admin-user", "Add context", "staging")
    assert "secret-token" not in f"{event.note}{event.place}"


def test_the_first_added_one_stands_for_calls_that_say_nothing(boss, settings, monkeypatch, tmp_path):
    settings.CLUSTER_BACKEND = "auto"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert contexts.default_mode() == "demo"
    add(boss)
    assert contexts.default_mode() == "real"
    assert contexts.scope().context.name == SECOND


def test_where_the_demo_is_set_it_stays_the_default(boss):
    add(boss)
    assert contexts.scope().context.demo


@pytest.mark.parametrize(
    ("text", "names", "path"),
    [
        (kubeconfig(user={"exec": {"command": "ls"}}), None, "kubeconfig"),
        (kubeconfig(), ["staging", "unknown"], "contexts"),
        (kubeconfig(), [], "contexts"),
    ],
)
def test_one_that_cannot_be_added_keeps_all_away(boss, text, names, path):
    with pytest.raises(InvalidInput) as refused:
        add(boss, text, names=names)
    assert {each.path for each in refused.value.problems} == {path}
    assert not ClusterContext.objects.exists()


def test_a_name_that_is_taken_is_refused_unless_it_is_replaced(boss):
    add(boss)
    with pytest.raises(InvalidInput, match="Validation failed"):
        add(boss)
    assert [each.problem for each in kubeconfigs.check(kubeconfig())] == [kubeconfigs.IN_USE] * 2
    before = contexts.scope(context="staging").cluster
    add(boss, kubeconfig(user={"token": "renewed"}), replacing=True, at=now() + timedelta(seconds=1))
    assert contexts.scope(context="staging").cluster is not before


def test_a_name_of_the_servers_own_kubeconfig_is_never_replaced(boss):
    text = kubeconfig(contexts=[{"name": "demo-cluster", "context": {"cluster": "stg", "user": "ops"}}])
    with pytest.raises(InvalidInput):
        add(boss, text, replacing=True)


def test_a_renamed_context_is_the_same_under_another_name(boss):
    add(boss)
    assert kubeconfigs.rename(boss, "staging", to=" stage ", at=now()) == "stage"
    assert contexts.scope(context="stage").context.user == "ops"
    with pytest.raises(UnknownContext):
        contexts.scope(context="staging")


@pytest.mark.parametrize("to", ["", "a b", SECOND, "demo-cluster"])
def test_a_bad_or_taken_name_is_refused(boss, to):
    add(boss)
    with pytest.raises(InvalidInput):
        kubeconfigs.rename(boss, "staging", to=to, at=now())
    assert contexts.scope(context="staging")


def test_a_removed_context_is_gone_and_its_watches_end(boss):
    add(boss)
    cluster = contexts.scope(context="staging").cluster
    kubeconfigs.remove(boss, "staging", at=now())
    with pytest.raises(UnknownContext):
        contexts.scope(context="staging")
    assert cluster.running() == {}
    assert not ClusterContext.objects.filter(name="staging").exists()


def test_what_another_process_removed_is_gone_here(boss):
    add(boss)
    contexts.scope(context="staging")
    ClusterContext.objects.all().delete()
    added.look_again()  # A second went by.
    with pytest.raises(UnknownContext):
        contexts.scope(context="staging")


@pytest.mark.parametrize("act", [kubeconfigs.remove, lambda *a, **k: kubeconfigs.rename(*a, to="x", **k)])
def test_the_servers_own_contexts_stay_and_unknown_ones_are_missing(boss, act):
    with pytest.raises(NotNow, match="kubeconfig"):
        act(boss, "demo-cluster", at=now())
    with pytest.raises(Missing):
        act(boss, "unknown", at=now())


def test_only_admins_may(operator):
    caller = access.caller_of_user(operator)
    with pytest.raises(Refused):
        add(caller)
    with pytest.raises(Refused):
        kubeconfigs.rename(caller, "a", to="b", at=now())
    with pytest.raises(Refused):
        kubeconfigs.remove(caller, "a", at=now())


def test_one_that_no_longer_opens_says_why_and_can_be_removed(boss, settings):
    add(boss)
    settings.ENCRYPTION_KEYS = ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]
    added._opened.clear()
    added.look_again()
    found = {each.view.name: each for each in kubeconfigs.known()}
    assert "ENCRYPTION_KEY" in found["staging"].problem
    kubeconfigs.remove(boss, "staging", at=now())
    assert "staging" not in {each.view.name for each in kubeconfigs.known()}

"""orchestrator.services.clusters.kubeconfig_text"""

import pytest

from orchestrator.errors import InvalidInput
from orchestrator.services.clusters import kubeconfig_text
from tests.kubeconfigs import CONFIG, kubeconfig

SERVER = "https://127.0.0.1:1"


def test_every_context_becomes_a_kubeconfig_of_its_own():
    first, second = kubeconfig_text.entries(kubeconfig())
    assert (first.name, first.cluster, first.user, first.namespace) == ("staging", "stg", "ops", "default")
    assert (first.server, first.verified, first.problem) == (SERVER, True, "")
    assert (second.name, second.namespace, second.problem) == ("admin@prod:eu/1", "shop", "")
    assert [each["name"] for each in second.config["contexts"]] == ["admin@prod:eu/1"]
    assert second.config["users"] == CONFIG["users"]


def test_a_cluster_whose_certificate_is_not_checked_is_told():
    cluster = {"server": SERVER, "insecure-skip-tls-verify": True}
    assert not kubeconfig_text.entries(kubeconfig(cluster=cluster))[0].verified


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        ({"exec": {"command": "rm"}}, "runs a command"),
        ({"auth-provider": {"name": "gcp", "config": {"cmd-path": "rm"}}}, "login plug-in"),
        ({"tokenFile": "/etc/passwd"}, "names a file"),
        ({"client-key": "/etc/passwd"}, "names a file"),
        ({"client-certificate": "/etc/passwd", "client-key-data": "AAAA"}, "names a file"),
        ({"token": "t", "as": "system:admin"}, "acts as somebody else"),
        ({"client-key-data": "not base64!"}, "not base64"),
        ({}, "no credentials"),
    ],
)
def test_a_user_that_would_run_or_read_something_here_is_refused(user, reason):
    assert reason in kubeconfig_text.entries(kubeconfig(user=user))[0].problem


@pytest.mark.parametrize(
    ("cluster", "reason"),
    [
        ({"server": SERVER, "certificate-authority": "/etc/passwd"}, "names a file"),
        ({"server": SERVER, "certificate-authority-data": "%"}, "not base64"),
        ({"server": "file:///etc/passwd"}, "address"),
        ({"server": "https://user:password@host"}, "address"),
        ({"server": "https://[::1"}, "address"),
        ({"server": ""}, "address"),
        ({}, "no cluster"),
    ],
)
def test_a_cluster_without_a_fit_address_is_refused(cluster, reason):
    assert reason in kubeconfig_text.entries(kubeconfig(cluster=cluster))[0].problem


@pytest.mark.parametrize(
    ("context", "reason"),
    [
        ({"name": "", "context": {"cluster": "stg", "user": "ops"}}, "no name"),
        ({"name": "a b", "context": {"cluster": "stg", "user": "ops"}}, "context name"),
        ({"name": "a", "context": {"cluster": "stg", "user": "ops", "namespace": "A"}}, "namespace"),
        ({"name": "a", "context": {"cluster": "other", "user": "ops"}}, "no cluster other"),
        ({"name": "a", "context": {"cluster": "stg", "user": "other"}}, "no credentials for the user other"),
        ({"name": "a", "context": None}, "no cluster"),
        ("a", "no name"),
    ],
)
def test_a_context_that_leads_nowhere_is_refused(context, reason):
    assert reason in kubeconfig_text.entries(kubeconfig(contexts=[context]))[0].problem


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "characters"),
        (" \n", "characters"),
        ("x" * 300_000, "characters"),
        ("a: [", "no YAML: line"),
        ("- a", "no members"),
        ("hello", "no members"),
        ("a: b", "no list of contexts"),
        ("contexts: {}", "no list of contexts"),
        ("a: &a [x]\nb: *a", "aliases"),
        ("a: !!python/object/apply:os.system [ls]", "no YAML"),
        ("\0", "no YAML"),
        ("[" * 5000, "no YAML"),
    ],
)
def test_what_is_no_kubeconfig_is_refused_with_the_reason(text, reason):
    with pytest.raises(InvalidInput) as refused:
        kubeconfig_text.entries(text)
    assert [each.path for each in refused.value.problems] == ["kubeconfig"]
    assert reason in refused.value.problems[0].message


def test_too_many_contexts_are_refused():
    contexts = [{"name": f"c{n}", "context": {}} for n in range(101)]
    with pytest.raises(InvalidInput):
        kubeconfig_text.entries(kubeconfig(contexts=contexts))

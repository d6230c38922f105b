"""orchestrator.env_aliases"""

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from orchestrator import env, env_aliases
from orchestrator.management.commands import serve

ALIASES = ["KUBECONFIG", "K8S_KUBECONFIG", "LOG_MAX_BODY_BYTES", "POD_NAME"]


@pytest.fixture
def loaded(monkeypatch):
    """Return a function that reads settings from these variables and no other of ours."""
    for name in [*(each.upper() for each in env.Environment.model_fields), *ALIASES]:
        monkeypatch.delenv(name, raising=False)

    def loaded(**variables: str) -> env.Environment:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return env.load()

    return loaded


@pytest.mark.parametrize(
    ("variables", "host", "port"),
    [
        ({}, "127.0.0.1", 8000),
        ({"HTTP_ADDR": ":8081"}, "0.0.0.0", 8081),
        ({"HTTP_ADDR": "10.0.0.1:8081"}, "10.0.0.1", 8081),
        ({"HTTP_ADDR": "[::1]:8081"}, "::1", 8081),
        ({"HTTP_ADDR": ":8081", "PORT": "9000"}, "0.0.0.0", 9000),
        ({"HTTP_ADDR": ":8081", "HOST": "127.0.0.1", "PORT": ""}, "127.0.0.1", 8081),
    ],
)
def test_an_address_is_host_and_port_which_win(loaded, variables, host, port):
    found = loaded(**variables)
    assert (found.host, found.port) == (host, port)


@pytest.mark.parametrize(
    ("variables", "backend"),
    [
        ({"K8S_USE_MOCK": "true"}, "demo"),
        ({"K8S_USE_MOCK": "1", "CLUSTER_BACKEND": "kubernetes"}, "kubernetes"),
        ({"K8S_USE_MOCK": "false"}, "auto"),
    ],
)
def test_a_mock_is_the_demo(loaded, variables, backend):
    assert loaded(**variables).cluster_backend == backend


def test_aliases_count_where_the_variable_itself_is_not_set(loaded):
    found = loaded(K8S_KUBECONFIG="/a", LOG_MAX_BODY_BYTES="5", POD_NAME="orchestrator-0")
    assert (found.kubeconfig, found.max_body_bytes) == ("/a", 5)
    assert found.leader_election_identity == "orchestrator-0"
    found = loaded(KUBECONFIG="/b", MAX_BODY_BYTES="6", LEADER_ELECTION_IDENTITY="one")
    assert (found.kubeconfig, found.max_body_bytes) == ("/b", 6)
    assert found.leader_election_identity == "one"


def test_an_empty_variable_counts_as_not_set(loaded):
    found = loaded(PORT="", STACK_TTL="", DEBUG="", KUBECONFIG="", K8S_KUBECONFIG="/a", HTTP_ADDR="")
    assert (found.port, found.stack_ttl, found.debug) == (8000, timedelta(hours=2), False)
    assert found.kubeconfig == "/a"


def test_every_wrong_alias_is_reported_at_once(loaded):
    wrong = {
        "HTTP_ADDR": "8081",
        "K8S_USE_MOCK": "perhaps",
        "K8S_CLIENT_QPS": "0",
        "K8S_CLIENT_BURST": "-1",
        "SHUTDOWN_TIMEOUT": "0s",
        "LEADER_ELECTION_RENEW_DEADLINE": "15s",
        "LEADER_ELECTION_RETRY_PERIOD": "x",
    }
    with pytest.raises(ImproperlyConfigured) as caught:
        loaded(**wrong)
    assert [name for name in wrong if name not in str(caught.value)] == []


def test_the_times_of_a_lease_follow_each_other(loaded):
    with pytest.raises(ImproperlyConfigured, match="must be shorter than LEADER_ELECTION_RENEW_DEADLINE"):
        loaded(LEADER_ELECTION_RETRY_PERIOD="10s")


@pytest.mark.parametrize("address", ["8081", "a:b", ":0", ":65536", "host:80:80", "http://a:80", ": 80"])
def test_an_address_that_is_none_is_refused(loaded, address):
    with pytest.raises(ImproperlyConfigured, match="HTTP_ADDR"):
        loaded(HTTP_ADDR=address)


def test_what_does_nothing_is_said_once():
    names = ["DDB_TABLE", "AWS_REGION", "GRPC_ADDR", "LOG_DIR", "LEADER_ELECTION_ENABLED", "PATH", "PORT"]
    (sentence,) = env_aliases.warnings(names, node_ports=(31001, 32767))
    assert [name for name in names if name in sentence] == names[:5]


def test_node_ports_that_clusters_seldom_give_are_told():
    assert "30000-32767" in env_aliases.warnings([], node_ports=(20000, 31000))[0]
    assert env_aliases.warnings([], node_ports=(30000, 32767)) == []


def test_the_server_says_what_is_hardly_meant(settings, monkeypatch):
    settings.API_KEY_ENABLED, settings.STACK_NODEPORT_MIN = False, 1000
    monkeypatch.setenv("DDB_TABLE", "x")
    assert [sentence.split()[0] for sentence in serve.warnings()] == [
        "API_KEY_ENABLED",
        "These",
        "STACK_NODEPORT_MIN",
    ]

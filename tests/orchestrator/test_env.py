"""orchestrator.env"""

import os
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from orchestrator import env

ROOT = Path(__file__).resolve().parents[2]
FERNET_KEY = "b25seS1mb3ItdGVzdHMtb25seS1mb3ItdGVzdHMtMDE="
PRODUCTION = {
    "APP_ENV": "production",
    "SECRET_KEY": "s" * 50,
    "ENCRYPTION_KEY": FERNET_KEY,
    "ALLOWED_HOSTS": "orchestrator.example.com",
}


@pytest.fixture
def variables(monkeypatch):
    """Return a function that sets variables, in an environment that has no other of ours."""
    for name in env.Environment.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return lambda values: [monkeypatch.setenv(*pair) for pair in values.items()]


def mistakes() -> str:
    with pytest.raises(ImproperlyConfigured) as caught:
        env.load()
    return str(caught.value)


def test_nothing_has_to_be_set_in_local_mode(variables):
    settings = env.load()
    assert (settings.host, settings.port, settings.allowed_hosts) == ("127.0.0.1", 8000, env.LOOPBACK_NAMES)


def test_every_mistake_is_reported_at_once_and_no_value_repeated(variables):
    bad = {
        "SECRET_KEY": "hunter2",
        "ENCRYPTION_KEY": "swordfish",
        "DEBUG": "perhaps",
        "PORT": "99999",
        "DATABASE_URL": "mysql://root:opensesame@host/name",
        "CACHE_IDLE": "a while",
        "TRUSTED_PROXIES": "proxy.local",
    }
    variables(bad)
    message = mistakes()
    assert [name for name in bad if name not in message] == []
    assert [value for value in bad.values() if value in message] == []


def test_production_needs_keys_and_host_names(variables):
    variables({"APP_ENV": "production"})
    message = mistakes()
    assert [name for name in PRODUCTION if name not in message] == ["APP_ENV"]


def test_production_refuses_pages_with_stack_traces(variables):
    variables(PRODUCTION | {"DEBUG": "true"})
    assert "DEBUG: must be false in production" in mistakes()


def test_a_complete_production_is_accepted(variables):
    variables(PRODUCTION)
    assert env.load().app_env == "production"


def test_the_key_has_a_second_name(variables):
    variables({"NEXTAUTH_SECRET": "n" * 50})
    assert env.load().secret_key.get_secret_value() == "n" * 50


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("10s", 10),
        ("20m", 1200),
        ("2h", 7200),
        ("30d", 2592000),
        ("1h30m", 5400),
        ("90", 90),
        ("0.5", 0.5),
    ],
)
def test_durations(variables, text, seconds):
    variables({"CACHE_IDLE": text})
    assert env.load().cache_idle == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["-5s", "5 s", "1w", "s", "1h 30m", "NaN", "9" * 30 + "d"])
def test_wrong_durations_are_refused(variables, text):
    variables({"CACHE_IDLE": text})
    assert "CACHE_IDLE: write a duration such as 500ms" in mistakes()


def test_a_duration_of_more_than_a_century_is_refused(variables):
    variables({"ACTIVITY_KEEP": "99999d"})
    assert "ACTIVITY_KEEP" in mistakes()


def test_lists_are_separated_by_commas(variables):
    variables({"ALLOWED_HOSTS": "a.example, b.example,"})
    assert env.load().allowed_hosts == ["a.example", "b.example"]


@pytest.mark.parametrize("text", ["Shop", "shop,-x", "a" * 64])
def test_namespaces_must_have_names_of_namespaces(variables, text):
    variables({"CLUSTER_NAMESPACES": text})
    assert "CLUSTER_NAMESPACES" in mistakes()


def test_a_blank_variable_counts_as_not_set(variables):
    variables({"KUBECONFIG": " ", "REDIS_URL": "", "API_KEY": ""})
    settings = env.load()
    assert (settings.kubeconfig, settings.redis_url, settings.api_key) == (None, None, None)


def test_every_group_of_rate_limits_has_a_number_and_a_window(variables):
    variables({"RL_STREAM_MAX": "7", "RL_STREAM_WINDOW_MS": "1500"})
    assert env.load().limits()["STREAM"] == (7, 1.5)


def test_wrong_settings_end_the_start_without_a_traceback():
    command = [sys.executable, "manage.py", "check"]
    environment = {"PATH": os.environ["PATH"], "PORT": "none", "DEBUG": "perhaps"}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30)
    assert result.returncode == 1
    assert "PORT:" in result.stderr
    assert "DEBUG:" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_kept_secret_is_made_once_and_only_we_may_read_it(tmp_path):
    path = tmp_path / "var" / "key"
    assert env.kept_secret(path, lambda: "first") == env.kept_secret(path, lambda: "second") == "first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["key"]


def test_processes_that_start_together_keep_the_same_secret(tmp_path):
    program = (
        "import os, pathlib, sys; from orchestrator import env;"
        "print(env.kept_secret(pathlib.Path(sys.argv[1]), lambda: str(os.getpid())))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "key")]
    started = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    secrets = {process.communicate(timeout=30)[0] for process in started}
    assert len(secrets) == 1

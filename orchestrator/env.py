"""The environment of the process: typed, bounded, and checked once, at start."""

import os
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from pydantic import AliasChoices, Field, SecretStr, ValidationError, ValidationInfo, model_validator
from pydantic import field_validator as check
from pydantic_settings import SettingsConfigDict

from orchestrator.env_aliases import AliasEnvironment, completed
from orchestrator.env_stacks import StackEnvironment
from orchestrator.env_values import NAMESPACE, Duration, Names, Number, Port, Secret, Text, network

LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"]
GROUPS = (
    "K8S_LIST",
    "K8S_DETAIL",
    "LOGS",
    "REVEAL",
    "RESTART",
    "POD_RESTART",
    "SETTINGS",
    "STREAM",
    "GENERAL",
    "STACKS_WRITE",
    "STACKS_READ",
)  # rate limits; every group has a window and a number


class Environment(StackEnvironment, AliasEnvironment):
    """Every variable an operator may set. The description of each is the table in README."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, validate_default=True
    )

    app_env: Literal["local", "production"] = Field(
        "local", description="`production` asks everybody to sign in and refuses weak settings"
    )
    host: str = Field("127.0.0.1", description="address to listen on")
    port: Port = Field(8000, description="port to listen on")
    secret_key: Secret = Field(
        None,
        validation_alias=AliasChoices("SECRET_KEY", "NEXTAUTH_SECRET"),
        description="at least 50 characters; signs sessions. Made and kept beside the database in local "
        "mode, required in production. Also read from `NEXTAUTH_SECRET`",
    )
    encryption_key: Secret = Field(
        None,
        description="comma list of Fernet keys for secrets at rest: the first encrypts, all decrypt. Made "
        "and kept beside the database in local mode, required in production",
    )
    allowed_hosts: Names = Field(
        [], description="comma list of host names this server answers to; loopback names in local mode"
    )
    trusted_proxies: Names = Field(
        [],
        description="comma list of addresses or networks whose `X-Forwarded-For` and `-Proto` are believed",
    )
    debug: bool = Field(False, description="pages with stack traces; refused in production")
    log_format: Literal["console", "json"] | None = Field(
        None, description="`console` or `json`; by default console in local mode, JSON in production"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level logged")
    max_body_bytes: Number = Field(
        1048576,
        validation_alias=AliasChoices("MAX_BODY_BYTES", "LOG_MAX_BODY_BYTES"),
        description="larger request bodies are refused with 413. Also read from `LOG_MAX_BODY_BYTES`",
    )

    database_url: SecretStr = Field(
        SecretStr("sqlite:///var/orchestrator.sqlite3"),
        description="`postgres://user:password@host/name`, `sqlite:///relative.sqlite3` or "
        "`sqlite:////absolute.sqlite3`",
    )
    redis_url: Secret = Field(
        None, description="`redis://host:6379/0`; carries live topics and rate limits between processes"
    )

    api_key: Secret = Field(
        None, description="a key for programs, with every scope but `clusters:secrets` and `admin`"
    )
    api_key_enabled: bool = Field(
        True, description="`false` opens the stacks and sessions areas to everybody, with a warning"
    )
    rate_limit_enabled: bool | None = Field(
        None, description="by default off in local mode and on in production"
    )
    rl_k8s_list_max: Number = Field(120, description="lists and events of a cluster, per window and caller")
    rl_k8s_list_window_ms: Number = Field(60000, description="the window of `RL_K8S_LIST_MAX`")
    rl_logs_max: Number = Field(30, description="logs of pods, per window and caller")
    rl_logs_window_ms: Number = Field(60000, description="the window of `RL_LOGS_MAX`")
    rl_k8s_detail_max: Number = Field(
        60, description="single objects and connection checks, per window and caller"
    )
    rl_k8s_detail_window_ms: Number = Field(60000, description="the window of `RL_K8S_DETAIL_MAX`")
    rl_reveal_max: Number = Field(10, description="reveals of secrets, per window and caller")
    rl_reveal_window_ms: Number = Field(60000, description="the window of `RL_REVEAL_MAX`")
    rl_restart_max: Number = Field(10, description="restarts of workloads, per window and caller")
    rl_restart_window_ms: Number = Field(60000, description="the window of `RL_RESTART_MAX`")
    rl_pod_restart_max: Number = Field(10, description="restarts of pods, per window and caller")
    rl_pod_restart_window_ms: Number = Field(60000, description="the window of `RL_POD_RESTART_MAX`")
    rl_settings_max: Number = Field(30, description="changes of preferences, per window and caller")
    rl_settings_window_ms: Number = Field(60000, description="the window of `RL_SETTINGS_MAX`")
    rl_stream_max: Number = Field(5, description="new event streams, per window and caller")
    rl_stream_window_ms: Number = Field(60000, description="the window of `RL_STREAM_MAX`")
    rl_general_max: Number = Field(100, description="other API calls, per window and caller")
    rl_general_window_ms: Number = Field(60000, description="the window of `RL_GENERAL_MAX`")

    cluster_backend: Literal["auto", "kubernetes", "demo"] = Field(
        "auto", description="`auto`: Kubernetes if credentials are found at start, else the demo cluster"
    )
    kubeconfig: Text = Field(
        None,
        validation_alias=AliasChoices("KUBECONFIG", "K8S_KUBECONFIG"),
        description="kubeconfig files, separated by `:`; else `~/.kube/config`, else the service account. "
        "Also read from `K8S_KUBECONFIG`",
    )
    k8s_context: Text = Field(
        None, description="the context to begin with; else the kubeconfig's current context"
    )
    default_mode: Literal["real", "demo"] | None = Field(
        None, description="what `mode` means when a call does not say: real if a cluster is configured"
    )
    cluster_namespaces: Names = Field(
        [], description="comma list of namespaces to read where reading all of them is forbidden"
    )
    k8s_api_timeout_ms: Number = Field(10000, description="time for one request to us, retries included")
    cache_idle: Duration = Field(
        timedelta(minutes=10), description="a watch that nobody used for this long is stopped"
    )
    sse_heartbeat_interval_ms: Annotated[int, Field(ge=100, le=600000)] = Field(
        30000, description="silence in `/api/stream` is filled this often"
    )
    log_max_bytes: Number = Field(
        5242880, description="of an answer with logs that does not follow them; older lines are left out"
    )
    terminal_idle: Annotated[Duration, Field(ge=timedelta(seconds=1))] = Field(
        timedelta(minutes=15),
        description="a terminal in which nothing was typed or printed for this long is closed",
    )
    demo_seed: int = Field(42, description="the demo world follows from this number")
    demo_evolve: bool = Field(True, description="`false` freezes the demo world")
    docker_host: Text = Field(None, description="the Docker Engine, such as `unix:///var/run/docker.sock`")

    activity_keep: Duration = Field(timedelta(days=30), description="activity older than this is pruned")
    sign_in_link_ttl: Duration = Field(
        timedelta(minutes=15), description="how long a one-time sign-in link works"
    )

    @model_validator(mode="before")
    @classmethod
    def aliases(cls, values: dict[str, Any]) -> dict[str, Any]:
        return completed(values)

    @check("allowed_hosts")
    @classmethod
    def loopback_in_local_mode(cls, value: list[str], info: ValidationInfo) -> list[str]:
        # Nothing is known if APP_ENV is wrong itself, and one mistake must not look like two.
        if not value and info.data.get("app_env") == "production":
            raise ValueError("name the hosts this server answers to, such as orchestrator.example.com")
        return value or LOOPBACK_NAMES

    @check("secret_key")
    @classmethod
    def long_enough(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None and info.data.get("app_env") == "production":
            raise ValueError("is required in production: at least 50 random characters")
        if value is not None and len(value.get_secret_value()) < 50:
            raise ValueError("is too short: at least 50 random characters")
        return value

    @check("encryption_key")
    @classmethod
    def fernet_keys(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None and info.data.get("app_env") == "production":
            raise ValueError("is required in production: a Fernet key, url-safe base64 of 32 random bytes")
        for key in value.get_secret_value().split(",") if value else []:
            Fernet(key.strip())  # Says what a key must look like, and not what this one was.
        return value

    @check("trusted_proxies")
    @classmethod
    def addresses(cls, value: list[str]) -> list[str]:
        for each in value:
            network(each)
        return value

    @check("cluster_namespaces")
    @classmethod
    def namespace_names(cls, value: list[str]) -> list[str]:
        if not all(NAMESPACE.fullmatch(each) for each in value):
            raise ValueError("a namespace is 1 to 63 lower-case letters, digits and hyphens")
        return value

    @check("database_url")
    @classmethod
    def known_database(cls, value: SecretStr) -> SecretStr:
        if not re.match(r"(postgres|postgresql|sqlite)://", value.get_secret_value()):
            raise ValueError("write postgres://user:password@host/name or sqlite:///file.sqlite3")
        return value

    @check("redis_url")
    @classmethod
    def known_redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not re.match(r"(rediss?|unix)://", value.get_secret_value()):
            raise ValueError("write redis://host:6379/0")
        return value

    @check("debug")
    @classmethod
    def never_in_production(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("app_env") == "production":
            raise ValueError("must be false in production")
        return value

    def limits(self) -> dict[str, tuple[int, float]]:
        """Return the number of calls and the window in seconds of each group of rate limits."""
        return {
            group: (
                getattr(self, f"rl_{group}_max".lower()),
                getattr(self, f"rl_{group}_window_ms".lower()) / 1000,
            )
            for group in GROUPS
        }


def load(**overrides: Any) -> Environment:
    """Read the environment and `.env`; real variables win.

    Raises `ImproperlyConfigured` that names every bad variable. Values are left out: they may be secret.
    """
    try:
        return Environment(**overrides)
    except ValidationError as exc:
        problems = [f"{str(error['loc'][0]).upper()}: {_advice(error)}" for error in exc.errors()]
        raise ImproperlyConfigured("These settings are wrong:\n  " + "\n  ".join(problems)) from None


def _advice(error: Any) -> str:
    """Return pydantic's message, which says what to write instead, as one sentence."""
    message = str(error["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def kept_secret(path: Path, make: Callable[[], str]) -> str:
    """Return the secret kept in a file that only we may read; make it on first use.

    Two processes that start together end with the same one: whoever creates the file wins.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(make())
        with suppress(FileExistsError):
            os.link(draft, path)  # Whole or not at all, and never over another's.
        draft.unlink()
    return path.read_text().strip()

"""Variables of the container provisioner whose place Orchestrator takes: read in its stead, or ignored.

https://github.com/nullforu/container-provisioner-k8s
"""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from pydantic import AliasChoices, Field, TypeAdapter, ValidationError, ValidationInfo
from pydantic import field_validator as check
from pydantic_settings import BaseSettings

from orchestrator.env_values import Number, Positive, Text

ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^:\s]*):(?P<port>\d{1,5})")
EVERYWHERE = "0.0.0.0"  # what an address without a host means
IGNORED = re.compile(
    r"(DDB|AWS|GRPC)_\w+|LOG_DIR|LOG_FILE_PREFIX|LEADER_ELECTION_(ENABLED|NAMESPACE|NAME)", re.IGNORECASE
)
# https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/ --service-node-port-range
USUAL_PORTS = range(30000, 32768)


class AliasEnvironment(BaseSettings):
    """The variables that exist for the sake of those who come from there."""

    http_addr: Text = Field(None, description="`HOST` and `PORT` in one, such as `:8081`; these two win")
    k8s_use_mock: bool = Field(
        False, description="`true` means `CLUSTER_BACKEND=demo`, unless that is set as well"
    )
    k8s_client_qps: Number = Field(200, description="requests to one API server in a second")
    k8s_client_burst: Number = Field(400, description="requests to it at once, after a pause")
    shutdown_timeout: Positive = Field(
        timedelta(seconds=10), description="how long a stop may take; it takes less than 5s by itself"
    )
    leader_election_lease_duration: Positive = Field(
        timedelta(seconds=15), description="a dead process is replaced within this time"
    )
    leader_election_renew_deadline: Positive = Field(
        timedelta(seconds=10),
        description="a lease of a controller ends unless it is renewed within this time",
    )
    leader_election_retry_period: Positive = Field(
        timedelta(seconds=2), description="pause between two looks at a lease that another process has"
    )
    leader_election_identity: Text = Field(
        None,
        validation_alias=AliasChoices("LEADER_ELECTION_IDENTITY", "POD_NAME"),
        description="name of this process in leases; the host's if absent. Also read from `POD_NAME`",
    )

    @check("http_addr")
    @classmethod
    def address(cls, value: str | None) -> str | None:
        if value is not None and _divided(value) is None:
            raise ValueError("write an address such as :8081 or 0.0.0.0:8081")
        return value

    @check("leader_election_renew_deadline")
    @classmethod
    def before_the_end(cls, value: timedelta, info: ValidationInfo) -> timedelta:
        if value >= info.data.get("leader_election_lease_duration", timedelta.max):
            raise ValueError("must be shorter than LEADER_ELECTION_LEASE_DURATION")
        return value

    @check("leader_election_retry_period")
    @classmethod
    def before_the_deadline(cls, value: timedelta, info: ValidationInfo) -> timedelta:
        if value >= info.data.get("leader_election_renew_deadline", timedelta.max):
            raise ValueError("must be shorter than LEADER_ELECTION_RENEW_DEADLINE")
        return value


def completed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings, those that are not set filled in by the aliases that are. Bad ones are left alone."""
    found = dict(values)
    address = _divided(str(found.get("http_addr") or ""))
    if address is not None:
        found.setdefault("host", address[0])
        found.setdefault("port", address[1])
    if _is_true(found.get("k8s_use_mock")):
        found.setdefault("cluster_backend", "demo")
    return found


def warnings(names: Iterable[str], *, node_ports: tuple[int, int]) -> list[str]:
    """Return sentences about variables that do nothing, and about node ports that no cluster may give."""
    said = []
    if ignored := sorted(name for name in names if IGNORED.fullmatch(name)):
        said.append(f"These variables are set and do nothing here: {', '.join(ignored)}.")
    if not all(port in USUAL_PORTS for port in node_ports):
        said.append(
            "STACK_NODEPORT_MIN to STACK_NODEPORT_MAX is not within 30000-32767, which API servers allow "
            "unless they are told otherwise."
        )
    return said


def _divided(address: str) -> tuple[str, int] | None:
    found = ADDRESS.fullmatch(address.strip())
    if found is None or not 1 <= int(found["port"]) <= 65535:
        return None
    return found["host"].strip("[]") or EVERYWHERE, int(found["port"])


def _is_true(value: object) -> bool:
    try:
        return TypeAdapter(bool).validate_python(value)
    except ValidationError:
        return False

"""What an operator may set for stacks."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo
from pydantic import field_validator as check
from pydantic_settings import BaseSettings

from orchestrator.env_values import LABEL_VALUE, NAMESPACE, Names, Number, Port, Positive, network


class StackEnvironment(BaseSettings):
    """The variables of the area stacks."""

    rl_stacks_write_max: Number = Field(
        60, description="creates and deletes of stacks, per window and caller"
    )
    rl_stacks_write_window_ms: Number = Field(60000, description="the window of `RL_STACKS_WRITE_MAX`")
    rl_stacks_read_max: Number = Field(600, description="reads of stacks, per window and caller")
    rl_stacks_read_window_ms: Number = Field(60000, description="the window of `RL_STACKS_READ_MAX`")

    stack_namespace: str = Field("stacks", description="namespace of stacks; made if it is missing")
    stack_ttl: Positive = Field(timedelta(hours=2), description="how long a stack lives")
    stack_ttl_max: Positive = Field(timedelta(hours=24), description="how long it may be extended to live")
    stack_scheduler_interval: Positive = Field(
        timedelta(seconds=10), description="longest pause between two full comparisons of rows and cluster"
    )
    stack_scheduling_timeout: Positive = Field(
        timedelta(seconds=20), description="how long a create waits for a node"
    )
    stack_nodeport_min: Port = Field(31001, description="first node port that stacks may get")
    stack_nodeport_max: Port = Field(32767, description="last node port that stacks may get")
    stack_port_lock_ttl: Positive = Field(
        timedelta(seconds=30), description="a port that others hold in the cluster is not drawn for so long"
    )
    stack_node_role: str = Field("stack", description="stacks run on nodes with this label `role`")
    stack_require_ingress_network_policy: bool = Field(
        True, description="no stack is created unless a network policy selects stacks"
    )
    stack_manage_network_policy: bool = Field(
        True, description="keep the policy `smctf-stack-isolation` in the namespace of stacks"
    )
    stack_pod_cidrs: Names = Field([], description="comma list of networks that may not reach stacks")
    stack_egress_deny_cidrs: Names = Field(
        ["169.254.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
        description="comma list of networks that stacks may not reach",
    )
    stack_node_ip_fallback: Literal["none", "internal"] = Field(
        "none", description="`internal`: show a node's internal address where it has no external one"
    )
    stack_pod_policy: Literal["compatible", "restricted"] = Field(
        "compatible", description="`restricted` refuses more of a pod spec"
    )
    stack_image_allowlist: Names = Field(
        [],
        description="comma list of images that `restricted` allows; `*`: any text, no tag: any tag",
    )
    stack_max_containers: Number = Field(10, description="containers of a pod that `restricted` allows")
    stack_batch_workers: Number = Field(2, description="batch deletes that are worked on side by side")
    stack_batch_job_retention: Positive = Field(
        timedelta(hours=168), description="how long finished batch deletes can be read"
    )
    stack_limit_per_key: Annotated[int, Field(ge=0)] = Field(
        0, description="most stacks of one API key, which the key itself may say otherwise; 0 is no limit"
    )

    @check("stack_namespace")
    @classmethod
    def namespace_name(cls, value: str) -> str:
        if not NAMESPACE.fullmatch(value):
            raise ValueError("a namespace is 1 to 63 lower-case letters, digits and hyphens")
        return value

    @check("stack_node_role")
    @classmethod
    def label_value(cls, value: str) -> str:
        if not LABEL_VALUE.fullmatch(value):
            raise ValueError("write the value of a label: 1 to 63 letters, digits and -_.")
        return value

    @check("stack_nodeport_max")
    @classmethod
    def port_range(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("stack_nodeport_min", 1):
            raise ValueError("STACK_NODEPORT range is invalid: it is below STACK_NODEPORT_MIN")
        return value

    @check("stack_pod_cidrs", "stack_egress_deny_cidrs")
    @classmethod
    def networks(cls, value: list[str]) -> list[str]:
        return [str(network(each)) for each in value]

"""The parts of Kubernetes objects that we read, decoded without the rest.

https://kubernetes.io/docs/reference/kubernetes-api/. For 10,000 pods that takes 0.2 s and little memory; the
client library's own models take 10 s and 1.1 GB. These live as long as one page of a list.
"""

import msgspec

from orchestrator.backends.errors import Cause


class Raw(msgspec.Struct, rename="camel", gc=False):
    """Members that are absent are defaults."""


class Owner(Raw, gc=False):
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False


class Metadata(Raw, rename="camel", gc=False):
    name: str
    uid: str = ""
    owner_references: list[Owner] = []
    namespace: str = ""
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    resource_version: str = ""
    generation: int = 0
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class Waiting(Raw, rename="camel", gc=False):
    reason: str = ""
    message: str = ""


class Terminated(Raw, rename="camel", gc=False):
    exit_code: int = 0
    reason: str = ""
    message: str = ""


class ContainerState(Raw, gc=False):
    waiting: Waiting | None = None
    terminated: Terminated | None = None


class ContainerStatus(Raw, rename="camel", gc=False):
    name: str = ""
    ready: bool = False
    restart_count: int = 0
    state: ContainerState = msgspec.field(default_factory=ContainerState)


class Condition(Raw, rename="camel", gc=False):
    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_transition_time: str | None = None


class PodStatus(Raw, rename="camel", gc=False):
    phase: str = "Unknown"
    reason: str = ""
    message: str = ""
    pod_ip: str = msgspec.field(default="", name="podIP")
    conditions: list[Condition] = []
    container_statuses: list[ContainerStatus] = []
    init_container_statuses: list[ContainerStatus] = []


class Named(Raw, gc=False):
    name: str = ""


class KeyRef(Raw, rename="camel", gc=False):
    config_map_key_ref: Named | None = None
    secret_key_ref: Named | None = None


class EnvVar(Raw, rename="camel", gc=False):
    value_from: KeyRef | None = None


class EnvFrom(Raw, rename="camel", gc=False):
    config_map_ref: Named | None = None
    secret_ref: Named | None = None


class Quantities(Raw, gc=False):
    cpu: str = ""
    memory: str = ""


class Resources(Raw, gc=False):
    requests: Quantities = msgspec.field(default_factory=Quantities)
    limits: Quantities = msgspec.field(default_factory=Quantities)


class ContainerSpec(Raw, rename="camel", gc=False):
    name: str = ""
    image: str = ""
    resources: Resources = msgspec.field(default_factory=Resources)
    restart_policy: str = ""  # Always: an init container that runs beside the others
    env: list[EnvVar] = []
    env_from: list[EnvFrom] = []


class SecretVolume(Raw, rename="camel", gc=False):
    secret_name: str = ""


class Projection(Raw, rename="camel", gc=False):
    config_map: Named | None = None
    secret: Named | None = None


class Projected(Raw, gc=False):
    sources: list[Projection] = []


class ClaimVolume(Raw, rename="camel", gc=False):
    claim_name: str = ""


class Volume(Raw, rename="camel", gc=False):
    config_map: Named | None = None
    secret: SecretVolume | None = None
    persistent_volume_claim: ClaimVolume | None = None
    projected: Projected | None = None
    empty_dir: dict[str, object] | None = None


class PodSpec(Raw, rename="camel", gc=False):
    node_name: str = ""
    containers: list[ContainerSpec] = []
    init_containers: list[ContainerSpec] = []
    volumes: list[Volume] = []
    image_pull_secrets: list[Named] = []
    resources: Resources | None = None


class PodRaw(Raw, gc=False):
    metadata: Metadata
    spec: PodSpec = msgspec.field(default_factory=PodSpec)
    status: PodStatus = msgspec.field(default_factory=PodStatus)


class NodeInfo(Raw, rename="camel", gc=False):
    kubelet_version: str = "Unknown"
    os_image: str = "Unknown"


class NodeAddress(Raw, gc=False):
    type: str = ""
    address: str = ""


class NodeTaint(Raw, gc=False):
    key: str = ""
    effect: str = ""
    value: str = ""


class NodeSpec(Raw, gc=False):
    unschedulable: bool = False
    taints: list[NodeTaint] = []


class NodeStatus(Raw, rename="camel", gc=False):
    capacity: dict[str, str] = {}
    allocatable: dict[str, str] = {}
    conditions: list[Condition] = []
    addresses: list[NodeAddress] = []
    node_info: NodeInfo = msgspec.field(default_factory=NodeInfo)


class NodeRaw(Raw, gc=False):
    metadata: Metadata
    spec: NodeSpec = msgspec.field(default_factory=NodeSpec)
    status: NodeStatus = msgspec.field(default_factory=NodeStatus)


class NamespaceStatus(Raw, gc=False):
    phase: str = "Unknown"


class NamespaceRaw(Raw, gc=False):
    metadata: Metadata
    status: NamespaceStatus = msgspec.field(default_factory=NamespaceStatus)


class ObjectRef(Raw, gc=False):
    kind: str = ""
    name: str = ""
    namespace: str = ""


class EventSource(Raw, gc=False):
    component: str = ""
    host: str = ""


class Series(Raw, rename="camel", gc=False):
    count: int = 0
    last_observed_time: str | None = None


class EventRaw(Raw, rename="camel", gc=False):
    metadata: Metadata
    type: str = "Normal"
    reason: str = ""
    message: str = ""
    count: int | None = None
    first_timestamp: str | None = None
    last_timestamp: str | None = None
    event_time: str | None = None
    series: Series | None = None
    involved_object: ObjectRef = msgspec.field(default_factory=ObjectRef)
    source: EventSource = msgspec.field(default_factory=EventSource)
    reporting_component: str = ""
    reporting_instance: str = ""


class ListMetadata(msgspec.Struct, rename={"continue_token": "continue", "remaining": "remainingItemCount"}):
    """`continue_token` is empty on the last page."""

    continue_token: str = ""
    resource_version: str = msgspec.field(default="", name="resourceVersion")
    remaining: int | None = None


class Page(msgspec.Struct):
    """One page of a list; the items are decoded by kind."""

    metadata: ListMetadata
    items: list[msgspec.Raw] | None = None


class Frame(msgspec.Struct):
    """One line of a watch."""

    type: str
    object: msgspec.Raw


class VersionOnly(Raw, rename="camel", gc=False):
    resource_version: str = ""


class Versioned(Raw, gc=False):
    """Any object, a bookmark too, as far as a watch needs it to resume."""

    metadata: VersionOnly


class FailureDetails(msgspec.Struct):
    causes: list[Cause] | None = None
    name: str = ""


class Failure(msgspec.Struct):
    """https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/"""

    message: str = ""
    reason: str = ""
    code: int = 0
    details: FailureDetails | None = None
    kind: str = ""


def causes(failure: Failure) -> list[Cause]:
    """Return the reasons of a failure one by one, if the API server gave them."""
    return (failure.details.causes if failure.details else None) or []


decode_page = msgspec.json.Decoder(Page).decode
decode_frame = msgspec.json.Decoder(Frame).decode
decode_version = msgspec.json.Decoder(Versioned).decode
decode_failure = msgspec.json.Decoder(Failure).decode

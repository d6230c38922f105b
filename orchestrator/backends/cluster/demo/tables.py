"""What the demo world is made of: names, sizes and references, as tables."""

from enum import Enum, auto
from typing import NamedTuple

HOUR, DAY = 60, 1440  # minutes
REGISTRY = "registry.example.com"


class State(Enum):
    """How a pod fares."""

    RUNNING = auto()
    CREATING = auto()
    UNSCHEDULABLE = auto()
    UNPULLABLE = auto()
    CRASHING = auto()  # waits for its next try
    KILLED = auto()  # was out of memory a moment ago


class App(NamedTuple):
    """The container of a workload. Cpu in millicores, memory in MiB, ages in minutes before the start."""

    namespace: str
    name: str
    image: str
    port: int
    cpu: int
    memory: int
    configs: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    sidecar: str = ""  # image of a second container
    claim: str = ""  # persistent volume claim, mounted at /data; one for each pod of a stateful set


class Deployment(NamedTuple):
    app: App
    replicas: int
    age: int
    pods_age: int


class StatefulSet(NamedTuple):
    app: App
    replicas: int
    age: int
    storage: str


class DaemonSet(NamedTuple):
    app: App
    node: str
    selector: tuple[str, str]  # the label that only this node has
    age: int


class NodeFacts(NamedTuple):
    name: str
    zone: str
    address: str
    external: str  # "" where the node has none
    label: tuple[str, str]
    cpu_percent: int
    memory_percent: int
    age: int


NAMESPACES = (("default", 214), ("kube-system", 214), ("production", 187), ("staging", 152))  # days

NODES = (
    NodeFacts(
        "worker-a", "zone-a", "10.0.1.11", "203.0.113.10", ("example.com/edge", "true"), 45, 60, 214 * DAY
    ),
    NodeFacts("worker-b", "zone-b", "10.0.1.12", "", ("example.com/observed", "true"), 70, 75, 214 * DAY),
    NodeFacts(
        "worker-c",
        "zone-c",
        "10.0.1.13",
        "203.0.113.12",
        ("example.com/accelerator", "gpu"),
        30,
        40,
        96 * DAY,
    ),
)

PULL = "docker-registry"


def _shop(name: str, version: str, port: int, cpu: int, memory: int, configs: str, secrets: str = "") -> App:
    image = f"{REGISTRY}/shop/{name}:{version}"
    pull_and_more = (*secrets.split(), PULL)
    return App("default", name, image, port, cpu, memory, tuple(configs.split()), pull_and_more)


def _public(name: str, image: str, port: int, cpu: int, memory: int, configs: str, secrets: str = "") -> App:
    return App("default", name, image, port, cpu, memory, tuple(configs.split()), tuple(secrets.split()))


_METRICS = _public(
    "metrics-collector", "quay.io/prometheus/prometheus:v2.48.1", 9090, 500, 1024, "env-config"
)
_AGENT = _public(
    "monitoring-agent", "quay.io/prometheus/blackbox-exporter:v0.24.0", 9115, 50, 64, "app-config"
)
_LOGS = _public("log-aggregator", "docker.io/fluent/fluentd:v1.16.3", 24224, 200, 512, "logging-config")
_BACKUP = _shop("backup-service", "1.4.2", 8085, 100, 256, "database-config", "db-credentials")

DEPLOYMENTS = (
    Deployment(
        _public("nginx-deployment", "docker.io/library/nginx:1.25.3", 80, 100, 128, "nginx-config",
                "tls-cert"),
        3, 92 * DAY, 3 * DAY,
    ),
    Deployment(
        _shop("api-gateway", "2.4.1", 8080, 250, 256, "app-config env-config", "api-keys tls-cert"),
        5, 120 * DAY, 55,
    ),
    Deployment(
        _shop("user-service", "3.1.0", 8081, 200, 256, "app-config database-config", "db-credentials"),
        2, 120 * DAY, 6 * DAY,
    ),
    Deployment(
        _shop("order-service", "1.8.3", 8082, 200, 256, "app-config database-config", "db-credentials"),
        3, 118 * DAY, 0,
    ),
    Deployment(
        _shop("payment-service", "2.0.5", 8083, 200, 256, "app-config env-config", "api-keys db-credentials"),
        2, 118 * DAY, 12 * DAY,
    ),
    Deployment(
        _shop("notification-service", "1.2.9", 8084, 100, 128, "env-config", "api-keys"),
        1, 75 * DAY, 5 * HOUR,
    ),
    Deployment(
        _shop("frontend", "5.3.0", 3000, 150, 192, "app-config nginx-config"),
        4, 120 * DAY, 28 * HOUR,
    ),
    Deployment(
        _shop("backend", "4.7.2", 8000, 300, 512, "app-config logging-config", "db-credentials github-token"),
        3, 120 * DAY, 2 * DAY,
    ),
    Deployment(
        _public(
            "database-proxy", "docker.io/bitnami/pgbouncer:1.21.0", 6432, 100, 128, "database-config",
            "db-credentials",
        ),
        1, 60 * DAY, 9 * DAY,
    ),
    Deployment(
        _public("redis-cache", "docker.io/library/redis:7.2.4-alpine", 6379, 100, 256, "app-config"),
        2, 92 * DAY, 20 * DAY,
    ),
    Deployment(_METRICS, 1, 44 * DAY, 4 * DAY),
    Deployment(_LOGS, 2, 44 * DAY, 0),
    Deployment(
        _AGENT._replace(sidecar="quay.io/prometheus-operator/prometheus-config-reloader:v0.70.0"),
        3, 44 * DAY, 7 * DAY,
    ),
    Deployment(_BACKUP._replace(claim="backup-data"), 1, 150 * DAY, 31 * HOUR),
    Deployment(_shop("cron-scheduler", "0.9.6", 8086, 50, 64, "env-config"), 1, 30 * DAY, 40 * HOUR),
)  # fmt: skip
ROLLING = {"order-service": (5, "1.8.2"), "log-aggregator": (10, "v1.16.2")}  # minutes a step, other version
BROKEN = "api-gateway"
SHORT_OF_MEMORY, SHORT_SINCE = "worker-b", 42  # takes no new pods; minutes before the start
STUCK = {
    "postgres-2": (State.UNSCHEDULABLE, 38),
    "rabbitmq-0": (State.UNPULLABLE, 95),
}  # state, age in minutes
MIGRATION_AGE = 35

STATEFULSETS = (
    StatefulSet(
        App(
            "production", "postgres", "docker.io/library/postgres:16.1", 5432, 500, 1024,
            ("postgres-config",), ("db-credentials",), claim="data",
        ),
        3, 140 * DAY, "20Gi",
    ),
    StatefulSet(
        App(
            "staging", "rabbitmq", "docker.io/library/rabbitmq:3.13-mangement", 5672, 200, 512,
            ("rabbitmq-config",), ("rabbitmq-auth",), claim="data",
        ),
        1, 61 * DAY, "8Gi",
    ),
)  # fmt: skip

DAEMONSETS = (
    DaemonSet(
        App(
            "kube-system", "ingress-nginx-controller",
            "registry.k8s.io/ingress-nginx/controller:v1.9.4", 443, 100, 128,
        ),
        "worker-a", NODES[0].label, 200 * DAY,
    ),
    DaemonSet(
        App(
            "kube-system", "node-problem-detector",
            "registry.k8s.io/node-problem-detector/node-problem-detector:v0.8.14", 20257, 20, 64,
        ),
        "worker-b", NODES[1].label, 170 * DAY,
    ),
    DaemonSet(
        App(
            "kube-system", "gpu-device-plugin",
            "registry.k8s.io/nvidia/k8s-device-plugin:v0.14.3", 8080, 50, 64,
        ),
        "worker-c", NODES[2].label, 90 * DAY,
    ),
)  # fmt: skip

MIGRATION = App(
    "production", "data-migration", f"{REGISTRY}/shop/data-migration:1.0.4", 0, 250, 512,
    ("database-config",), ("db-credentials",),
)  # fmt: skip
REPORT = App(
    "default", "hourly-report", f"{REGISTRY}/shop/reports:2.2.0", 0, 100, 128,
    ("app-config",), ("db-credentials", PULL),
)  # fmt: skip
SCAN = App("default", "image-scan", "docker.io/aquasec/trivy:0.48.3", 0, 200, 256, (), (PULL,))
IMPORT = App(
    "staging", "legacy-import", f"{REGISTRY}/shop/legacy-import:0.3.1", 0, 100, 256,
    ("app-config",), ("db-credentials",),
)  # fmt: skip
CLEANUP = App("staging", "weekly-cleanup", "docker.io/library/busybox:1.36.1", 0, 50, 32)

# namespace, service, app, type, port; an app without a cluster IP is the service of a stateful set.
SERVICES = (
    ("default", "nginx-service", "nginx-deployment", "LoadBalancer", 80),
    ("default", "api-gateway", "api-gateway", "LoadBalancer", 443),
    ("default", "user-service", "user-service", "ClusterIP", 80),
    ("default", "order-service", "order-service", "ClusterIP", 80),
    ("default", "payment-service", "payment-service", "ClusterIP", 80),
    ("default", "frontend", "frontend", "NodePort", 80),
    ("default", "backend", "backend", "ClusterIP", 80),
    ("default", "redis-cache", "redis-cache", "ClusterIP", 6379),
    ("production", "postgres", "postgres", "Headless", 5432),
    ("staging", "rabbitmq", "rabbitmq", "Headless", 5672),
)

# namespace, ingress, host, path, service, port
INGRESSES = (
    ("default", "api", "api.example.com", "/", "api-gateway", 443),
    ("default", "frontend", "shop.example.com", "/", "frontend", 80),
    ("staging", "rabbitmq", "queue.staging.example.com", "/", "rabbitmq", 5672),
)

# deployment, smallest, largest, target of cpu in percent
SCALERS = (
    ("api-gateway", 2, 10, 80),
    ("frontend", 3, 15, 70),
    ("backend", 2, 8, 75),
    ("notification-service", 1, 20, 85),
    ("payment-service", 2, 12, 80),
)

# namespace, limits of quota: cpu, memory, pods; of one container: default cpu and memory
QUOTAS = (
    ("production", "4", "8Gi", "20", "500m", "512Mi"),
    ("staging", "2", "4Gi", "10", "250m", "256Mi"),
)

"""The config maps and secrets of the demo world. Their values are made up."""

from base64 import b64encode

from orchestrator.backends.cluster.demo.moment import Moment
from orchestrator.backends.cluster.demo.parts import Manifest, metadata

DAY = 1440
ROOT_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIBdemoROOT\n-----END CERTIFICATE-----\n"
DATABASE = {"DB_HOST": "postgres.production.svc", "DB_PORT": "5432", "DB_NAME": "shop", "DB_POOL_SIZE": "20"}

CONFIG_MAPS: dict[tuple[str, str], dict[str, str]] = {
    ("default", "app-config"): {"APP_NAME": "shop", "APP_ENV": "demo", "FEATURE_CHECKOUT_V2": "true"},
    ("default", "nginx-config"): {
        "nginx.conf": "events {}\nhttp {\n  server {\n    listen 80;\n    location / { root /srv; }\n  }\n}\n"
    },
    ("default", "env-config"): {"REGION": "eu-central", "TIMEZONE": "UTC", "REQUEST_TIMEOUT": "30s"},
    ("default", "logging-config"): {"LOG_LEVEL": "info", "LOG_FORMAT": "json", "RETENTION_DAYS": "14"},
    ("default", "database-config"): DATABASE,
    ("production", "app-config"): {"APP_NAME": "shop", "APP_ENV": "production"},
    ("production", "database-config"): DATABASE,
    ("production", "postgres-config"): {"max_connections": "200", "shared_buffers": "256MB"},
    ("staging", "app-config"): {"APP_NAME": "shop", "APP_ENV": "staging"},
    ("staging", "rabbitmq-config"): {"rabbitmq.conf": "vm_memory_high_watermark.relative = 0.6\n"},
    ("kube-system", "coredns"): {
        "Corefile": ".:53 {\n    errors\n    health\n    kubernetes cluster.local\n}\n"
    },
    ("kube-system", "extension-apiserver-authentication"): {
        "requestheader-username-headers": '["X-Remote-User"]'
    },
} | {
    (namespace, "kube-root-ca.crt"): {"ca.crt": ROOT_CERTIFICATE}
    for namespace in ("default", "kube-system", "production", "staging")
}

TLS = "kubernetes.io/tls"
DOCKER = "kubernetes.io/dockerconfigjson"
SECRETS: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {
    ("default", "db-credentials"): ("Opaque", ("DB_USER", "DB_PASSWORD")),
    ("default", "api-keys"): ("Opaque", ("PAYMENT_API_KEY", "MAIL_API_KEY")),
    ("default", "tls-cert"): (TLS, ("tls.crt", "tls.key")),
    ("default", "github-token"): ("Opaque", ("GITHUB_TOKEN",)),
    ("default", "docker-registry"): (DOCKER, (".dockerconfigjson",)),
    ("production", "db-credentials"): ("Opaque", ("POSTGRES_USER", "POSTGRES_PASSWORD")),
    ("production", "tls-cert"): (TLS, ("tls.crt", "tls.key")),
    ("staging", "db-credentials"): ("Opaque", ("DB_USER", "DB_PASSWORD")),
    ("staging", "rabbitmq-auth"): ("Opaque", ("RABBITMQ_DEFAULT_USER", "RABBITMQ_DEFAULT_PASS")),
}


def config_maps(moment: Moment) -> list[Manifest]:
    """Return the config maps; every reference of a pod is among them."""
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": metadata(
                moment, "ConfigMap", namespace, name, created=-_age(moment, namespace, name)
            ),
            "data": values,
        }
        for (namespace, name), values in CONFIG_MAPS.items()
    ]


def secrets(moment: Moment) -> list[Manifest]:
    """Return the secrets; every reference of a pod is among them."""
    return [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata(moment, "Secret", namespace, name, created=-_age(moment, namespace, name)),
            "type": type_,
            "data": {key: _value(moment, namespace, name, key) for key in keys},
        }
        for (namespace, name), (type_, keys) in SECRETS.items()
    ]


def _value(moment: Moment, *words: str) -> str:
    return b64encode(f"demo-{moment.letters(16, 'value', *words)}".encode()).decode()


def _age(moment: Moment, *words: str) -> int:
    return moment.draw("age", *words).randrange(20 * DAY, 150 * DAY)

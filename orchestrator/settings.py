"""Django settings. What an operator may change comes from `orchestrator.env`."""

import logging
import secrets
import sys
from pathlib import Path
from typing import Any

import dj_database_url
from cryptography.fernet import Fernet
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from orchestrator import env, logs
from orchestrator.env_values import network

try:
    ENV = env.load()
except ImproperlyConfigured as exc:
    sys.exit(str(exc))  # One sentence for each mistake is all an operator needs; a traceback hides it.
BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"
LOCAL = ENV.app_env == "local"
STATE_DIR = BASE_DIR / "var"  # local development alone writes here

# --- Core
SECRET_KEY = (
    ENV.secret_key.get_secret_value()
    if ENV.secret_key
    else env.kept_secret(STATE_DIR / "secret_key", lambda: secrets.token_urlsafe(64))
)
ENCRYPTION_KEYS = (
    [key.strip() for key in ENV.encryption_key.get_secret_value().split(",")]
    if ENV.encryption_key
    else [env.kept_secret(STATE_DIR / "encryption_key", lambda: Fernet.generate_key().decode())]
)
DEBUG = ENV.debug
ALLOWED_HOSTS = ENV.allowed_hosts
TRUSTED_PROXIES = [network(each) for each in ENV.trusted_proxies]
ROOT_URLCONF = "orchestrator.urls"
ASGI_APPLICATION = "orchestrator.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"  # Django's own default is America/Chicago.
APPEND_SLASH = False  # No URL ends in one; `apis.middleware` redirects those that do.
DATA_UPLOAD_MAX_MEMORY_SIZE = ENV.max_body_bytes

INSTALLED_APPS = [
    "daphne",  # First: it replaces runserver by one that speaks ASGI.
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "axes",
    "channels",
    "csp",
    "django_htmx",
    "django_prometheus",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "orchestrator",
]
MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "apis.middleware.RequestMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "apis.middleware.EarlyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "dashboard.htmx.SignInMiddleware",
    "dashboard.errors.ErrorMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
    "apis.middleware.in_one_thread",
]

# --- Database
DATABASES: dict[str, Any] = {"default": dj_database_url.parse(ENV.database_url.get_secret_value())}
DATABASE = DATABASES["default"]
if DATABASE["ENGINE"] == "django.db.backends.sqlite3":
    DATABASE["NAME"] = str(BASE_DIR / DATABASE["NAME"])  # An absolute path stays what it is.
    Path(DATABASE["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    DATABASE["OPTIONS"] = {
        "timeout": 20,  # seconds to wait for another writer
        # A deferred transaction that starts to write fails at once when another one is writing;
        # an immediate one waits its turn: https://www.sqlite.org/lang_transaction.html
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASE["CONN_MAX_AGE"] = 0  # The pool keeps connections; Django must give them back.
    DATABASE["OPTIONS"] = {
        "pool": {"min_size": 1, "max_size": 20, "timeout": 5},
        "connect_timeout": 3,
        # A process that is frozen in the middle of a transaction must not keep its rows locked.
        "options": "-c idle_in_transaction_session_timeout=10000",
    }

# --- Redis: optional, shared by processes
REDIS_URL = ENV.redis_url.get_secret_value() if ENV.redis_url else None
CACHES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        # One entry is one caller's count of calls; beyond 300, the default, counts would begin anew.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# --- Pages
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "libraries": {"ui": "dashboard.templatetags.ui"},  # The rooms are not Django apps.
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.shell.shell",
            ],
        },
    }
]
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# The image collects its files under names that change with the content; a work tree serves them as they are.
COLLECTED = (BASE_DIR / "staticfiles/staticfiles.json").exists() or "collectstatic" in sys.argv
STATIC_ROOT = BASE_DIR / "staticfiles" if COLLECTED else None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    if COLLECTED and not DEBUG
    else {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = not COLLECTED
LOGIN_URL = "dashboard:login"
LOGIN_REDIRECT_URL = "dashboard:overview"
LOGOUT_REDIRECT_URL = "dashboard:login"

# --- Security
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
PERMISSIONS_POLICY = "geolocation=(), microphone=(), camera=()"
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "apis.errors.csrf_failed"
if not LOCAL:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31536000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]  # asked inside, without TLS
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 5 / 60  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]  # An address alone would lock out an office.
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # The pause ends when the page says it ends.
AXES_CLIENT_IP_CALLABLE = "orchestrator.services.access.peer_address"
AXES_LOCKOUT_CALLABLE = "dashboard.access.locked_out"
AXES_VERBOSE = False

# --- API
API_KEY = ENV.api_key
API_KEY_ENABLED = ENV.api_key_enabled
RATE_LIMIT_ENABLED = not LOCAL if ENV.rate_limit_enabled is None else ENV.rate_limit_enabled
RATE_LIMITS = ENV.limits()
REST_FRAMEWORK = {
    # The first one decides that a missing key is a 401 and not a 403.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apis.authentication.KeyAuthentication",
        "apis.authentication.BrowserAuthentication",
        "apis.authentication.LocalAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apis.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        "rest_framework.renderers.BrowsableAPIRenderer",
    ],
    "DEFAULT_PARSER_CLASSES": ["apis.parsers.AlwaysJSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["apis.throttling.GroupThrottle"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apis.errors.exception_handler",
    "URL_FORMAT_OVERRIDE": None,  # `?format=` is not ours.
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Orchestrator",
    "DESCRIPTION": "One self-hosted control plane for on-demand environments on Kubernetes and Docker.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apis.schema.complete",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False},
}

# --- Logs
LOG_FORMAT = ENV.log_format or ("console" if LOCAL else "json")
LOGGING = logs.configure(format_=LOG_FORMAT, level=ENV.log_level)
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG  # One line for each request is enough.
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # `apis.middleware` has looked at it or made it.
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # It believes everybody; `apis.middleware` adds the address.

# --- Back ends
CLUSTER_BACKEND = ENV.cluster_backend
KUBECONFIG = ENV.kubeconfig
K8S_CONTEXT = ENV.k8s_context
DEFAULT_MODE = ENV.default_mode
CLUSTER_NAMESPACES = ENV.cluster_namespaces
K8S_API_TIMEOUT_SECONDS = ENV.k8s_api_timeout_ms / 1000
K8S_CLIENT_QPS, K8S_CLIENT_BURST = ENV.k8s_client_qps, ENV.k8s_client_burst
CACHE_IDLE = ENV.cache_idle
DEMO_SEED = ENV.demo_seed
DEMO_EVOLVE = ENV.demo_evolve
DEMO_TICKS = True  # What people begin in the demo world goes on by itself, also in one that stands still.
# What they did is kept beside the database, or in memory alone where there is no place for files.
DEMO_STATE: Path | None = STATE_DIR / "demo.json" if LOCAL else None
if DATABASE["ENGINE"] == "django.db.backends.sqlite3":
    DEMO_STATE = Path(DATABASE["NAME"]).with_suffix(".demo.json")
DOCKER_HOST = ENV.docker_host
LOG_MAX_BYTES = ENV.log_max_bytes
TERMINAL_IDLE = ENV.terminal_idle
SSE_HEARTBEAT_SECONDS = ENV.sse_heartbeat_interval_ms / 1000

# --- Stacks
STACK_NAMESPACE = ENV.stack_namespace
STACK_TTL = ENV.stack_ttl
STACK_TTL_MAX = ENV.stack_ttl_max
STACK_SCHEDULER_INTERVAL = ENV.stack_scheduler_interval
STACK_SCHEDULING_TIMEOUT = ENV.stack_scheduling_timeout
STACK_NODEPORT_MIN = ENV.stack_nodeport_min
STACK_NODEPORT_MAX = ENV.stack_nodeport_max
STACK_PORT_LOCK_TTL = ENV.stack_port_lock_ttl
STACK_NODE_ROLE = ENV.stack_node_role
STACK_REQUIRE_INGRESS_NETWORK_POLICY = ENV.stack_require_ingress_network_policy
STACK_MANAGE_NETWORK_POLICY = ENV.stack_manage_network_policy
STACK_POD_CIDRS = ENV.stack_pod_cidrs
STACK_EGRESS_DENY_CIDRS = ENV.stack_egress_deny_cidrs
STACK_NODE_IP_FALLBACK = ENV.stack_node_ip_fallback
STACK_POD_POLICY = ENV.stack_pod_policy
STACK_IMAGE_ALLOWLIST = ENV.stack_image_allowlist
STACK_MAX_CONTAINERS = ENV.stack_max_containers
STACK_BATCH_WORKERS = ENV.stack_batch_workers
STACK_BATCH_JOB_RETENTION = ENV.stack_batch_job_retention
STACK_LIMIT_PER_KEY = ENV.stack_limit_per_key

# --- Processes
SHUTDOWN_TIMEOUT = ENV.shutdown_timeout
LEASE_REPLACED = ENV.leader_election_lease_duration
LEASE_DURATION = ENV.leader_election_renew_deadline
LEASE_POLL = ENV.leader_election_retry_period
PROCESS_NAME = ENV.leader_election_identity

# --- Housekeeping
ACTIVITY_KEEP = ENV.activity_keep
SIGN_IN_LINK_TTL = ENV.sign_in_link_ttl

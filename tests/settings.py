"""The product's settings in an environment that is the same on every machine."""

import os
from tempfile import gettempdir

from orchestrator.env import Environment

Environment.model_config["env_file"] = None
for name in Environment.model_fields:
    os.environ.pop(name.upper(), None)
# The whole suite runs on PostgreSQL instead when TEST_ON_POSTGRES is set; tests/all does both.
DATABASE_URL = (
    os.environ["TEST_DATABASE_URL"] if os.environ.get("TEST_ON_POSTGRES") else "sqlite:///var/tests.sqlite3"
)
os.environ.update(
    SECRET_KEY="only-for-tests-only-for-tests-only-for-tests-only-for-tests",
    ENCRYPTION_KEY="b25seS1mb3ItdGVzdHMtb25seS1mb3ItdGVzdHMtMDE=",
    ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
    DATABASE_URL=DATABASE_URL,
    CLUSTER_BACKEND="demo",
    DEMO_EVOLVE="false",
    LOG_LEVEL="warning",
)

from orchestrator.settings import *  # noqa: E402
from orchestrator.settings import DATABASES  # noqa: E402

# SQLite in memory answers "table is locked" where a file waits for the other writer; the product has a file.
# One for each run, so that two may go on side by side.
if not os.environ.get("TEST_ON_POSTGRES"):
    DATABASES["default"]["TEST"] = {"NAME": f"{gettempdir()}/orchestrator-tests-{os.getpid()}.sqlite3"}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast; the default is slow on purpose
DEMO_TICKS, DEMO_STATE = False, None  # Time passes when a test says so, and no test sees another's deeds.
WHITENOISE_AUTOREFRESH = True  # Otherwise it warns that nobody ran collectstatic.

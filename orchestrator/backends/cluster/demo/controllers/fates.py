"""How the containers of the demo world fare: which images there are, who ends, who runs out of memory."""

import re
from dataclasses import dataclass
from typing import Any

from orchestrator.backends.cluster.demo import tables
from orchestrator.backends.cluster.demo.parts import Manifest
from orchestrator.backends.cluster.quantities import number

# Official images of Docker Hub that people try things with; all others there are not known.
OFFICIAL = re.compile(
    "alpine|bash|busybox|caddy|debian|docker|eclipse-temurin|golang|haproxy|hello-world|httpd|mariadb|memcached|"
    "mongo|mysql|nats|nginx|node|openjdk|php|postgres|python|rabbitmq|redis|registry|ruby|rust|traefik|ubuntu|"
    "wordpress"
)
REFERENCE = re.compile(r"[a-z0-9][a-z0-9._/:-]*(:[\w][\w.-]{0,127})?(@sha256:[a-f0-9]{64})?", re.IGNORECASE)
MISSING = re.compile(r"missing|nope|unknown|does-?not-?exist|no-?such|invalid|typo|broken")
TAG = re.compile(
    r"latest|stable|edge|main|lts|v?\d+(\.\d+)*([-.+]?(alpha|beta|rc|r|p|b|build)?\.?\d*)?"
    r"(-(alpine|slim|bookworm|bullseye|jammy|noble|management|apache|fpm|musl|glibc|debian|amd64)[\d.]*)*"
    r"|[a-z]*-?[0-9a-f]{7,40}|alpine|slim|management|demo|dev|test|prod|production|staging"
)
SLEEP = re.compile(r"\bsleep[\s,\"']+(\d+|infinity|inf)")
FAILS = re.compile(r"\bexit\s+([1-9]\d*)\b|^false$")
ENDS = re.compile(r"\b(exit|sleep|true)\b")
TASK_SECONDS = 5  # that a container works which ends by itself
CRASH_SECONDS = 1
LEAK_SECONDS = 40  # in which the broken service fills the memory that it has at first
KILLED_BY_SIGNAL_9 = 137


@dataclass(frozen=True, slots=True)
class End:
    """How a container ends by itself, and how many seconds after it began."""

    after: int
    code: int = 0
    reason: str = "Completed"


def is_known(image: str) -> bool:
    """Return True for an image that can be pulled."""
    bare = image.partition("@")[0]
    name, _, tag = bare.rpartition(":")
    if not name or "/" in tag:
        name, tag = bare, "latest"
    name = name.removeprefix("docker.io/").removeprefix("library/")
    if not REFERENCE.fullmatch(image) or MISSING.search(image) or not TAG.fullmatch(tag):
        return False
    return "/" in name or OFFICIAL.fullmatch(name) is not None


def end_of(pod: Manifest, container: Manifest) -> End | None:
    """Return how a container of a pod ends by itself; None if it runs for ever."""
    said = " ".join(str(word) for word in (*container.get("command", ()), *container.get("args", ())))
    lasting = pod["spec"].get("restartPolicy", "Always") == "Always"
    if failing := FAILS.search(said):
        after = CRASH_SECONDS if lasting else TASK_SECONDS
        return End(_slept(said, after), int(failing[1] or 1), "Error")
    if _leaks(container):
        return End(LEAK_SECONDS, KILLED_BY_SIGNAL_9, "OOMKilled")
    if lasting or (container.get("ports") and not ENDS.search(said)):  # What listens does not end by itself.
        return None
    if "legacy-import" in container["image"]:
        return End(TASK_SECONDS, 1, "Error")
    seconds = _slept(said, TASK_SECONDS)
    return End(seconds) if seconds >= 0 else None


def _slept(said: str, otherwise: int) -> int:
    """Return for how many seconds a command sleeps; -1 is for ever."""
    found = SLEEP.search(said)
    if not found:
        return otherwise
    return int(found[1]) if found[1].isdecimal() else -1


def _leaks(container: Manifest) -> bool:
    """The broken service needs more memory than it was given at first, in the version it had."""
    app = next(each.app for each in tables.DEPLOYMENTS if each.app.name == tables.BROKEN)
    limit = (container.get("resources") or {}).get("limits", {}).get("memory")
    return container["image"] == app.image and limit is not None and amount(limit) <= app.memory * 2**20


def amount(quantity: Any) -> float:
    """Return a quantity as a number; 0 for one that makes no sense."""
    return number(str(quantity)) or 0.0


def missing_reference(draft_has: Any, pod: Manifest, container: Manifest) -> str:
    """Return what keeps a container from being created: a config map or secret that is not there.

    `draft_has` tells whether there is an object of a kind and name in the pod's namespace.
    """
    named = [
        *((each.get("configMapRef"), each.get("secretRef")) for each in container.get("envFrom", ())),
        *(
            ((each.get("valueFrom") or {}).get("configMapKeyRef"), each["valueFrom"].get("secretKeyRef"))
            for each in container.get("env", ())
            if each.get("valueFrom")
        ),
    ]
    for config_map, secret in named:
        for kind, reference in (("configmap", config_map), ("secret", secret)):
            if reference and not reference.get("optional") and not draft_has(f"{kind}s", reference["name"]):
                return f'{kind} "{reference["name"]}" not found'
    return ""

"""Reads a kubeconfig that was pasted or uploaded. Nothing in it makes this server run or read anything.

https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import yaml

from orchestrator.errors import InvalidInput
from orchestrator.services.clusters import contexts

LONGEST = 256 * 1024  # characters
MOST_CONTEXTS = 100
FIELD = "kubeconfig"
FLATTEN = "kubectl config view --raw --flatten does that"
# A login that runs a command would run it on this server, with the rights of this process.
COMMANDS = {"exec": "runs a command to log in", "auth-provider": "uses a login plug-in"}
FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
BINARY = ("certificate-authority-data", "client-certificate-data", "client-key-data")
# The client library does not send these headers, so the API server would take us for somebody else.
IMPERSONATION = ("as", "as-uid", "as-groups", "as-user-extra")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One context of a kubeconfig; `problem` says why it cannot be added, "" if it can."""

    name: str
    cluster: str
    user: str
    namespace: str
    server: str
    verified: bool  # the certificate of the server is checked
    config: Mapping[str, Any]  # a kubeconfig of this context alone
    problem: str = ""


def entries(text: str) -> list[Entry]:
    """Return the contexts of a kubeconfig, each with what keeps it from being used here.

    Raises `InvalidInput` if the text is none.
    """
    found = _document(text)
    listed = found.get("contexts")
    if not isinstance(listed, list) or not listed:
        raise contexts.invalid(FIELD, "this is no kubeconfig: it has no list of contexts")
    if len(listed) > MOST_CONTEXTS:
        raise contexts.invalid(FIELD, f"a kubeconfig has at most {MOST_CONTEXTS} contexts here")
    clusters, users = _named(found, "clusters", "cluster"), _named(found, "users", "user")
    return [
        _entry(str(each.get("name", "")), _map(each.get("context")), clusters, users)
        for each in map(_map, listed)
    ]


def _document(text: str) -> dict[str, Any]:
    if not text.strip() or len(text) > LONGEST:
        raise contexts.invalid(FIELD, f"a kubeconfig has 1 to {LONGEST} characters")
    try:
        # An alias lets a short text stand for a huge one, and no kubeconfig needs it.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.CSafeLoader)):
            raise contexts.invalid(FIELD, "aliases (*name) are not accepted")
        found = yaml.load(text, Loader=yaml.CSafeLoader)  # The safe loader, in C.
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        raise contexts.invalid(FIELD, f"this is no YAML{_line(exc)}") from exc
    if not isinstance(found, dict):
        raise contexts.invalid(FIELD, "this is no kubeconfig: it holds no members")
    return found


def _line(exc: Exception) -> str:
    mark = getattr(exc, "problem_mark", None)
    return f": line {mark.line + 1}, {getattr(exc, 'problem', '')}" if mark else ""


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _named(found: Mapping[str, Any], several: str, one: str) -> dict[str, dict[str, Any]]:
    listed = found.get(several)
    rows: Iterable[dict[str, Any]] = map(_map, listed) if isinstance(listed, list) else ()
    return {str(each.get("name", "")): _map(each.get(one)) for each in rows}


def _entry(
    name: str,
    inside: Mapping[str, Any],
    clusters: Mapping[str, dict[str, Any]],
    users: Mapping[str, dict[str, Any]],
) -> Entry:
    cluster, user = str(inside.get("cluster", "")), str(inside.get("user", ""))
    namespace = str(inside.get("namespace") or "default")
    there, who = clusters.get(cluster), users.get(user)
    problem = _name_problem(name, namespace) or _cluster_problem(cluster, there) or _user_problem(user, who)
    return Entry(
        name=name,
        cluster=cluster,
        user=user,
        namespace=namespace,
        server=str((there or {}).get("server", ""))[:500],
        verified=not (there or {}).get("insecure-skip-tls-verify"),
        problem=problem,
        config={
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "clusters": [{"name": cluster, "cluster": there}],
            "users": [{"name": user, "user": who}],
            "contexts": [
                {"name": name, "context": {"cluster": cluster, "user": user, "namespace": namespace}}
            ],
        },
    )


def _name_problem(name: str, namespace: str) -> str:
    try:
        contexts.check_context(name)
        contexts.check_namespace(namespace)
    except InvalidInput as exc:
        return exc.problems[0].message
    return "" if name else "it has no name"


def _cluster_problem(name: str, cluster: Mapping[str, Any] | None) -> str:
    if not cluster:
        return f"the kubeconfig holds no cluster {name or 'for it'}"
    try:
        address = urlsplit(str(cluster.get("server", "")))
        usable = address.scheme in ("https", "http") and bool(address.hostname) and not address.username
    except ValueError:
        usable = False
    if not usable:
        return f"the address of the cluster {name} is none: write https://host:port"
    return _content_problem(f"cluster {name}", cluster)


def _user_problem(name: str, user: Mapping[str, Any] | None) -> str:
    if not user:
        return f"the kubeconfig holds no credentials for the user {name or 'of it'}"
    for member, what in COMMANDS.items():
        if member in user:
            return f"the user {name} {what}, and nothing is run here for an uploaded file; use a token"
    if any(member in user for member in IMPERSONATION):
        return f"the user {name} acts as somebody else (as), which is not supported"
    return _content_problem(f"user {name}", user)


def _content_problem(whose: str, part: Mapping[str, Any]) -> str:
    for member in FILES:
        if member in part:
            inline = "token" if member == "tokenFile" else f"{member}-data"
            return f"the {whose} names a file ({member}); put its content into {inline} ({FLATTEN})"
    for member in BINARY:
        try:
            base64.b64decode(str(part.get(member, "")), validate=True)
        except (binascii.Error, ValueError):
            return f"{member} of the {whose} is not base64"
    return ""

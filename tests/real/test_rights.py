"""What the user of a context may not read or do is refused in words, and shows nowhere."""

import json
import os
import secrets
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from time import monotonic
from urllib.parse import urlencode

import pytest

from tests.real import rights
from tests.real.processes import wait_until
from tests.real.rights import ADMIN, NOBODY, VIEWER, Users
from tests.real.source import PASSWORD, PATHS, Source, made_in

pytestmark = [
    pytest.mark.needs("TEST_KUBECONFIG", "TEST_KUBECONFIG_VIEWER", "TEST_KUBECONFIG_NOBODY"),
    pytest.mark.timeout(400),
]
# tests/lab/kubernetes/access.yaml lists what the viewer may read; these are not in it.
NOT_FOR_VIEWERS = {"secrets", "resourcequotas", "limitranges", "persistentvolumes", "pvs", rights.ROLES}
HIDDEN = f"hidden-{secrets.token_hex(4)}"  # objects that the administrator alone may read
PLANTED = f"planted-{secrets.token_hex(4)}"  # an object that nobody may not read
VALUE = f"value-{secrets.token_hex(8)}"
# What shows to whoever may read nothing: it holds no objects, or says of each kind that it is refused.
FOR_ALL = (
    "/api/cluster-health",
    "/api/cluster/health",
    "/api/contexts",
    "/api/dashboard/summary",
    "/api/notifications",
    "/api/openapi.json",
    "/api/resources",
    "/api/settings",
    "/api/test-connection",
    "/api/topology",
    "/dashboard/access",
    "/dashboard/activity",
    "/dashboard/apply",
    "/dashboard/contexts",
    "/dashboard/search",
    "/dashboard/stacks",  # They live in the cluster of the settings, whichever context a page is about.
    "/dashboard/system",
)
WATCHED_SECONDS = 40
REFUSED_SECONDS = 29.5  # A request may take half a second longer than the one before it.
SAYS_SO = ("not permitted", "You may not", "may not be read", "is forbidden", "Refused")


@pytest.fixture(scope="module")
def users(tmp_path_factory) -> Iterator[Users]:
    with rights.users(tmp_path_factory.mktemp("rights")) as users:
        yield users
        said = list(users.product.process.lines)
        assert [line for line in said if "Traceback" in line] == [], "\n".join(said)


@pytest.fixture(scope="module")
def source(place) -> Iterator[Source]:
    with made_in(place.name, os.environ["TEST_KUBECONFIG"]) as source:
        source.add("secrets", HIDDEN, {"stringData": {"key": VALUE}})
        source.add("resourcequotas", HIDDEN, {"spec": {"hard": {"services": "20"}}})
        source.add("configmaps", PLANTED, {"data": {"key": VALUE}})
        wait_until(lambda: len(place.api.list_namespaced_pod(place.name).items) >= 5)
        yield source


@pytest.fixture(scope="module")
def names(place, source) -> dict[str, str]:
    """Return the name of one object of each kind."""
    pod = place.api.list_namespaced_pod(place.name, label_selector="app=web").items[0]
    found = {kinds: min(source.of(kinds)) for kinds in PATHS} | {"configmaps": "app.properties.v1"}
    found |= {"secrets": "login", "resourcequotas": "few", "deployments": "web"}
    found |= {"pods": pod.metadata.name, "replicasets": pod.metadata.owner_references[0].name}
    found |= {"nodes": place.api.list_node().items[0].metadata.name, "namespaces": place.name}
    aliases = {"hpa": "horizontalpodautoscalers", "pvcs": "persistentvolumeclaims", "ingress": "ingresses"}
    return found | {long: found[short] for short, long in aliases.items()}


def ask(users: Users, path: str, context: str, place) -> tuple[int, str]:
    open_ = users.page if path.startswith("/dashboard") else users.api
    reply = open_(f"{path}?context={context}&namespace={place.name}&deployment=web&since=1h&q=&search=")
    return reply.status, reply.body.decode()


@pytest.fixture(scope="module")
def seen(users, place, names) -> dict[str, int]:
    """Return the status of every address for the administrator; then the caches hold what others may not."""
    paths = [
        path
        for room in ("apis", "dashboard")
        for path in rights.addresses(room, names=names, namespace=place.name)
        if path.startswith(("/api/", "/dashboard/"))
    ]
    found = {path: ask(users, path, ADMIN, place)[0] for path in paths}
    return {path: status for path, status in found.items() if status != 404 or "/do/" not in path}


def refused(text: str) -> bool:
    """Return True if a page says that something is refused."""
    return any(words in text for words in SAYS_SO)


def marks(place, source: Source, kinds) -> dict[str, str]:
    """Return what tells of objects of some kinds: the ids that the API server gave them."""
    found = {
        each["metadata"]["uid"]: f"{kind}/{name}" for kind in kinds for name, each in source.of(kind).items()
    }
    return found | {each: each for each in (VALUE, b64encode(VALUE.encode()).decode(), PASSWORD)}


@pytest.mark.parametrize("context", [VIEWER, NOBODY])
def test_every_address_refuses_what_may_not_be_read(users, place, source, seen, context):
    print({status: list(seen.values()).count(status) for status in set(seen.values())})
    told = []
    refused_kinds = [kind for kind in PATHS if context == NOBODY or kind in NOT_FOR_VIEWERS]
    hidden = marks(place, source, refused_kinds) | {HIDDEN: HIDDEN}
    if context == NOBODY:
        hidden[PLANTED] = PLANTED
    else:
        del hidden[VALUE]  # It is in a config map as well.
    for path, for_admin in seen.items():
        status, text = ask(users, path, context, place)
        told += [f"{path} tells of {what}" for mark, what in hidden.items() if mark in text]
        if status >= 500:
            told.append(f"{path} answers {status}")
        must = context == NOBODY or set(path.split("/")) & {*NOT_FOR_VIEWERS, "metrics"}
        open_ = path == "/dashboard/kinds" or path.startswith(FOR_ALL)
        if for_admin == 200 and must and not open_ and not (status == 403 or refused(text)):
            told.append(f"{path} answers {status} and refuses nothing")
        if for_admin == 200 and not must and status != 200:
            told.append(f"{path} answers {status}")
        if status == 403 and path.startswith("/api/"):
            details = json.loads(text).get("details")
            if not details or not {"verb", "resource", "namespace"} <= details.keys():
                told.append(f"{path} refuses without saying what: {details}")
    assert told == [], "\n".join(told)


# Word of the API -> its body, by kinds; {name} is filled with an object of the kind that is there.
ACTS: list[tuple[str, str, dict]] = [
    *(("POST", f"/api/{kinds}/{{name}}/restart", {}) for kinds in ("deployments", "daemonsets", "pods")),
    ("POST", "/api/deployments/{name}/scale", {"replicas": 5}),
    ("POST", "/api/statefulsets/{name}/scale", {"replicas": 5}),
    *(("POST", f"/api/deployments/{{name}}/{word}", {}) for word in ("pause", "resume")),
    ("POST", "/api/deployments/{name}/undo", {"revision": 1}),
    *(("POST", f"/api/cronjobs/{{name}}/{word}", {}) for word in ("suspend", "resume", "trigger")),
    *(("POST", f"/api/nodes/{{name}}/{word}", {}) for word in ("cordon", "uncordon", "drain")),
    *(("DELETE", f"/api/{kinds}/{{name}}", {}) for kinds in ("pods", "deployments", "secrets", "configmaps")),
    *(("DELETE", f"/api/{kinds}/{{name}}", {}) for kinds in ("services", "nodes")),
    # What would be lost is asked to be named.
    *(("DELETE", f"/api/{kinds}/{{name}}?confirm={{name}}", {}) for kinds in ("pvcs", "namespaces")),
    ("PUT", "/api/resources/configmaps/{name}/yaml", {"yaml": "text"}),
    ("PUT", "/api/resources/secrets/{name}/yaml", {"yaml": "text"}),
    ("POST", "/api/pods/{name}/open", {"port": 8080}),
    ("POST", "/api/services/{name}/open", {"port": 80}),
]
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}
OURS = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ours"}})
LEAVE = "selfsubjectaccessreviews"  # A question, though it is sent by POST.


def changes(users: Users) -> list[str]:
    """Return what was sent to the API server that changes something, or tries to."""
    return [
        f"{context}: {each.method} {each.path}"
        for context, proxy in users.proxies.items()
        for each in list(proxy.requests)
        if each.method in CHANGING and each.kind != LEAVE
    ]


def test_every_act_is_refused_and_changes_nothing(users, place, source, names):
    before = {kinds: {n: o["metadata"]["uid"] for n, o in source.of(kinds).items()} for kinds in PATHS}
    config_map = source.of("configmaps")[PLANTED]
    told = []
    for context, (method, route, body) in ((c, act) for c in (VIEWER, NOBODY) for act in ACTS):
        kinds = next(word for word in route.split("/") if word in names)
        path = route.replace("{name}", PLANTED if kinds == "configmaps" else names[kinds])
        if "yaml" in body:
            text = {"apiVersion": "v1", "kind": "ConfigMap" if kinds == "configmaps" else "Secret"}
            name = path.split("/")[-2]
            text |= {"metadata": {"name": name, "namespace": place.name}, "data": {"a": "YQ=="}}
            body = {"yaml": json.dumps(text)}
        place_ = f"{'&' if '?' in path else '?'}context={context}&namespace={place.name}"
        reply = users.api(path + place_, method=method, body=body)
        details = reply.json.get("details") or {}
        if reply.status != 403 or reply.json["code"] != "forbidden":
            told.append(f"{context} {method} {path}: {reply.status} {reply.body[:300]!r}")
        elif not {"verb", "resource", "namespace"} <= details.keys():
            told.append(f"{context} {method} {path}: {details}")
    assert told == [], "\n".join(told)
    assert changes(users) == []
    assert {k: {n: o["metadata"]["uid"] for n, o in source.of(k).items()} for k in PATHS} == before
    assert source.of("configmaps")[PLANTED] == config_map


def test_every_question_of_a_page_is_refused_when_it_is_answered(users, place, names):
    told = []
    for context in (VIEWER, NOBODY):
        for path in rights.addresses("dashboard", names=names, namespace=place.name):
            word = path.rpartition("/")[2]
            if "/do/" in path or word in ("open", "apply"):
                filled = {"context": context, "replicas": 3, "confirm": path.split("/")[-3], "port": 80}
                filled |= {"revision": 1, "propagation": "Background", "yaml": OURS, "act": "apply"}
                query = f"context={context}&namespace={place.name}"
                reply = users.form(f"{path}?{query}", urlencode(filled))
                if reply.status not in (403, 404) and not refused(reply.body.decode()):
                    told.append(f"{context} {path}: {reply.status} {reply.headers.get('location')}")
    assert told == [], "\n".join(told)
    assert changes(users) == []


def test_objects_that_are_applied_are_refused_one_by_one(users, place):
    for context in (VIEWER, NOBODY):
        reply = users.api(
            f"/api/apply?context={context}&namespace={place.name}", method="POST", body={"yaml": OURS}
        )
        said = reply.json["results"][0]
        assert (said["action"], "may not" in said["error"] or "cannot" in said["error"]) == ("refused", True)
    assert "ours" not in {
        each.metadata.name for each in place.api.list_namespaced_config_map(place.name).items
    }


def test_a_terminal_is_refused(users, place, names):
    for context in (VIEWER, NOBODY):
        with users.terminal(
            context=context, namespace=place.name, pod=names["pods"], container="main"
        ) as page:
            said = json.loads(page.recv(timeout=20))
        assert refused(said["error"]) or " may not " in said["error"] or "cannot" in said["error"]
    assert [
        each for proxy in users.proxies.values() for each in list(proxy.requests) if each.kind == "exec"
    ] == []


def test_a_stream_tells_nothing_of_what_may_not_be_read(users, place):
    with users.product.stream(f"context={NOBODY}&namespace={place.name}") as stream:
        pod = place.add()
        with users.product.stream(f"context={VIEWER}&namespace={place.name}") as theirs:
            wait_until(lambda: theirs.told(pod) or place.change(pod))
        assert not stream.told(pod)


def test_each_context_asks_as_its_own_user(users, seen):
    for context, proxy in users.proxies.items():
        assert {each.token for each in list(proxy.requests)} == {rights.TOKENS[context]}


def polled(users: Users, place, paths: list[str]) -> bool:
    """Look at every address once, as many open pages would."""
    for path in paths:
        ask(users, path, NOBODY, place)
    return True


def test_a_refused_kind_is_asked_for_once_in_30_seconds(users, place, names, seen):
    proxy = users.proxies[NOBODY]
    paths = [path for path, status in seen.items() if status == 200]
    polled(users, place, paths)
    begun = monotonic()
    while monotonic() - begun < WATCHED_SECONDS:
        polled(users, place, paths)
    asked: dict[str, list[float]] = defaultdict(list)
    reviews = 0
    for each in list(proxy.requests):
        if each.at >= begun and each.kind == LEAVE:
            reviews += 1
        elif each.at >= begun and each.path != "/version":  # which everybody may read
            asked[f"{each.path} {each.query}"].append(each.at)
    stormy = {
        path: len(times)
        for path, times in asked.items()
        if len(times) > 1 and min(later - earlier for earlier, later in pairwise(times)) < REFUSED_SECONDS
    }
    print(len(paths), "addresses;", reviews, "questions about rights;", stormy)
    assert stormy == {}

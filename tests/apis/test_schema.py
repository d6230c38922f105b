"""apis.schema: the OpenAPI document, and answers that are as it says"""

import re
from itertools import product

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis.strategies import booleans
from jsonschema import Draft202012Validator
from pydantic import SecretStr
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from apis import clusters, objects, urls
from orchestrator.services.clusters.query import ROWS

LISTS = {f"/api/{name}": ROWS[kind].__name__ for name, (kind, *_) in clusters.LISTS.items()}
# One of each sort: the others differ in nothing but the kind.
ASKED = [
    "/api/pods",
    "/api/nodes",
    "/api/events",
    "/api/deployments/{name}",
    "/api/nodes/{name}/pods",
    "/api/pods/{name}/events",
    "/api/deployments/{name}/progress",
    "/api/deployments/{name}/revisions",
    "/api/resources/{type}/{name}/yaml",
    "/api/resources",
    "/api/resources/{kind}",
    "/api/resources/{kind}/{name}",
    "/api/labels",
    "/api/topology",
]
PAGES = {"/redoc.js", "/", "/dashboard", "/docs", "/redoc", "/openapi.json", "/api/openapi.json"}
OTHERS = [
    "/api/dashboard/summary",
    "/api/cluster-health",
    "/api/cluster/health",
    "/api/test-connection",
    "/api/contexts",
    "/api/settings/aliases",
    "/api/settings/critical-issues",
    "/api/settings/sidebar-pins",
]
STACKS = [
    "/stacks",
    *(f"/stacks/{{stack_id}}{each}" for each in ("", "/status", "/manifest", "/events", "/logs", "/wait")),
    "/stacks/batch-delete/{job_id}",
]
DONE = [
    ("POST", "/api/deployments/{name}/restart", "frontend"),
    ("POST", "/api/deployments/{name}/scale", "frontend"),
    ("POST", "/api/deployments/{name}/undo", "frontend"),
    ("POST", "/api/cronjobs/{name}/trigger", "nope"),
    ("DELETE", "/api/configmaps/{name}", "app-config"),
    ("DELETE", "/api/namespaces/{name}", "staging"),
    ("POST", "/stacks", ""),
    ("POST", "/stacks/batch-delete", ""),
    ("POST", "/stacks/{stack_id}/stop", ""),
    ("POST", "/stacks/{stack_id}/extend", ""),
    ("POST", "/stacks/{stack_id}/ports/{port}/open", ""),
    ("DELETE", "/stacks/{stack_id}", ""),
]
OPERATIONS = [
    "/livez",
    "/readyz",
    "/metrics",
    "/healthz",
    "/stats",
    "/api/settings",
    "/api/notifications",
]  # no parameters
KEY = {"X-API-Key": "only-for-tests"}
PROMISES = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.unsupported_method,
    checks.allow_header_conformance,
]


@pytest.fixture(scope="module")
def kept() -> dict:
    """Keep the document, which is the same for every test and takes a second to make."""
    return {}


@pytest.fixture
def document(api, kept) -> dict:
    if not kept:
        kept.update(api.get("/openapi.json").json())
    return kept


@pytest.fixture
def described(api, settings):
    """Load the document from the application itself, as a client generator would."""
    settings.API_KEY = SecretStr(KEY["X-API-Key"])
    # The application closes the connection after each request, and with it the transaction of the test.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/openapi.json", get_wsgi_application(), headers=KEY)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize(
    ("path", "mode"),
    [
        *product([*ASKED, *OTHERS, *STACKS, "/api/stream"], GenerationMode),
        *product(OPERATIONS, [GenerationMode.POSITIVE]),
    ],
)
def test_whatever_is_asked_the_answer_is_as_documented(described, path, mode):
    method = "HEAD" if path == "/api/stream" else "GET"  # A stream does not end.

    @examples(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=described[path]["GET"].as_strategy(generation_mode=mode))
    def holds(case):
        case.method = method
        response = case.call_and_validate(checks=PROMISES, headers=KEY)
        assert response.status_code not in (500, 502)

    holds()


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize(("method", "path", "name"), DONE)
def test_whatever_is_done_the_answer_is_as_documented(described, method, path, name, mode):
    @examples(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=described[path][method].as_strategy(generation_mode=mode), known=booleans())
    def holds(case, known):
        if known and name:  # Else hardly an example would come as far as to do something.
            case.path_parameters, case.query = {"name": name}, {**case.query, "namespace": "default"}
        response = case.call_and_validate(checks=PROMISES, headers=KEY)
        assert response.status_code not in (500, 502)

    holds()


def test_the_document_is_openapi_3_1_of_every_path(document):
    assert document["openapi"].startswith("3.1.")
    routes = {"/" + re.sub(r"<\w+:(\w+)>", r"{\1}", str(each.pattern)) for each in urls.urlpatterns}
    assert document["paths"].keys() == routes - PAGES


def test_both_addresses_serve_the_same_document(api, document):
    response = api.get("/api/openapi.json")
    assert response.headers["Content-Type"] == "application/json"
    assert response.json() == document


def test_every_reference_leads_somewhere(document):
    schemas = document["components"]["schemas"]
    found: list[str] = []

    def walk(part):
        if isinstance(part, dict):
            found.extend(value for key, value in part.items() if key == "$ref")
            part = list(part.values())
        for each in part if isinstance(part, list) else []:
            walk(each)

    walk(document)
    assert set(found) == {f"#/components/schemas/{name}" for name in schemas}


def test_every_schema_is_one(document):
    for each in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(each)


def test_operations_have_names_of_their_own(document):
    names = [
        operation["operationId"]
        for operations in document["paths"].values()
        for operation in operations.values()
    ]
    assert len(set(names)) == len(names)
    assert "listPods" in names


def strict_validator(document: dict, name: str) -> Draft202012Validator:
    described = {**document["components"]["schemas"][name], "components": document["components"]}
    return Draft202012Validator({**described, "additionalProperties": False})


@pytest.mark.parametrize("path", LISTS)
def test_no_row_has_more_or_less_than_the_document_says(api, document, path):
    validator = strict_validator(document, LISTS[path])
    for row in api.get(path).json():
        assert list(validator.iter_errors(row)) == []


@pytest.mark.parametrize("kinds", objects.DETAILS)
def test_no_object_has_more_or_less_than_the_document_says(api, document, kinds):
    validator = strict_validator(document, objects.DETAILS[kinds][1])
    for row in api.get(f"/api/{kinds}").json()[:10]:
        found = api.get(f"/api/{kinds}/{row['name']}", {"namespace": row.get("namespace", "")})
        assert list(validator.iter_errors(found.json())) == []


def test_no_pod_of_a_deployment_has_more_or_less_than_the_document_says(api, document):
    validator = strict_validator(document, "OwnedPod")
    for row in api.get("/api/deployments/api-gateway/pods", {"namespace": "default"}).json():
        assert list(validator.iter_errors(row)) == []


def test_keys_sessions_and_loopback_are_described(document):
    assert document["components"]["securitySchemes"].keys() == {
        "apiKeyHeader",
        "apiKeyBearer",
        "apiKeyQuery",
        "cookie",
    }
    assert {} in document["paths"]["/api/pods"]["get"]["security"]


def test_the_document_says_nothing_of_where_it_runs(api, document):
    content = api.get("/openapi.json").content
    assert b"testserver" not in content
    assert b"://" not in content


@pytest.mark.parametrize(("address", "status"), [("127.0.0.1", 200), ("192.0.2.1", 401)])
def test_the_document_is_for_whom_we_know(api, address, status):
    assert api.get("/openapi.json", REMOTE_ADDR=address).status_code == status

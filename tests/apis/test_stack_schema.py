"""The OpenAPI document of stacks, and answers with what they really hold"""

import pytest
from django.utils.timezone import now
from jsonschema import Draft202012Validator

from orchestrator.models import StackBatch, StackBatchItem
from tests.apis.stack_calls import made

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def kept() -> dict:
    """Keep the document, which is the same for every test and takes a second to make."""
    return {}


@pytest.fixture
def document(api, kept) -> dict:
    if not kept:
        kept.update(api.get("/openapi.json").json())
    return kept


def faults(document: dict, path: str, found: dict) -> list[str]:
    """Return where an answer differs from the document, members that it does not name included."""
    responses = document["paths"][path]["get"]["responses"]
    schema = responses["200"]["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    whole = {**schema, "components": document["components"], "additionalProperties": False}
    return [error.message for error in Draft202012Validator(whole).iter_errors(found)]


@pytest.mark.parametrize("end", ["", "/status", "/manifest", "/events", "/logs", "/wait"])
def test_what_one_stack_answers_is_as_documented(stacks_api, demo, document, end):
    stack_id = made(stacks_api)["stack_id"]
    demo.tick(60)
    found = stacks_api.get(f"/stacks/{stack_id}{end}")
    assert found.status_code == 200
    assert faults(document, f"/stacks/{{stack_id}}{end}", found.json()) == []


@pytest.mark.parametrize("path", ["/stacks", "/stats", "/healthz"])
def test_what_all_stacks_answer_is_as_documented(stacks_api, document, path):
    made(stacks_api)
    assert faults(document, path, stacks_api.get(path).json()) == []


def test_what_a_job_answers_is_as_documented(stacks_api, document):
    job = StackBatch.objects.create(
        id="job-1", status="completed", actor="a", created_at=now(), updated_at=now()
    )
    StackBatchItem.objects.create(batch=job, position=0, stack_id="x", result="failed", error="why")
    found = stacks_api.get("/stacks/batch-delete/job-1").json()
    assert faults(document, "/stacks/batch-delete/{job_id}", found) == []


def test_one_stack_costs_few_queries(stacks_api, django_assert_max_num_queries):
    stack_id = made(stacks_api)["stack_id"]
    with django_assert_max_num_queries(3):
        assert stacks_api.get(f"/stacks/{stack_id}").status_code == 200

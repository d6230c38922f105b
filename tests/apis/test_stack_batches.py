"""apis.stack_batches: many stacks deleted by one call"""

import re

import pytest
from django.utils.timezone import now

from orchestrator.models import StackBatch, StackBatchItem
from tests.apis.reading import error_of
from tests.apis.stack_calls import post

pytestmark = pytest.mark.django_db
BATCHES = "/stacks/batch-delete"


def test_a_job_is_begun_and_can_be_watched(stacks_api):
    response = post(stacks_api, BATCHES, body={"STACK_IDS": [" a ", "b", "a"]})
    assert response.status_code == 202
    assert re.fullmatch(rb'\{"job_id":"job-[0-9a-f]{16}"\}', response.content)
    job = stacks_api.get(f"{BATCHES}/{response.json()['job_id']}").json()
    assert list(job) == [
        "job_id", "status", "total", "deleted", "not_found", "failed", "created_at", "updated_at"
    ]  # fmt: skip
    assert (job["status"], job["total"]) == ("queued", 2)


def test_what_failed_is_listed(stacks_api):
    job = StackBatch.objects.create(
        id="job-1", status="completed", actor="a", created_at=now(), updated_at=now()
    )
    StackBatchItem.objects.create(batch=job, position=0, stack_id="x", result="failed", error="why")
    found = stacks_api.get(f"{BATCHES}/job-1").json()
    assert list(found)[5:7] == ["failed", "errors"]
    assert found["errors"] == [{"stack_id": "x", "error": "why"}]


@pytest.mark.parametrize(
    ("body", "code", "error"),
    [
        ("", "invalid_json", "invalid json body"),
        ({"stack_ids": "a"}, "invalid_json", "invalid json body"),
        ({"stack_ids": {}}, "invalid_json", "invalid json body"),
        ({"stack_ids": ["a", 7]}, "invalid_json", "invalid json body"),
        ("null", "invalid_input", "invalid input"),
        ({}, "invalid_input", "invalid input"),
        ({"stack_ids": None}, "invalid_input", "invalid input"),
        ({"stack_ids": []}, "invalid_input", "invalid input"),
        ({"stack_ids": ["a", " "]}, "invalid_stack_ids", "invalid stack_ids"),
        ({"stack_ids": ["a", None]}, "invalid_stack_ids", "invalid stack_ids"),
    ],
)
def test_a_batch_that_makes_no_sense_is_refused(stacks_api, body, code, error):
    response = post(stacks_api, BATCHES, body=body)
    found = error_of(response)
    assert (response.status_code, found["code"], found["error"]) == (400, code, error)


def test_an_unknown_job_is_not_found(stacks_api):
    response = stacks_api.get(f"{BATCHES}/job-0")
    assert (response.status_code, error_of(response)["error"]) == (404, "job not found")


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_to_other_methods_it_is_the_id_of_a_stack_that_there_is_not(stacks_api, method):
    assert stacks_api.generic(method, BATCHES).status_code == 404


def test_a_repeated_batch_is_one_job(stacks_api):
    first, second = (
        post(stacks_api, BATCHES, body={"stack_ids": ["a"]}, **{"Idempotency-Key": "k"}) for _ in range(2)
    )
    assert first.json() == second.json()
    assert StackBatch.objects.count() == 1

"""dashboard.stack_batches"""

import pytest
from django.utils.timezone import now

from orchestrator.models import Stack, StackBatch, StackBatchItem
from orchestrator.services.stacks import batches
from tests.stack_rows import stack_row

pytestmark = pytest.mark.usefixtures("own_world")
MANY = "/dashboard/stacks/delete"
HTMX = {"HX-Request": "true"}


def body(answer) -> str:
    return " ".join(answer.content.decode().split())


@pytest.fixture
def signed_in(client, operator):
    client.force_login(operator)
    return client


def rows(number: int) -> list[str]:
    return [stack_row(f"stack-{place:02}", ports=(31001 + place,)).pk for place in range(number)]


def test_the_question_names_what_was_chosen_and_what_is_gone(signed_in):
    rows(3)
    answer = signed_in.get(f"{MANY}?stack_id=stack-00&stack_id=stack-02&stack_id=stack-99")
    html = body(answer)
    assert "Delete 2 stacks?" in html
    assert "1 more is gone already" in html
    assert 'value="stack-00 stack-02"' in html
    assert Stack.objects.count() == 3


def test_all_that_match_a_filter_can_be_chosen(signed_in):
    rows(2)
    stack_row("stack-bad", ports=(32000,), status="failed")
    assert signed_in.get(f"{MANY}?all=1&status=failed").context["ids"] == "stack-bad"
    assert signed_in.get(f"{MANY}?all=1").context["number"] == 3


def test_nothing_chosen_leads_back(signed_in):
    answer = signed_in.get(MANY)
    assert answer["Location"] == "/dashboard/stacks"
    assert "No stack was chosen" in body(signed_in.get("/dashboard/stacks"))


def test_a_job_begins_and_its_page_opens(signed_in):
    rows(2)
    answer = signed_in.post(MANY, {"stack_ids": "stack-00 stack-01"})
    job = StackBatch.objects.get()
    assert answer["Location"] == f"/dashboard/stacks/jobs/{job.pk}"
    html = body(signed_in.get(answer["Location"]))
    assert "Deleting 2 stacks" in html
    assert "0 of 2 are done" in html
    assert "stack-01" in html
    assert "Deleting 2 stacks" in body(signed_in.get("/dashboard/stacks"))


def test_more_than_ten_ask_for_their_number(signed_in):
    ids = " ".join(rows(11))
    refused = signed_in.post(MANY, {"stack_ids": ids, "confirm": "10"})
    assert refused.status_code == 422
    assert "That is not how many they are" in body(refused)
    assert not StackBatch.objects.exists()
    signed_in.post(MANY, {"stack_ids": ids, "confirm": "11"})
    assert StackBatchItem.objects.count() == 11


def test_no_ids_at_all_are_refused(signed_in):
    assert signed_in.post(MANY, {"stack_ids": " "}).status_code == 422


def test_a_job_that_is_over_says_how_each_stack_ended(signed_in, operator):
    job = StackBatch.objects.create(
        id="job-1", status="completed", actor="mara", created_at=now(), updated_at=now(), ended_at=now()
    )
    results = [("deleted", ""), ("not_found", ""), ("failed", "delete pod/service failed: <no answer>")]
    for position, (result, error) in enumerate(results):
        StackBatchItem.objects.create(
            batch=job, position=position, stack_id=f"stack-{position}", result=result, error=error
        )
    html = body(signed_in.get("/dashboard/stacks/jobs/job-1"))
    assert "Deleted 1 of 3 stacks" in html
    assert "1 deleted, 1 were gone already, 1 failed." in html
    assert "delete pod/service failed: &lt;no answer&gt;" in html
    assert 'aria-label="3 of 3 stacks are done"' in html
    assert "Deleted 1 of" not in body(signed_in.get("/dashboard/stacks"))


def test_a_job_is_paged_and_its_panel_is_sent_when_it_changed(signed_in, operator):
    caller_ids = [f"stack-{number}" for number in range(60)]
    signed_in.post(MANY, {"stack_ids": " ".join(caller_ids), "confirm": "60"})
    address = f"/dashboard/stacks/jobs/{StackBatch.objects.get().pk}"
    first = signed_in.get(address, headers=HTMX)
    assert len(first.context["rows"]) == 50
    assert len(signed_in.get(f"{address}?page=2").context["rows"]) == 10
    headers = {**HTMX, "If-None-Match": first.context["etag"]}
    assert signed_in.get(address, headers=headers).status_code == 204
    StackBatchItem.objects.filter(position=0).update(result="deleted")
    assert signed_in.get(address, headers=headers).status_code == 200


def test_an_unknown_job_is_404(signed_in):
    assert signed_in.get("/dashboard/stacks/jobs/job-no").status_code == 404


def test_a_viewer_follows_jobs_and_begins_none(client, viewer, operator):
    client.force_login(viewer)
    rows(1)
    assert client.get(f"{MANY}?stack_id=stack-00").status_code == 403
    assert client.post(MANY, {"stack_ids": "stack-00"}).status_code == 403
    StackBatch.objects.create(id="job-1", actor="mara", created_at=now(), updated_at=now())
    assert client.get("/dashboard/stacks/jobs/job-1").status_code == 200
    assert not StackBatchItem.objects.exists()
    assert len(batches.latest()) == 1

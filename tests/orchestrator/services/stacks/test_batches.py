"""orchestrator.services.stacks.batches: what is asked for, and how far it is"""

from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.errors import Refused
from orchestrator.models import AuditEvent, ControllerRun, StackBatch, StackBatchItem
from orchestrator.services import access
from orchestrator.services.access import Caller
from orchestrator.services.stacks import batches
from orchestrator.services.stacks.errors import InvalidBatch, InvalidStackIds, JobNotFound

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MARA = Caller("mara", access.scopes_of("operator"))


def ids_of(job):
    items = StackBatchItem.objects.filter(batch=job.job_id)
    return list(items.order_by("position").values_list("stack_id", flat=True))


def end(job, result, *, error="", number=None):
    items = StackBatchItem.objects.filter(batch=job.job_id, result="waiting").order_by("position")
    chosen = list(items.values_list("pk", flat=True)[:number])
    StackBatchItem.objects.filter(pk__in=chosen).update(result=result, error=error)


def test_a_job_is_written_down_before_anything_is_done(published):
    with published() as topics:
        job = batches.begin(MARA, ["stack-b", "stack-a"], at=NOON)
    assert (job.status, job.total, job.left, job.errors) == ("queued", 2, 2, ())
    assert (job.created_at, job.updated_at, job.actor, job.over) == (NOON, NOON, "mara", False)
    assert job.job_id.startswith("job-")
    assert len(job.job_id) == 20
    assert ids_of(job) == ["stack-b", "stack-a"]
    assert {"stacks", f"batch:{job.job_id}"} <= set(topics)
    assert ControllerRun.objects.get(name="stack-batch-delete").asked_at == NOON


def test_ids_are_trimmed_and_each_counts_once():
    job = batches.begin(MARA, [" b ", "a", "b", "\ta\n"], at=NOON)
    assert (job.total, ids_of(job)) == (2, ["b", "a"])


@pytest.mark.parametrize("ids", [[], None, ()])
def test_a_job_without_stacks_is_refused(ids):
    with pytest.raises(InvalidBatch, match="invalid input"):
        batches.begin(MARA, ids, at=NOON)


@pytest.mark.parametrize("bad", ["", "  ", None, 7])
def test_a_job_with_a_blank_id_is_refused_as_a_whole(bad):
    with pytest.raises(InvalidStackIds, match="invalid stack_ids"):
        batches.begin(MARA, ["stack-a", bad], at=NOON)
    assert not StackBatch.objects.exists()


def test_ids_that_no_database_stores_are_of_stacks_that_do_not_exist():
    job = batches.begin(MARA, ["a\0b", "\ud800", "x" * 5000], at=NOON)
    assert ids_of(job) == ["a\ufffdb", "\ufffd", "x" * 5000]


def test_many_stacks_are_written_with_few_statements(django_assert_max_num_queries):
    with django_assert_max_num_queries(30):
        assert batches.begin(MARA, [f"stack-{number}" for number in range(3000)], at=NOON).total == 3000


def test_who_may_only_read_deletes_nothing():
    with pytest.raises(Refused, match="stacks:write"):
        batches.begin(Caller("vera", access.scopes_of("viewer")), ["a"], at=NOON)


def test_the_audit_knows_who_asked_for_how_many():
    job = batches.begin(MARA, ["a", "b"], at=NOON)
    event = AuditEvent.objects.get()
    assert (event.actor, event.area, event.action) == ("mara", "stacks", "Delete stacks")
    assert (event.target, event.note) == (job.job_id, "2 stacks")


def test_a_job_tells_how_its_items_ended():
    begun = batches.begin(MARA, list("abcdef"), at=NOON)
    end(begun, "deleted", number=3)
    end(begun, "not_found", number=1)
    end(begun, "failed", number=1, error="delete pod/service failed: no answer")
    job = batches.job(begun.job_id)
    assert (job.total, job.deleted, job.not_found, job.failed, job.left) == (6, 3, 1, 1, 1)
    assert job.errors == (("e", "delete pod/service failed: no answer"),)


def test_the_first_hundred_errors_are_kept_in_the_order_of_the_request():
    begun = batches.begin(MARA, [f"stack-{number}" for number in range(150)], at=NOON)
    end(begun, "failed", error="x" * 512)
    job = batches.job(begun.job_id)
    assert (job.failed, len(job.errors)) == (150, 100)
    assert [name for name, _ in job.errors] == [f"stack-{number}" for number in range(100)]


@pytest.mark.parametrize("unknown", ["job-0", "", "job-\0", "\ud800", "x" * 300])
def test_an_unknown_job_is_not_found(unknown):
    with pytest.raises(JobNotFound, match="job not found"):
        batches.job(unknown)


def test_the_latest_jobs_come_first():
    made = [batches.begin(MARA, ["a"], at=NOON + timedelta(seconds=each)).job_id for each in range(4)]
    assert [job.job_id for job in batches.latest(3)] == made[:0:-1]


def test_jobs_are_forgotten_a_while_after_their_end(settings):
    old, new, open_ = (batches.begin(MARA, ["a"], at=NOON).job_id for _ in range(3))
    keep = settings.STACK_BATCH_JOB_RETENTION
    StackBatch.objects.filter(pk=old).update(ended_at=NOON)
    StackBatch.objects.filter(pk=new).update(ended_at=NOON + timedelta(hours=1))
    assert not batches.forget(NOON + keep + timedelta(minutes=1))
    assert set(StackBatch.objects.values_list("pk", flat=True)) == {new, open_}
    assert set(StackBatchItem.objects.values_list("batch_id", flat=True)) == {new, open_}

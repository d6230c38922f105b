"""Batch deletes at work: every stack of a job ends once, whatever happens to us"""

from datetime import timedelta

import pytest

from orchestrator.backends.cluster.port import Kind
from orchestrator.backends.errors import Invalid
from orchestrator.controllers import stack_batches, stacks
from orchestrator.models import Activity, AuditEvent, Lease, Stack, StackBatchItem, StackPort
from orchestrator.services import access, leases
from orchestrator.services.access import Caller
from orchestrator.services.leases import Held, LeaseLost
from orchestrator.services.stacks import batch_work, batches, removal
from tests.kills import Killed, life
from tests.stack_rows import NOON, stack_row

pytestmark = pytest.mark.django_db
MARA = Caller("mara", access.scopes_of("operator"))


@pytest.fixture(autouse=True)
def alone(settings):
    """Threads would not see what a test has not committed."""
    settings.STACK_BATCH_WORKERS = 1


@pytest.fixture
def three(cluster):
    """Give the ids of three stacks."""
    for number in range(3):
        cluster.add(stack_row(f"stack-{number}", ports=(31001 + number,), created_at=NOON))
    return [f"stack-{number}" for number in range(3)]


def run(at=NOON, *, rounds=20):
    """Let the controller go on until no job is left."""
    for _ in range(rounds):
        at = stack_batches.reconcile(at)
        if not batch_work.waiting():
            return
    raise AssertionError("jobs are left")


def results(job) -> list[str]:
    items = StackBatchItem.objects.filter(batch=job.job_id).order_by("position")
    return list(items.values_list("result", flat=True))


def test_the_stacks_of_a_job_are_deleted(cluster, three, published):
    begun = batches.begin(MARA, [*three, "stack-unknown"], at=NOON)
    with published() as topics:
        run()
    job = batches.job(begun.job_id)
    assert (job.status, job.deleted, job.not_found, job.failed) == ("completed", 3, 1, 0)
    assert job.errors == ()
    assert job.ended_at == job.updated_at >= NOON
    assert not Stack.objects.exists()
    assert not StackPort.objects.exists()
    assert cluster.names(Kind.PODS) | cluster.names(Kind.SERVICES) == set()
    assert topics.count(f"batch:{begun.job_id}") >= 5  # once for each item, and at the end


def test_counters_move_after_every_item(cluster, three):
    begun = batches.begin(MARA, three, at=NOON)
    seen = []
    cluster.before = lambda verb, plural, name: seen.append(batches.job(begun.job_id).deleted)
    run()
    assert sorted(set(seen)) == [0, 1, 2]


def test_what_fails_is_told_and_goes_on_without_the_job(cluster, three):
    begun = batches.begin(MARA, three, at=NOON)
    refused = Invalid("The pod is held. " + "x" * 600, service="kubernetes", status=422)
    cluster.fails("delete", "pods", name="stack-1", error=refused)
    run()
    job = batches.job(begun.job_id)
    assert (job.status, job.deleted, job.failed) == ("completed", 2, 1)
    # What the cluster said is for those who run it, and stands at the row.
    assert job.errors == (("stack-1", "delete pod/service failed: internal server error"),)
    assert Stack.objects.get().problem == refused.message[:500]
    assert StackPort.objects.count() == 1
    cluster.works()
    stacks.reconcile(NOON + timedelta(seconds=1))
    assert not Stack.objects.exists()
    assert batches.job(begun.job_id).failed == 1


def test_a_job_of_which_everything_fails_has_failed(cluster, three):
    begun = batches.begin(MARA, three, at=NOON)
    cluster.fails("delete", "services")
    run()
    job = batches.job(begun.job_id)
    assert (job.status, job.failed, len(job.errors)) == ("failed", 3, 3)
    assert Activity.objects.filter(text="deleted 0 of 3 stacks: 3 failed").get().level == "error"


def test_a_stack_counts_in_the_job_that_removed_it_and_in_no_other(cluster, three):
    first, second = (batches.begin(MARA, three, at=NOON + timedelta(seconds=each)) for each in range(2))
    run()
    found = [batches.job(each.job_id) for each in (first, second)]
    # Which of the two is first is not said: they were begun at the same moment.
    assert sum(each.deleted for each in found) == sum(each.not_found for each in found) == 3


def test_what_expired_or_was_deleted_before_is_not_found(cluster, three):
    Stack.objects.filter(pk="stack-0").update(expires_at=NOON)
    removal.want(Stack.objects.get(pk="stack-1"), Stack.Wanted.ABSENT, at=NOON)
    begun = batches.begin(MARA, three, at=NOON)
    run()
    assert results(begun) == ["not_found", "not_found", "deleted"]


@pytest.mark.django_db(transaction=True)
def test_a_process_that_is_killed_anywhere_is_followed_by_one_that_finishes(cluster, three):
    begun = batches.begin(MARA, three, at=NOON)
    number = 0
    while True:
        try:
            with life(cluster, number):
                stack_batches.reconcile(NOON)
            break
        except Killed:
            number += 1
    assert number > 10
    assert results(begun) == ["deleted"] * 3
    assert not StackPort.objects.exists()
    audited = AuditEvent.objects.filter(action="Delete").values_list("target", flat=True)
    assert sorted(audited) == [f"stack stack-{number}" for number in range(3)]


@pytest.mark.parametrize("by_reaper", [True, False])
def test_what_was_begun_counts_as_ours_whoever_finished_it(cluster, three, by_reaper):
    begun = batches.begin(MARA, three[:1], at=NOON)

    def dies(verb, plural, name):
        raise Killed

    cluster.before = dies
    with pytest.raises(Killed):
        stack_batches.reconcile(NOON)
    assert results(begun) == ["begun"]
    cluster.works()
    if by_reaper:
        stacks.reconcile(NOON)
        assert not Stack.objects.filter(pk="stack-0").exists()
    run()
    assert results(begun) == ["deleted"]


def test_many_jobs_are_done_in_the_order_of_their_beginning(cluster, three):
    jobs = [batches.begin(MARA, [each], at=NOON - timedelta(seconds=n)) for n, each in enumerate(three)]
    assert [row.pk for row in batch_work.waiting()] == [each.job_id for each in jobs[::-1]]
    stack_batches.reconcile(NOON)
    assert [results(each) for each in jobs] == [["deleted"]] * 3


def test_what_is_left_after_a_while_is_left_to_the_next_round(cluster, three, monkeypatch):
    monkeypatch.setattr(stack_batches, "SLICE", timedelta())
    begun = batches.begin(MARA, three, at=NOON)
    assert stack_batches.reconcile(NOON) == NOON + stack_batches.SOON
    assert results(begun) == ["waiting"] * 3


def test_with_nothing_to_do_it_rests(cluster):
    assert stack_batches.reconcile(NOON) == NOON + stack_batches.IDLE


def test_who_lost_the_lease_deletes_nothing(cluster, three):
    begun = batches.begin(MARA, three, at=NOON)
    Lease.objects.create(name="stack-batch-delete", owner="b", fence=2, expires_at=NOON, heartbeat_at=NOON)
    with leases.acting(Held("stack-batch-delete", "a", 1)), pytest.raises(LeaseLost):
        stack_batches.reconcile(NOON)
    assert results(begun) == ["waiting"] * 3
    assert Stack.objects.count() == 3


def test_an_error_that_nobody_thought_of_ends_its_item_alone(cluster, three, caplog):
    begun = batches.begin(MARA, three, at=NOON)

    def breaks(verb, plural, name):
        if "stack-1" in name:
            raise RuntimeError("surprise")

    cluster.before = breaks
    run()
    assert results(begun) == ["deleted", "failed", "deleted"]
    assert batches.job(begun.job_id).errors == (
        ("stack-1", "delete pod/service failed: internal server error"),
    )


@pytest.mark.django_db(transaction=True)
def test_two_jobs_at_one_moment_delete_each_stack_once(cluster, settings):
    settings.STACK_BATCH_WORKERS = 2
    ids = [f"stack-{number}" for number in range(8)]
    for number, each in enumerate(ids):
        cluster.add(stack_row(each, ports=(31001 + number,), created_at=NOON))
    jobs = [batches.begin(MARA, each, at=NOON) for each in (ids, ids[::-1])]
    run()
    found = [batches.job(each.job_id) for each in jobs]
    assert sum(each.deleted for each in found) == sum(each.not_found for each in found) == 8
    assert not Stack.objects.exists()

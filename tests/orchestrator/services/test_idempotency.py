"""orchestrator.services.idempotency"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection

from orchestrator.controllers import activity
from orchestrator.errors import InvalidInput
from orchestrator.models import KeptAnswer
from orchestrator.services import idempotency
from orchestrator.services.access import Caller
from orchestrator.services.idempotency import Answer, Call, Claim, KeyReused, UnderWay

AT = datetime(2026, 2, 10, 2, 0, tzinfo=UTC)
LONGEST = timedelta(seconds=60)
ONE = Caller("key one", frozenset(), key_id=1)
MADE = Answer(201, b'{"id":"x"}', {"Location": "/things/x"})


def nothing(_name: str) -> None:
    return None


CALL = Call(caller=ONE, route="POST /things", key="k", body=b"{}", longest=LONGEST, found=nothing)

pytestmark = pytest.mark.django_db


def begun(call: Call = CALL, *, at: datetime = AT) -> Claim:
    found = idempotency.claim(call, at=at)
    assert isinstance(found, Claim)
    return found


def test_a_repeated_call_gets_the_first_answer():
    idempotency.settle(begun(), MADE)
    assert idempotency.claim(CALL, at=AT + timedelta(hours=23)) == MADE


def test_another_body_under_the_same_key_is_refused():
    idempotency.settle(begun(), MADE)
    with pytest.raises(KeyReused) as caught:
        idempotency.claim(replace(CALL, body=b"[]"), at=AT)
    assert caught.value.code == "idempotency_key_reused"


def test_a_first_call_that_is_under_way_is_waited_for():
    begun()
    with pytest.raises(UnderWay) as caught:
        idempotency.claim(CALL, at=AT + LONGEST - timedelta(seconds=1))
    assert (caught.value.code, caught.value.retry_after) == ("conflict", 1)


@pytest.mark.parametrize(
    "more",
    [
        {"key": "other"},
        {"route": "POST /others"},
        {"caller": Caller("key one", frozenset(), key_id=2)},
        {"caller": Caller("API_KEY", frozenset())},
        {"caller": Caller("anonymous", frozenset(), anonymous=True, address="192.0.2.1")},
    ],
)
def test_keys_are_apart_by_caller_and_route(more):
    begun()
    assert isinstance(idempotency.claim(replace(CALL, **more), at=AT), Claim)


@pytest.mark.parametrize("status", [500, 503])
def test_a_failure_of_ours_may_be_tried_again(status):
    idempotency.settle(begun(), Answer(status, b"{}"))
    begun()


def test_a_refusal_is_an_answer():
    idempotency.settle(begun(), Answer(400, b"{}"))
    assert idempotency.claim(CALL, at=AT) == Answer(400, b"{}")


def test_what_was_released_may_be_tried_again():
    idempotency.release(begun())
    begun()


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_has_1_to_255_characters(key):
    with pytest.raises(InvalidInput):
        idempotency.claim(replace(CALL, key=key), at=AT)


def test_a_key_may_hold_any_255_characters():
    begun(replace(CALL, key="\udcff\0é" * 85))


def test_a_call_whose_process_died_is_taken_over_after_the_longest_time():
    begun()
    second = begun(at=AT + LONGEST)
    idempotency.settle(second, MADE)
    assert idempotency.claim(CALL, at=AT + LONGEST) == MADE


def test_of_a_call_whose_process_died_the_answer_is_what_it_made():
    idempotency.making(begun(), "x")
    known = {"x": MADE}
    assert idempotency.claim(replace(CALL, found=known.get), at=AT) == MADE
    assert idempotency.claim(CALL, at=AT) == MADE  # kept from then on


def test_what_is_not_decided_is_waited_for_however_long_it_takes():
    def undecided(_name):
        raise UnderWay

    idempotency.making(begun(), "x")
    with pytest.raises(UnderWay):
        idempotency.claim(replace(CALL, found=undecided), at=AT + 2 * LONGEST)
    begun(at=AT + 2 * LONGEST)  # Nothing came of it.


def test_who_was_replaced_neither_makes_nor_answers():
    first = begun()
    second = begun(at=AT + LONGEST)
    with pytest.raises(UnderWay):
        idempotency.making(first, "x")
    idempotency.settle(first, Answer(400, b""))
    idempotency.release(first)
    idempotency.settle(second, MADE)
    assert idempotency.claim(CALL, at=AT + LONGEST) == MADE


def test_after_a_day_a_key_is_as_new():
    idempotency.settle(begun(), MADE)
    later = AT + timedelta(hours=24)
    idempotency.settle(begun(replace(CALL, body=b"[]"), at=later), Answer(201, b"new"))
    assert idempotency.claim(replace(CALL, body=b"[]"), at=later) == Answer(201, b"new")


@pytest.mark.django_db(transaction=True)
def test_old_answers_are_pruned():
    begun()
    begun(replace(CALL, key="younger"), at=AT + timedelta(hours=1))
    activity.reconcile(AT + timedelta(hours=24))
    assert KeptAnswer.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_at_one_moment_one_may_go_on():
    many = 8
    gate = Barrier(many)

    def attempt(_number: int) -> bool:
        try:
            gate.wait(10)
            return isinstance(idempotency.claim(CALL, at=AT), Claim)
        except UnderWay:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(many) as pool:
        assert sum(pool.map(attempt, range(many))) == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_who_take_over_one_may_go_on():
    begun()
    many = 8
    gate = Barrier(many)

    def attempt(_number: int) -> bool:
        try:
            gate.wait(10)
            return isinstance(idempotency.claim(CALL, at=AT + LONGEST), Claim)
        except UnderWay:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(many) as pool:
        assert sum(pool.map(attempt, range(many))) == 1

"""apis.idempotency, where stacks are made"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.utils.timezone import now

from orchestrator.models import KeptAnswer, Stack
from orchestrator.services import idempotency, stacks
from orchestrator.services.stacks import creation, errors
from tests.apis.reading import error_of
from tests.apis.stack_calls import NEW, SPEC, post

pytestmark = pytest.mark.django_db(transaction=True)
KEY = {"Idempotency-Key": "order-17"}
REPLAY = "Idempotent-Replay"


def test_a_repeated_create_gets_the_first_answer(stacks_api):
    body = NEW | {"pod_spec": SPEC + "  nonsense: 1\n"}
    first, second = (post(stacks_api, body=body, **KEY) for _ in range(2))
    assert (second.status_code, second.content) == (201, first.content)
    assert second.headers[REPLAY] == "true"
    assert REPLAY not in first.headers
    for name in ("Location", "X-Pod-Spec-Warnings", "Content-Type", "X-Backend"):
        assert second.headers[name] == first.headers[name]
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]
    assert Stack.objects.count() == 1


def test_without_a_key_every_create_makes_one(stacks_api):
    assert post(stacks_api).json() != post(stacks_api).json()


def test_another_body_under_the_same_key_is_refused(stacks_api):
    post(stacks_api, **KEY)
    response = post(stacks_api, body=NEW | {"other": 1}, **KEY)
    assert (response.status_code, error_of(response)["code"]) == (409, "idempotency_key_reused")


def test_a_refusal_is_repeated(stacks_api):
    first, second = (post(stacks_api, body="{}", **KEY) for _ in range(2))
    assert (second.status_code, second.content) == (400, first.content)
    assert second.headers[REPLAY] == "true"


@pytest.mark.parametrize("error", [errors.ClusterSaturated(), RuntimeError("a mistake of ours")])
def test_a_failure_of_ours_may_be_tried_again(stacks_api, monkeypatch, error):
    def create(*_args, **_more):
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(stacks, "create", create)
        assert post(stacks_api, **KEY).status_code in (500, 503)
    assert post(stacks_api, **KEY).status_code == 201


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_has_1_to_255_characters(stacks_api, key):
    response = post(stacks_api, **{"Idempotency-Key": key})
    assert response.status_code == 400
    assert list(error_of(response)["fields"]) == ["Idempotency-Key"]


def test_a_key_is_looked_at_after_its_sender(api):
    assert post(api, **KEY).status_code == 401
    assert not KeptAnswer.objects.exists()


def test_of_many_at_one_moment_one_makes_a_stack(stacks_api):
    many = 6
    gate = Barrier(many)

    def create(_number: int) -> tuple[int, str]:
        try:
            gate.wait(10)
            response = post(stacks_api, **KEY)
            return response.status_code, response.headers.get("Retry-After", "")
        finally:
            connection.close()

    with ThreadPoolExecutor(many) as pool:
        answers = set(pool.map(create, range(many)))
    assert (201, "") in answers
    assert answers <= {(201, ""), (409, "1")}
    assert Stack.objects.count() == 1


class Killed(BaseException):
    """Ends a call as the death of its process does: nothing that would clean up is run."""


def killed_in(monkeypatch, client, place, name) -> None:
    """Create a stack, and die when a function is called."""

    def die(*_args, **_more):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(place, name, die)
        with pytest.raises(Killed):
            post(client, **KEY)


def test_who_died_before_answering_has_made_the_stack_all_the_same(stacks_api, monkeypatch):
    killed_in(monkeypatch, stacks_api, idempotency, "settle")
    response = post(stacks_api, **KEY)
    assert (response.status_code, response.headers[REPLAY]) == (201, "true")
    assert response.json()["stack_id"] == Stack.objects.get().pk
    assert response.headers["Location"] == f"/stacks/{Stack.objects.get().pk}"


def test_who_died_half_way_is_waited_for_until_that_is_undone(stacks_api, monkeypatch):
    killed_in(monkeypatch, stacks_api, creation, "_settle")
    old = now() - timedelta(hours=1)
    KeptAnswer.objects.update(begun_at=old)
    response = post(stacks_api, **KEY)
    assert (response.status_code, response.headers["Retry-After"]) == (409, "1")
    assert error_of(response)["code"] == "conflict"
    half = Stack.objects.get()
    stacks.removal.clean(half, at=now())
    stacks.removal.forget(half)
    assert post(stacks_api, **KEY).status_code == 201
    assert Stack.objects.exclude(pk=half.pk).count() == 1


def test_who_died_before_anything_was_made_is_replaced_after_a_while(stacks_api, monkeypatch, settings):
    killed_in(monkeypatch, stacks_api, creation, "_recorded")
    assert post(stacks_api, **KEY).status_code == 409
    longest = 2 * settings.STACK_SCHEDULING_TIMEOUT + timedelta(seconds=30)
    KeptAnswer.objects.update(begun_at=now() - longest)
    assert post(stacks_api, **KEY).status_code == 201


def test_who_was_replaced_makes_nothing(stacks_api, monkeypatch):
    original = creation._recorded

    def late(*args, **more):
        KeptAnswer.objects.update(run="another")
        return original(*args, **more)

    monkeypatch.setattr(creation, "_recorded", late)
    assert post(stacks_api, **KEY).status_code == 409
    assert not Stack.objects.exists()

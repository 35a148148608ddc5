"""Idempotency-Key: one effect and one answer, whatever is sent at the same time, again, or half-way."""

import json
import threading
from datetime import UTC, datetime

import pytest
from django.db import connection
from rest_framework.test import APIClient

from marketplace.core.audit import AuditEntry
from marketplace.core.errors import DomainError
from marketplace.core.http.idempotency import IdempotencyKeyRequiredError, IdempotencyKeyReusedError, once
from marketplace.core.models import IdempotencyKey, OutboxEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("probe_api")]
URL = "/api/v1/effects/"


def post(user, body=None, key="key-1", url=URL, **options):
    api = APIClient(raise_request_exception=options.pop("raise_request_exception", True))
    if user is not None:
        api.force_authenticate(user)
    headers = {} if key is None else {"Idempotency-Key": key}
    return api.post(url, body or {}, format="json", headers=headers | options.pop("headers", {}))


def effects():
    return AuditEntry.objects.count(), OutboxEvent.objects.count(), IdempotencyKey.objects.count()


def test_the_second_time_gives_the_stored_answer_and_does_nothing(person):
    first, second = post(person), post(person)

    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert second["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert second["ETag"] == '"1"'
    assert effects() == (1, 1, 1)


def test_members_may_come_in_another_order(person):
    assert post(person, {"a": 1, "b": 2}).json() == post(person, {"b": 2, "a": 1}).json()
    assert effects() == (1, 1, 1)


def test_another_body_or_object_with_the_same_key_is_422(person):
    post(person, {"a": 1}, url=f"{URL}1/")

    for refused in (post(person, {"a": 2}, url=f"{URL}1/"), post(person, {"a": 1}, url=f"{URL}2/")):
        assert refused.status_code == 422
        assert refused.json()["code"] == "idempotency_key_reused"
    assert effects() == (1, 1, 1)


def test_keys_belong_to_one_caller_and_one_route(person, django_user_model):
    other = django_user_model.objects.create_user("ben@example.com")

    answers = [post(person), post(other), post(person, url=f"{URL}1/")]

    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.json()["entry"] for answer in answers}) == 3


@pytest.mark.parametrize("key", [None, "", "x" * 256, "clé", "tab\there", "\x7f", "ключ"])
def test_a_missing_or_malformed_key_is_400(person, key):
    refused = post(person, key=key if key is None or key.isascii() else key.encode().decode("latin-1"))

    assert refused.status_code == 400
    assert refused.json()["code"] == "idempotency_key_required"
    assert effects() == (0, 0, 0)


@pytest.mark.parametrize("key", ["x", "x" * 255, "with space ~ and (signs)"])
def test_any_printable_key_up_to_255_is_taken(person, key):
    assert post(person, key=key).status_code == 201


def test_strangers_have_no_keys():
    assert post(None).status_code == 401
    assert effects() == (0, 0, 0)


def test_a_refusal_leaves_no_key_so_that_the_caller_may_try_again(person):
    refused = post(person, {"then": "refuse"})
    assert refused.status_code == 400
    assert effects() == (0, 0, 0)

    assert post(person, {"then": "succeed"}).status_code == 201
    assert effects() == (1, 1, 1)


def test_an_answer_that_is_no_success_is_not_kept_either(person):
    assert post(person, {"then": "answer 409"}).status_code == 409
    assert effects() == (0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_a_crash_rolls_everything_back(person, caplog):
    caplog.set_level("CRITICAL")

    crashed = post(person, {"then": "crash"}, raise_request_exception=False)

    assert crashed.status_code == 500
    assert effects() == (0, 0, 0)
    assert post(person).status_code == 201


def test_a_malformed_body_is_refused_before_the_key_is_taken(person):
    api = APIClient()
    api.force_authenticate(person)

    refused = api.generic("POST", URL, "{", content_type="application/json", headers={"Idempotency-Key": "key-1"})

    assert refused.status_code == 400
    assert effects() == (0, 0, 0)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_hundred_requests_with_one_key_have_one_effect_and_one_answer(person, together):
    def four(_number):
        return [(answer.status_code, answer.content) for answer in (post(person, {"n": 1}) for _ in range(4))]

    answers = [answer for batch in together(four, 25) for answer in batch]

    assert len(answers) == 100
    assert len({status for status, _ in answers}) == 1
    # Stored as JSON: the database may order members otherwise than the first answer did.
    assert len({frozenset(json.loads(content).items()) for _, content in answers}) == 1
    assert effects() == (1, 1, 1)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_duplicate_that_waits_longer_than_the_lock_timeout_is_409_with_retry_after(person):
    answers = {}
    started = threading.Event()

    def first():
        started.set()
        answers["first"] = post(person, {"then": "sleep", "seconds": 1.2})
        connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    started.wait(5)
    thread.join(0.3)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 200")

    duplicate = post(person, {"then": "sleep", "seconds": 1.2})

    assert duplicate.status_code == 409
    assert duplicate.json()["code"] == "idempotency_in_progress"
    assert int(duplicate["Retry-After"]) >= 1
    thread.join(10)
    assert answers["first"].status_code == 201
    again = post(person, {"then": "sleep", "seconds": 1.2})
    assert again.json() == answers["first"].json()
    assert effects() == (1, 1, 1)
    connection.close()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_duplicate_of_a_request_that_is_refused_gets_its_own_turn(person, together):
    answers = together(lambda _: post(person, {"then": "refuse"}).status_code, 10)

    assert answers == [400] * 10
    assert effects() == (0, 0, 0)


def test_a_stored_answer_is_as_old_as_its_key(person):
    before = datetime.now(UTC)
    post(person)

    stored = IdempotencyKey.objects.get()
    assert (stored.status, stored.caller, stored.route) == (201, person.pk, "POST api/v1/effects/")
    assert abs((stored.created_at - before).total_seconds()) < 5
    assert "X-Other" not in stored.headers


def test_a_form_is_carried_out_once_and_answered_alike(person):
    done = []

    def work():
        done.append(1)
        return {"number": len(done)}

    answers = [once(caller=person.pk, route="form", key="k", body={"a": 1}, work=work) for _time in range(2)]

    assert (answers, done) == ([{"number": 1}] * 2, [1])
    with pytest.raises(IdempotencyKeyReusedError):
        once(caller=person.pk, route="form", key="k", body={"a": 2}, work=work)
    once(caller=person.pk, route="another form", key="k", body={"a": 2}, work=work)
    assert len(done) == 2


def test_a_refused_form_may_come_again_with_its_key(person):
    def refuse():
        raise DomainError

    with pytest.raises(DomainError):
        once(caller=person.pk, route="form", key="k", body=None, work=refuse)
    assert not IdempotencyKey.objects.exists()

    assert once(caller=person.pk, route="form", key="k", body=None, work=lambda: "done") == "done"


@pytest.mark.parametrize("key", ["", "x" * 256, "clé", "a\nb"], ids=["empty", "long", "not ASCII", "two lines"])
def test_a_form_without_a_usable_key_does_nothing(person, key):
    with pytest.raises(IdempotencyKeyRequiredError):
        once(caller=person.pk, route="form", key=key, body=None, work=lambda: pytest.fail("it was done"))

"""Several workers at one queue, on PostgreSQL's row locks: nobody is told twice, no free unit is told of twice."""

from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from marketplace.core.outbox.models import OutboxEvent
from promotions.flash.models import WaitlistPlace
from promotions.flash.services import waitlist
from promotions.flash.services.claims import reserve_unit
from promotions.flash.services.planning import end_promo
from promotions.flash.services.waitlist import join_waitlist, leave_waitlist, tell_due_promos

from .factories import let_lapse, make_customer, make_promo, make_variant

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

WORKERS = 6
ROUNDS = 8


def told() -> list[str]:
    payloads = OutboxEvent.objects.filter(wire_name="promotions.unit_freed").values_list("payload", flat=True)
    return [payload["customer_id"] for payload in payloads]


def freed(units: int, people: int) -> tuple[Any, list[Any]]:
    """A promotion all of whose units have just lapsed, and the people in line."""
    promo = make_promo(make_variant(on_hand=units), units=units)
    cards = [reserve_unit(promo_id=promo.pk, customer_id=make_customer().pk).card for _ in range(units)]
    line = [make_customer() for _ in range(people)]
    for each in line:
        join_waitlist(promo_id=promo.pk, customer_id=each.pk)
    for card in cards:
        let_lapse(card.reservation_id)
    return promo, line


def raise_any(answers: list[Any]) -> list[Any]:
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return answers


def test_two_workers_at_once_tell_nobody_twice_and_one_for_each_unit(together):
    for _round in range(ROUNDS):
        OutboxEvent.objects.all().delete()
        _promo, line = freed(units=2, people=5)

        counts = raise_any(together(lambda _number: tell_due_promos(at=timezone.now()), WORKERS))

        assert sum(counts) == 2
        assert sorted(told()) == sorted(str(each.pk) for each in line[:2])


def test_without_the_queues_lock_the_constraint_still_refuses_a_second_notice(together, monkeypatch):
    """The control: with the lock gone workers do meet, and the database lets one of them through."""
    monkeypatch.setattr(waitlist, "lock", lambda _rank, rows: list(rows))
    met = 0

    for _round in range(20):
        OutboxEvent.objects.all().delete()
        freed(units=1, people=4)
        answers = together(lambda _number: tell_due_promos(at=timezone.now()), WORKERS)
        met += sum(isinstance(answer, IntegrityError) for answer in answers) + max(0, len(told()) - 1)
        assert WaitlistPlace.objects.open().filter(told_until__isnull=False, promo__places__isnull=False).exists()
        WaitlistPlace.objects.all().delete()
        if met:
            break

    assert met > 0


def test_joining_twice_at_once_is_one_place(together):
    promo, customer = make_promo(), make_customer()

    joined = raise_any(together(lambda _number: join_waitlist(promo_id=promo.pk, customer_id=customer.pk), WORKERS))

    assert [each.is_new for each in joined].count(True) == 1
    assert WaitlistPlace.objects.count() == 1


def test_joining_leaving_and_the_end_at_once_leave_no_place_open(together):
    for _round in range(ROUNDS):
        promo, people = make_promo(), [make_customer() for _ in range(4)]

        def act(number: int, promo: Any = promo, people: list[Any] = people) -> Any:
            if number == 0:
                return end_promo(promo_id=promo.pk, actor_id=None, at=timezone.now())
            if number == 1:
                return leave_waitlist(promo_id=promo.pk, customer_id=people[0].pk)
            return join_waitlist(promo_id=promo.pk, customer_id=people[number - 2].pk)

        together(act, 6)

        assert not WaitlistPlace.objects.open().filter(promo=promo).exists()

"""Two people pin at one instant: one is refused, nobody waits for ever."""

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.core.tests.standoff import Standoff
from promotions.exposure.errors import PinOverlapsError
from promotions.exposure.models import Pin
from promotions.exposure.services import pins
from promotions.exposure.services.pins import PinTerms, change_pin, create_pin, delete_pin

from .factories import make_pin, make_products

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def pinned(product, position=1) -> Pin:
    terms = PinTerms("home", product.pk, position, timezone.now() - timedelta(hours=1))
    return create_pin(terms=terms, actor_id=None)


def test_of_two_for_one_place_the_second_sees_the_first(monkeypatch):
    first, second = make_products(2)

    answers = Standoff(monkeypatch, pins, "_refuse_overlap").run(lambda: pinned(first), lambda: pinned(second))

    assert [type(each) for each in answers] == [Pin, PinOverlapsError]
    assert Pin.objects.count() == 1


def test_without_the_queue_the_second_does_not_wait_and_sees_nothing(monkeypatch):
    """The control: what the test above sees is the queue's doing. (The first one is told that nobody waits for it.)"""
    monkeypatch.setattr(pins, "_one_at_a_time", lambda: None)
    first, second = make_products(2)

    answers = Standoff(monkeypatch, pins, "_refuse_overlap").run(lambda: pinned(first), lambda: pinned(second))

    assert [type(each) for each in answers] == [AssertionError, Pin]


def test_who_moves_one_pin_and_who_deletes_another_do_not_stand_against_each_other(monkeypatch):
    moved, deleted = (make_pin(product, place) for place, product in enumerate(make_products(2), start=1))

    answers = Standoff(monkeypatch, pins, "_locked").run(
        lambda: change_pin(pin_id=moved.pk, changes={"position": 5}, actor_id=None),
        lambda: delete_pin(pin_id=deleted.pk, actor_id=None),
    )

    assert isinstance(answers[0], Pin)
    assert answers[1] is None
    assert Pin.objects.get().position == 5

"""From a promotion that starts to the inbox of everybody it concerns."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from marketplace.core.ids import NIL
from marketplace.core.outbox.relay import drain
from notifications.audiences import services as fan_outs
from notifications.audiences.models import FanOut
from notifications.delivery.tasks import send_due
from notifications.inbox.models import InboxItem, Message
from notifications.inbox.rendering import render
from promotions import facade as promotions
from promotions.flash.tests.factories import ZOCALO, make_promo
from users.customers.tests.factories import SegmentFactory, make_customer

pytestmark = pytest.mark.django_db
FAR = (20.0, -99.0)


def neighbour(**values):
    return make_customer(latitude=ZOCALO[0], longitude=ZOCALO[1], **values)


def told() -> set[UUID]:
    return set(InboxItem.objects.values_list("customer", flat=True))


def forget_progress(promo_id) -> FanOut:
    """As if the worker had died before its first chunk, a minute ago."""
    InboxItem.objects.all().delete()
    FanOut.objects.filter(promo_id=promo_id).update(
        finished_at=None, told_up_to=NIL, told_count=0, started_at=timezone.now() - timedelta(minutes=1)
    )
    return FanOut.objects.get(promo_id=promo_id)


def test_promotion_that_starts_is_told_to_those_it_concerns_in_their_language():
    gold = SegmentFactory()
    near, speaks_english = neighbour(segments=[gold]), neighbour(segments=[gold], profile={"language": "en"})
    neighbour()
    make_customer(latitude=FAR[0], longitude=FAR[1], segments=[gold])

    promo = make_promo(segment_ids=[gold.pk])
    drain()

    assert told() == {near.pk, speaks_english.pk}
    message = Message.objects.get()
    card = promotions.promo_card(promo.pk)
    assert message.params["promo"] == str(promo.pk)
    assert card.product_name in render(message, "en").title
    assert "199.00 MXN" in render(message, "es").body
    assert card.store_name in render(message, "es").body


def test_promotion_without_radius_and_segments_is_told_to_everybody_with_or_without_a_place():
    everybody = {make_customer(latitude=FAR[0], longitude=FAR[1]).pk, make_customer().pk}

    make_promo(radius_km=None)
    drain()

    assert everybody <= told()


def test_two_promotions_on_one_day_are_one_notification():
    customer = neighbour()

    make_promo()
    make_promo()
    drain()

    assert InboxItem.objects.filter(customer=customer.pk).count() == 1


def test_tick_goes_on_where_a_worker_died():
    customers = {neighbour().pk for _ in range(3)}
    promo = make_promo()
    drain()
    run = forget_progress(promo.pk)

    send_due()
    send_due()

    assert told() == customers
    run.refresh_from_db()
    assert run.told_count == 3
    assert run.finished_at is not None


def test_tick_leaves_a_fan_out_alone_that_has_just_begun():
    neighbour()
    promo = make_promo()
    drain()
    forget_progress(promo.pk)
    FanOut.objects.update(started_at=timezone.now())

    assert fan_outs.resume_fan_outs(at=timezone.now()) == 0
    assert told() == set()


def test_nobody_is_told_of_a_promotion_that_is_over():
    neighbour()
    promo = make_promo()
    drain()
    run = forget_progress(promo.pk)

    assert fan_outs.resume_fan_outs(at=promo.ends_at) == 0

    assert told() == set()
    run.refresh_from_db()
    assert run.finished_at == promo.ends_at


def test_one_audience_that_cannot_be_told_does_not_stop_the_others():
    neighbour()
    broken, healthy = make_promo(), make_promo()
    drain()
    for promo in (broken, healthy):
        forget_progress(promo.pk)
    FanOut.objects.filter(promo_id=broken.pk).update(rule={"segments": "what is this"})

    assert fan_outs.resume_fan_outs(at=timezone.now()) == 1
    assert FanOut.objects.get(promo_id=broken.pk).finished_at is None
    assert FanOut.objects.get(promo_id=healthy.pk).finished_at is not None

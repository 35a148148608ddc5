"""From the inbox to the sums, one batch after the other."""

import math
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection

from promotions.engagement import decay
from promotions.engagement.models import (
    ActorHour,
    CustomerInterest,
    DeadEvent,
    EngagementEvent,
    EngagementHourly,
    EngagementPolicy,
    EventBatch,
    EventDrain,
    EventKind,
    ProductSignal,
    TouchedDay,
)
from promotions.engagement.services.draining import Drained, drain_events, drain_once
from promotions.engagement.services.restoring import restore_suspects

from .factories import NOON, inbox_event, make_product, place_of, put

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
BUCKET = decay.hour_of(NOON)


def hour(product_id, kind):
    return EngagementHourly.objects.get(bucket=BUCKET, product_id=product_id, kind=kind)


def test_an_event_is_counted_once_however_often_it_is_said():
    product = uuid4()
    event = inbox_event(product, EventKind.CLICK)
    put(event, event, inbox_event(product, EventKind.CLICK))
    put(event)

    first = drain_events(at=NOON)
    put(event)
    again = drain_events(at=NOON)

    assert (first, again) == (Drained(events=2, repeats=2), Drained(repeats=1))
    assert hour(product, EventKind.CLICK).count == 2
    assert EventBatch.objects.count() == 0
    assert list(EventDrain.objects.order_by("pk").values_list("events_count", "repeats_count")) == [(2, 2), (0, 1)]


def test_an_event_keeps_all_that_was_said():
    product, customer, exposure = uuid4(), uuid4(), uuid4()
    said = inbox_event(product, exposure=exposure.hex, position=4, metadata={"página": ["ñ", 1, None]})
    put(said, customer=customer)

    drain_events(at=NOON)

    event = EngagementEvent.objects.get()
    assert (event.product_id, event.customer_id, event.actor) == (product, customer, customer)
    assert (event.exposure_id, event.position, event.metadata) == (exposure, 4, {"página": ["ñ", 1, None]})
    assert (event.occurred_at, event.at, event.received_at) == (NOON, NOON, NOON + timedelta(seconds=2))
    assert event.drain_id == EventDrain.objects.get().pk
    assert (event.quantity, event.amount_minor, event.is_suspect) == (1, 0, False)


def test_three_views_an_actor_and_hour_count_for_popularity_across_drains():
    product, actor = uuid4(), uuid4()
    for views in (2, 3):
        put(*[inbox_event(product) for _ in range(views)], actor=actor)
        drain_events(at=NOON)
    put(inbox_event(product, at=NOON + HOUR), actor=actor)
    put(inbox_event(product))
    drain_events(at=NOON)

    row = hour(product, EventKind.VIEW)
    assert (row.count, row.counted) == (6, 4)
    assert EngagementHourly.objects.get(bucket=BUCKET + HOUR).counted == 1
    assert sorted(ActorHour.objects.values_list("views", flat=True)) == [1, 1, 5]


def test_a_signal_is_the_decayed_sum_of_what_counts():
    product = uuid4()
    EngagementPolicy.objects.create(half_life_hours=1)
    put(
        inbox_event(product),
        inbox_event(product, EventKind.CLICK, exposure=place_of(product).pk.hex),
        inbox_event(product, EventKind.CLICK),
        inbox_event(product, EventKind.ADD_TO_CART),
        inbox_event(product, EventKind.PURCHASE, quantity=3, amount=100),
        inbox_event(product, EventKind.IMPRESSION, exposure=uuid4().hex),
        inbox_event(product, at=NOON + HOUR),
    )

    drain_events(at=NOON)

    signal = ProductSignal.objects.get()
    assert signal.moment == BUCKET + HOUR
    assert signal.weight == pytest.approx((1 + 2 * 3 + 8 + 20) / 2 + 1)
    assert [signal.impressions, signal.clicks] == pytest.approx([0.5, 0.5])
    row = hour(product, EventKind.PURCHASE)
    assert (row.count, row.quantity, row.amount_minor) == (1, 3, 100)


def test_late_events_come_to_the_same_sum():
    early, late = uuid4(), uuid4()
    moments = [NOON - timedelta(hours=hours) for hours in (0, 70, 3, 30, 5)]
    for moment in moments:
        put(inbox_event(early, EventKind.CLICK, at=moment))
        drain_events(at=NOON)
    put(*[inbox_event(late, EventKind.CLICK, at=moment) for moment in reversed(moments)])
    drain_events(at=NOON)

    one, other = ProductSignal.objects.get(pk=early), ProductSignal.objects.get(pk=late)
    assert one.moment == other.moment == BUCKET
    assert one.weight == pytest.approx(other.weight, rel=1e-12)


def test_a_product_that_was_idle_for_years_does_not_break_a_batch():
    product = uuid4()
    long_ago = NOON - timedelta(days=4000)
    ProductSignal.objects.create(product_id=product, weight=1e6, impressions=5, clicks=1, moment=long_ago)
    ahead = uuid4()
    ProductSignal.objects.create(product_id=ahead, weight=2, moment=NOON + timedelta(days=40_000))
    put(inbox_event(product, EventKind.CLICK), inbox_event(ahead, EventKind.CLICK))

    drain_events(at=NOON)

    signal = ProductSignal.objects.get(pk=product)
    assert signal.weight == pytest.approx(3 + 1e6 * math.exp(-40))
    assert ProductSignal.objects.get(pk=ahead).weight == pytest.approx(2)


def test_interests_are_of_the_products_own_category_and_of_customers_alone():
    product, customer = make_product(), uuid4()
    put(*[inbox_event(product.pk) for _ in range(5)], customer=customer)
    put(inbox_event(product.pk, EventKind.ADD_TO_CART), inbox_event(uuid4(), EventKind.CLICK), customer=customer)
    put(inbox_event(product.pk, EventKind.IMPRESSION), customer=uuid4())
    put(inbox_event(product.pk, EventKind.CLICK))

    drain_events(at=NOON)

    interest = CustomerInterest.objects.get()
    assert (interest.customer_id, interest.category_id) == (customer, product.category_id)
    assert interest.weight == pytest.approx(3 * 1 + 8)
    assert interest.moment == BUCKET


def test_suspects_are_kept_and_count_when_staff_restore_them_exactly_once():
    product, actor = uuid4(), uuid4()
    put(*[inbox_event(product) for _ in range(5)], actor=actor, is_suspect=True)
    put(inbox_event(product), actor=actor)
    drain_events(at=NOON)
    before = hour(product, EventKind.VIEW)
    ids = list(EngagementEvent.objects.values_list("pk", flat=True))

    restored = [restore_suspects(event_ids=ids, actor_id=None, at=NOON) for _ in range(2)]

    after = hour(product, EventKind.VIEW)
    assert ((before.count, before.counted), (after.count, after.counted)) == ((1, 1), (6, 3))
    assert restored == [5, 0]
    assert ProductSignal.objects.get().weight == pytest.approx(3)
    assert list(EventDrain.objects.order_by("pk").values_list("events_count", flat=True)) == [6, 5]
    assert EngagementEvent.objects.filter(drain_id=EventDrain.objects.latest("pk").pk, is_suspect=False).count() == 5


def test_the_days_it_touched_are_marked():
    product = uuid4()
    put(inbox_event(product, at=NOON - timedelta(hours=13)), inbox_event(product), is_suspect=True)

    drain_events(at=NOON)

    assert [str(day) for day in TouchedDay.objects.order_by("day").values_list("day", flat=True)] == [
        "2026-03-09",
        "2026-03-10",
    ]


def test_one_drain_takes_the_oldest_batches():
    for _ in range(3):
        put(inbox_event(uuid4()))

    assert drain_once(at=NOON, batches=2) == Drained(events=2)
    assert drain_once(at=NOON, batches=2) == Drained(events=1)
    assert drain_once(at=NOON, batches=2) is None


@pytest.mark.parametrize(
    "broken",
    [
        {"at": "no moment"},
        {"kind": 70_000},
        {"kind": "view"},
        {"product": None},
        {"product": "no product"},
        {"position": -1},
        {"quantity": 3_000_000_000},
    ],
    ids=str,
)
def test_an_event_that_cannot_be_counted_is_set_aside_alone(broken):
    product = uuid4()
    events = [inbox_event(product, EventKind.CLICK) for _ in range(9)]
    events[4] |= broken
    put(*events)
    for _ in range(5):
        put(inbox_event(product, EventKind.CLICK))

    drained = drain_events(at=NOON)

    assert drained == Drained(events=13, dead=1)
    assert hour(product, EventKind.CLICK).count == 13
    dead = DeadEvent.objects.get()
    assert dead.event == events[4]
    assert dead.reason
    assert EventBatch.objects.count() == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_what_takes_too_long_at_once_is_counted_in_smaller_parts():
    for _number in range(32):
        put(inbox_event(uuid4(), EventKind.CLICK))
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION slow_event() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN PERFORM pg_sleep(0.05); RETURN NEW; END'"
        )
        cursor.execute(
            f"CREATE TRIGGER slow BEFORE INSERT ON {EngagementEvent._meta.db_table} "
            "FOR EACH ROW EXECUTE FUNCTION slow_event()"
        )
        cursor.execute("SET statement_timeout = 1000")
    try:
        # The time is up after the first transaction: that one gets through all the same.
        drained = drain_events(at=NOON, batches=32, is_time_up=lambda: EventBatch.objects.count() < 32)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION slow_event() CASCADE")
            cursor.execute("RESET statement_timeout")

    assert drained == Drained(events=4)
    assert EventBatch.objects.count() == 28

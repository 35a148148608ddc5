"""Days, replays, retention, erasure, purchases: what stands on counted events."""

from datetime import date, timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from marketplace.core.erasure import erase_person
from marketplace.core.models import AuditEntry
from promotions.contracts import DayFunnelRow, PurchasedLine
from promotions.engagement import retention
from promotions.engagement.models import (
    ActorHour,
    CustomerEngagementDaily,
    CustomerInterest,
    DayFunnel,
    EngagementEvent,
    EngagementHourly,
    EngagementPolicy,
    EventBatch,
    EventKind,
    ProductEngagementDaily,
    ProductSignal,
    TouchedDay,
)
from promotions.engagement.selectors import funnel
from promotions.engagement.services.days import rebuild_days
from promotions.engagement.services.draining import drain_events
from promotions.engagement.services.purchases import record_purchases
from promotions.engagement.services.replaying import replay_signals
from purchases.checkout.tests.factories import bought, shopper
from purchases.orders.services.counting import count_purchases
from users.customers.tests.factories import make_customer

from .factories import NOON, inbox_event, make_product, put

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 10)
HOUR = timedelta(hours=1)


def table(model, *names):
    return sorted(model.objects.values_list(*names))


def test_days_are_the_platforms_and_made_anew_twice_is_once():
    product, customer, other = uuid4(), uuid4(), uuid4()
    midnight = NOON.replace(hour=6, minute=0)  # in Mexico City
    put(
        inbox_event(product, at=midnight),
        inbox_event(product, EventKind.CLICK, at=midnight),
        inbox_event(product, EventKind.IMPRESSION, at=midnight + timedelta(hours=23, minutes=59)),
        inbox_event(product, EventKind.PURCHASE, quantity=3, at=midnight),
        customer=customer,
    )
    put(inbox_event(product, at=midnight - timedelta(seconds=1)), inbox_event(product), actor=other)
    put(inbox_event(product), is_suspect=True)
    drain_events(at=NOON)

    first = rebuild_days(at=NOON)
    TouchedDay.objects.create(day=DAY, touched_at=NOON)
    again = rebuild_days(at=NOON)

    assert (first, again) == ([DAY - timedelta(days=1), DAY], [DAY])
    columns = ("day", "impressions", "views", "clicks", "carts", "purchases")
    assert table(ProductEngagementDaily, *columns, "units", "actors") == [
        (DAY - timedelta(days=1), 0, 1, 0, 0, 0, 0, 1),
        (DAY, 1, 2, 1, 0, 1, 3, 2),
    ]
    assert table(CustomerEngagementDaily, "customer_id", *columns) == [(customer, DAY, 1, 1, 1, 0, 1)]
    assert funnel(DAY, DAY) == [DayFunnelRow(DAY, 1, 2, 1, 0, 1, 2, 1, 0, 1, 1)]
    assert not TouchedDay.objects.exists()


def test_a_day_that_was_touched_meanwhile_stays_touched():
    put(inbox_event(uuid4()))
    drain_events(at=NOON)
    TouchedDay.objects.update(touched_at=NOON)
    looked = list(TouchedDay.objects.values_list("day", "touched_at"))

    put(inbox_event(uuid4()))
    drain_events(at=NOON + HOUR)

    assert not TouchedDay.objects.filter(day=looked[0][0], touched_at=looked[0][1]).exists()
    rebuild_days(at=NOON)
    assert DayFunnel.objects.get().views == 2


def test_a_day_that_was_touched_twice_at_one_moment_or_by_a_clock_that_went_back_stays_touched():
    for moment in (NOON, NOON, NOON - HOUR):
        looked = list(TouchedDay.objects.values_list("touched_at", flat=True))
        put(inbox_event(uuid4()))
        drain_events(at=moment)

        assert not TouchedDay.objects.filter(touched_at__in=looked).exists()


def test_a_day_whose_events_are_gone_keeps_its_sums(settings):
    settings.EVENTS_KEPT_DAYS = 30
    DayFunnel.objects.create(day=DAY, views=7)
    TouchedDay.objects.create(day=DAY, touched_at=NOON)

    assert rebuild_days(at=NOON + timedelta(days=31)) == []
    assert DayFunnel.objects.get().views == 7
    assert not TouchedDay.objects.exists()


def test_events_go_day_by_day_and_sums_stay(settings):
    settings.EVENTS_KEPT_DAYS = 30
    for hours in (-13, 0, 6):
        put(inbox_event(uuid4(), at=NOON + timedelta(hours=hours)))
    drain_events(at=NOON)

    assert retention.forget_old(NOON + timedelta(days=30)) == 3 + 1
    assert EngagementEvent.objects.count() == 2
    retention.forget_old(NOON + timedelta(days=31))
    assert not EngagementEvent.objects.exists()
    assert EngagementHourly.objects.count() == 3
    assert not ActorHour.objects.exists()


@pytest.mark.parametrize("half_life", [1.0, 24.0, 168.0, None])
def test_a_replay_comes_to_what_counting_one_by_one_came_to(half_life):
    products, customers = [make_product().pk for _ in range(3)], [uuid4(), uuid4()]
    EngagementPolicy.objects.create(half_life_hours=half_life or 168.0)
    for number in range(60):
        kind = EventKind(number % 5 + 1)
        moment = NOON - timedelta(hours=number * 7 % 70)
        put(
            *[inbox_event(products[number % 3], kind, at=moment, exposure=uuid4().hex) for _ in range(number % 4 + 1)],
            customer=customers[number % 2] if number % 3 else None,
        )
        if number % 7 == 0:
            drain_events(at=NOON)
    drain_events(at=NOON)
    counted = signals(), interests()

    replayed = replay_signals()

    assert (replayed.signals, replayed.interests) == (3, len(counted[1]))
    for before, after in zip(counted, (signals(), interests()), strict=True):
        assert before.keys() == after.keys()
        for key, numbers in before.items():
            assert after[key] == pytest.approx(numbers, rel=1e-9)


def signals():
    rows = ProductSignal.objects.values_list("product_id", "weight", "impressions", "clicks", "moment")
    return {row[0]: [*row[1:4], row[4].timestamp()] for row in rows}


def interests():
    rows = CustomerInterest.objects.values_list("customer_id", "category_id", "weight", "moment")
    return {row[:2]: [row[2], row[3].timestamp()] for row in rows}


def test_another_half_life_is_as_if_it_had_always_been():
    product = uuid4()
    put(inbox_event(product, EventKind.CLICK, at=NOON - HOUR), inbox_event(product, EventKind.CLICK))
    drain_events(at=NOON)
    out = StringIO()

    call_command("replay_signals", "--half-life", "1", stdout=out)

    assert ProductSignal.objects.get().weight == pytest.approx(4.5)
    assert EngagementPolicy.objects.get().half_life_hours == 1
    assert out.getvalue() == "1 signals, 0 interests\n"
    assert AuditEntry.objects.get(action="promotions.set_engagement_policy").before["half_life_hours"] == 168
    with pytest.raises(CommandError):
        call_command("replay_signals", "--half-life", "0.5")


def test_a_person_who_leaves_takes_the_trail_along_and_the_sums_stay():
    person, product = make_customer(), make_product()
    said = [inbox_event(product.pk, kind, metadata={"a": 1}) for kind in EventKind]
    put(*said, customer=person.pk)
    put(inbox_event(product.pk), customer=uuid4())
    drain_events(at=NOON)
    rebuild_days(at=NOON)
    before = table(ProductEngagementDaily, "views", "clicks", "actors"), table(DayFunnel, "views", "view_actors")
    put(inbox_event(product.pk, EventKind.CLICK), customer=person.pk)

    erase_person(person.pk)

    for model in (CustomerInterest, CustomerEngagementDaily, EngagementEvent, EventBatch):
        assert not model.objects.filter(customer_id=person.pk).exists()
    assert not ActorHour.objects.filter(actor=person.pk).exists()
    assert not EngagementEvent.objects.filter(actor=person.pk).exists()
    assert all(event.metadata == {} for event in EngagementEvent.objects.filter(customer_id__isnull=True))
    TouchedDay.objects.create(day=DAY, touched_at=NOON)
    rebuild_days(at=NOON)
    after = table(ProductEngagementDaily, "views", "clicks", "actors"), table(DayFunnel, "views", "view_actors")
    assert after == before
    put(*said, customer=person.pk)
    assert drain_events(at=NOON).events == 1  # the click that waited; what was sent again is known


def test_a_paid_order_is_a_purchase_of_its_products_once():
    customer = shopper(100_000)
    order = bought(customer, 2)
    line = order.lines.get()
    again = [PurchasedLine(line.pk, line.variant.product_id, line.quantity, line.total_minor)]
    record_purchases(order_id=order.pk, customer_id=customer.pk, lines=again, at=order.placed_at)

    drain_events(at=order.placed_at)

    event = EngagementEvent.objects.get()
    assert (event.kind, event.product_id, event.customer_id) == (
        EventKind.PURCHASE, line.variant.product_id, customer.pk,
    )  # fmt: skip
    assert (event.quantity, event.amount_minor, event.at) == (2, line.total_minor, order.placed_at)
    assert event.metadata == {"order": str(order.pk)}


def test_an_order_in_another_currency_is_a_purchase_without_an_amount():
    order = bought(shopper(100_000), 1)
    order.currency = "USD"
    EventBatch.objects.all().delete()

    count_purchases(order, [PurchasedLine(uuid4(), uuid4(), 2, 5_000)], at=NOON)

    drain_events(at=NOON)
    assert list(EngagementEvent.objects.values_list("quantity", "amount_minor")) == [(2, 0)]


def test_an_order_of_nothing_is_no_purchase():
    record_purchases(order_id=uuid4(), customer_id=uuid4(), lines=[], at=NOON)

    assert not EventBatch.objects.exists()

"""Successful orders are counted exactly once, and a count that went wrong is found and set right."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from marketplace.core.audit import AuditEntry
from marketplace.core.erasure import erase_person
from marketplace.core.outbox.models import EventDelivery, OutboxEvent
from marketplace.core.outbox.publishing import publish
from marketplace.core.outbox.relay import drain
from purchases.events import OrderDelivered
from purchases.models import Order, OrderEvent
from purchases.orders.tier_counts import CHUNK, COUNTED_BY, Difference, differences, repair
from users.accounts.tests.factories import UserFactory
from users.customers.models import CustomerProfile

from .factories import OrderFactory

pytestmark = pytest.mark.django_db
DAY = datetime(2026, 3, 1, tzinfo=UTC)


def profile_of(user):
    return CustomerProfile.objects.get(user=user)


def set_count(user, count, tier="bronze"):
    CustomerProfile.objects.filter(user=user).update(successful_orders_count=count, tier=tier)


def deliver(order):
    """As the last shipment does, without money."""
    with transaction.atomic():
        Order.objects.filter(pk=order.pk).update(state=Order.State.DELIVERED)
        OrderEvent.objects.create(order=order, from_state="shipped", to_state="delivered", at=DAY)
        publish(
            OrderDelivered(
                order_id=order.pk, customer_id=order.customer_id, store_ids=(), total=order.total, delivered_at=DAY
            )
        )


def run(**options):
    out = StringIO()
    call_command("reconcile_tiers", stdout=out, **options)
    return out.getvalue()


def test_a_delivery_counts_once_however_often_it_is_handed_over():
    order = OrderFactory()

    deliver(order)
    drain()
    EventDelivery.objects.filter(handler=COUNTED_BY).update(state=EventDelivery.State.DONE)
    OutboxEvent.objects.update(relayed_at=None)
    drain()

    assert profile_of(order.customer).successful_orders_count == 1
    assert profile_of(order.customer).last_order_at == DAY


def test_counts_that_agree_are_reported_as_such():
    order = OrderFactory()
    deliver(order)
    drain()

    assert "every count" in run()


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        ("paid", 0),
        ("shipped", 0),
        ("delivered", 1),
        ("closed", 1),
        ("partly_returned", 1),
        ("returned", 0),
        ("cancelled", 0),
    ],
)
def test_delivered_and_not_wholly_returned_is_what_counts(state, counts):
    order = OrderFactory(state=state)

    assert list(differences()) == ([Difference(order.customer_id, 0, 1)] if counts else [])


def test_looking_finds_differences_says_so_and_changes_nothing():
    user = UserFactory()
    set_count(user, 21, "silver")

    with pytest.raises(CommandError, match="1 counts are wrong"):
        run()

    assert profile_of(user).successful_orders_count == 21
    assert not AuditEntry.objects.filter(action="users.correct_order_count").exists()


@pytest.mark.parametrize(
    ("orders", "tier"), [(0, "bronze"), (20, "bronze"), (21, "silver"), (49, "silver"), (50, "gold"), (51, "gold")]
)
def test_repair_sets_count_and_tier_right_and_leaves_a_trail(orders, tier):
    user = UserFactory()
    set_count(user, 33, "silver")
    OrderFactory.create_batch(orders, customer=user, state="delivered")

    said = run(repair=True)

    profile = profile_of(user)
    assert (profile.successful_orders_count, profile.tier) == (orders, tier)
    assert "1 counts were wrong, 1 repaired" in said
    entry = AuditEntry.objects.get(action="users.correct_order_count")
    assert (entry.before, entry.after, entry.reason) == (
        {"successful_orders_count": 33, "tier": "silver"},
        {"successful_orders_count": orders, "tier": tier},
        "reconcile_tiers",
    )
    assert OutboxEvent.objects.filter(wire_name="users.tier_changed").exists() == (tier != "silver")
    assert "every count" in run(repair=True)


def test_what_is_delivered_and_not_counted_yet_is_no_difference_and_is_not_counted_twice():
    order = OrderFactory()
    deliver(order)

    assert list(differences()) == []
    assert repair(order.customer_id) is False
    drain()

    assert profile_of(order.customer).successful_orders_count == 1
    assert list(differences()) == []


def test_erased_people_are_not_looked_at():
    user = UserFactory()
    set_count(user, 3)
    erase_person(user.pk)

    assert list(differences()) == []


def test_comparing_costs_three_queries_however_many_customers(django_assert_max_num_queries):
    assert CHUNK >= 100
    for user in UserFactory.create_batch(10):
        OrderFactory(customer=user, state="delivered")

    with django_assert_max_num_queries(5):
        assert len(list(differences())) == 10

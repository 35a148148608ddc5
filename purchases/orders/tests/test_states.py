"""The order's state machine: every step from every state, and what a refused step leaves behind."""

import itertools
from datetime import UTC, datetime

import pytest

from marketplace.core.errors import DomainError
from marketplace.core.ids import uuid7
from marketplace.core.models import OutboxEvent
from purchases.checkout.tests.factories import bought, shopper
from purchases.models import Order, OrderEvent
from purchases.orders.errors import OrderNotFoundError, TransitionRefusedError
from purchases.orders.services import move_order
from purchases.orders.services.moving import BY_HAND, step
from purchases.orders.states import FULFILMENT_STATES, PAYMENT_STATES, TRANSITIONS, fulfilment_state, payment_state
from purchases.shipments.tests.factories import take_to

from .factories import OrderFactory

AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def test_every_state_is_in_the_table_and_has_its_derived_states():
    assert set(TRANSITIONS) == set(Order.State)
    assert {payment_state(state) for state in Order.State} == set(PAYMENT_STATES)
    assert {fulfilment_state(state) for state in Order.State} == set(FULFILMENT_STATES)


@pytest.mark.django_db
@pytest.mark.parametrize(("from_state", "to_state"), list(itertools.product(Order.State, Order.State)))
def test_only_the_steps_of_the_table_are_taken(from_state, to_state):
    order = OrderFactory(state=from_state)

    if to_state in TRANSITIONS[from_state]:
        step(order, to_state, actor_id=None, at=AT)
    else:
        with pytest.raises(TransitionRefusedError):
            step(order, to_state, actor_id=None, at=AT)

    order.refresh_from_db()
    moved = to_state in TRANSITIONS[from_state]
    assert order.state == (to_state if moved else from_state)
    assert list(order.history.values_list("from_state", "to_state")) == ([(from_state, to_state)] if moved else [])


@pytest.mark.django_db
@pytest.mark.parametrize("to_state", sorted(set(Order.State) - BY_HAND))
def test_steps_that_move_money_or_goods_are_not_taken_by_hand(to_state):
    orders = [OrderFactory(state=state) for state in Order.State if to_state in TRANSITIONS[state]]

    for order in orders:
        with pytest.raises(TransitionRefusedError):
            move_order(order_id=order.id, to_state=to_state, actor_id=None, at=AT)

    assert not OrderEvent.objects.exists()


@pytest.mark.django_db
def test_delivery_is_told_once_and_no_other_step_is():
    order = bought(shopper(), 1)
    OutboxEvent.objects.all().delete()

    take_to(order, "packed", "shipped", "delivered")

    told = OutboxEvent.objects.filter(wire_name__startswith="purchases.order_")
    assert list(told.values_list("wire_name", flat=True)) == ["purchases.order_delivered"]
    assert [(event.from_state, event.to_state) for event in order.history.order_by("pk")[2:]] == [
        ("paid", "packed"),
        ("packed", "shipped"),
        ("shipped", "delivered"),
    ]


@pytest.mark.django_db
def test_an_unknown_order_is_refused():
    with pytest.raises(OrderNotFoundError) as refused:
        move_order(order_id=uuid7(), to_state=Order.State.PAID, actor_id=None, at=AT)

    assert isinstance(refused.value, DomainError)

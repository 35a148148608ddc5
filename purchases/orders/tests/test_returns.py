"""Goods that come back: asked for, decided, received; money and shelves follow, to the unit."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from funds.facade import verify_books
from funds.ledger.tests.factories import posted_and_held
from marketplace.core.ids import NIL
from marketplace.core.models import AuditEntry, OutboxEvent
from marketplace.core.outbox.relay import drain
from purchases.checkout.tests.factories import PRICE, bought, escrow, shelf, shopper
from purchases.models import Order, OrderLine, OrderReturn
from purchases.orders.errors import (
    NotReturnableError,
    OrderNotFoundError,
    ReturnNotFoundError,
    ReturnStateError,
    TooManyReturnedError,
)
from purchases.orders.services import (
    approve_return,
    receive_return,
    refuse_return,
    request_return,
)
from purchases.orders.values import refund_of
from purchases.shipments.tests.factories import take_to
from users.facade import customer_card, order_counts

MONTH = timedelta(days=30)


def delivered(customer, *quantities: int) -> Order:
    order = bought(customer, *quantities)
    take_to(order, "packed", "shipped", "delivered")
    drain()
    return order


def ask(order: Order, quantities=None, *, customer=None, at=None) -> OrderReturn:
    wanted = quantities or {line.pk: line.quantity for line in order.lines.all()}
    return request_return(
        order_id=order.pk,
        customer_id=customer or order.customer_id,
        quantities=wanted,
        reason="Too small",
        within=MONTH,
        at=at or timezone.now(),
    )


def take_back(returned: OrderReturn, fate: str = "restock") -> OrderReturn:
    approve_return(return_id=returned.pk, actor_id=None)
    fates = {row.line_id: fate for row in returned.lines.all()}
    received = receive_return(return_id=returned.pk, fates=fates, actor_id=None, at=timezone.now())
    drain()
    return received


def successes(customer) -> int:
    return dict(order_counts(NIL, 1_000))[customer.pk]


pytestmark = pytest.mark.django_db


def test_a_part_that_comes_back_is_paid_back_and_back_on_the_shelf():
    customer = shopper(200_000)
    order = delivered(customer, 3)
    line = order.lines.get()

    received = take_back(ask(order, {line.pk: 2}))

    assert (received.state, received.refund_minor) == ("received", 2 * PRICE)
    assert posted_and_held(customer.pk) == (200_000 - PRICE, 0)
    assert shelf(line.variant) == (19, 0)
    assert Order.objects.get().state == "partly_returned"
    line.refresh_from_db()
    assert (line.returned_quantity, line.refunded_minor) == (2, 2 * PRICE)
    assert successes(customer) == 1
    assert verify_books(is_full=True, at=timezone.now()) == []


def test_an_order_that_comes_back_whole_counts_no_more():
    customer = shopper(200_000)
    order = delivered(customer, 1, 2)
    assert successes(customer) == 1

    take_back(ask(order))

    assert Order.objects.get().state == "returned"
    assert successes(customer) == 0
    assert posted_and_held(customer.pk) == (200_000, 0)
    assert customer_card(customer.pk).tier == "bronze"


def test_what_is_written_off_stays_off_the_shelf():
    customer = shopper()
    order = delivered(customer, 1)

    take_back(ask(order), fate="write_off")

    assert shelf(order.lines.get().variant) == (19, 0)


@given(st.integers(0, 10**9), st.lists(st.integers(1, 5), min_size=1, max_size=6))
def test_units_given_back_one_by_one_bring_the_lines_total(total, pieces):
    line = OrderLine(quantity=sum(pieces), total_minor=total, returned_quantity=0, refunded_minor=0)

    for piece in pieces:
        refund = refund_of(line, piece)
        assert refund >= 0
        line.refunded_minor += refund
        line.returned_quantity += piece

    assert line.refunded_minor == total


def test_a_return_can_be_refused_with_a_word_and_asked_for_again():
    order = delivered(shopper(), 1)
    returned = ask(order)

    refused = refuse_return(return_id=returned.pk, actor_id=uuid4(), answer="Worn.")

    assert (refused.state, refused.answer) == ("refused", "Worn.")
    assert AuditEntry.objects.filter(action="purchases.decide_return", object_id=str(returned.pk)).exists()
    with pytest.raises(ReturnStateError):
        approve_return(return_id=returned.pk, actor_id=None)
    assert ask(order).state == "requested"


def test_more_than_the_customer_still_has_is_refused():
    order = delivered(shopper(), 3)
    line = order.lines.get()
    ask(order, {line.pk: 2})

    for quantity in (2, 4):
        with pytest.raises(TooManyReturnedError):
            ask(order, {line.pk: quantity})

    assert OrderReturn.objects.count() == 1


def test_only_a_delivered_order_of_ones_own_comes_back_and_in_time():
    customer = shopper()
    order, on_its_way = delivered(customer, 1), bought(customer, 1)

    with pytest.raises(NotReturnableError):
        ask(on_its_way)
    with pytest.raises(NotReturnableError):
        ask(order, at=timezone.now() + MONTH + timedelta(seconds=5))
    with pytest.raises(OrderNotFoundError):
        ask(order, customer=shopper(0).pk)
    with pytest.raises(OrderNotFoundError):
        ask(order, {uuid4(): 1})

    assert not OrderReturn.objects.exists()
    assert not OutboxEvent.objects.filter(wire_name="purchases.return_requested").exists()


def test_nothing_is_received_that_was_not_approved_nor_twice_nor_without_a_fate():
    order = delivered(shopper(), 1)
    returned = ask(order)
    fates = {row.line_id: "restock" for row in returned.lines.all()}
    before = escrow()

    with pytest.raises(ReturnStateError):
        receive_return(return_id=returned.pk, fates=fates, actor_id=None, at=timezone.now())
    approve_return(return_id=returned.pk, actor_id=None)
    for wrong in ({}, dict.fromkeys(fates, "burned")):
        with pytest.raises(ValueError, match="restocked or written off"):
            receive_return(return_id=returned.pk, fates=wrong, actor_id=None, at=timezone.now())
    receive_return(return_id=returned.pk, fates=fates, actor_id=None, at=timezone.now())
    with pytest.raises(ReturnStateError):
        receive_return(return_id=returned.pk, fates=fates, actor_id=None, at=timezone.now())

    assert escrow() == before
    with pytest.raises(ReturnNotFoundError):
        approve_return(return_id=uuid4(), actor_id=None)

"""The last moment for a return is the first for closing: whoever has the order's lock decides, and only one of them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from funds.facade import verify_books
from marketplace.core.outbox.relay import drain
from marketplace.core.tests.standoff import Standoff
from purchases.checkout.tests.factories import bought, shopper
from purchases.models import Order, OrderReturn
from purchases.orders.errors import NotReturnableError
from purchases.orders.services import close_due_orders, ending, request_return, returning
from purchases.shipments.tests.factories import take_to

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
MONTH = timedelta(days=30)


@pytest.fixture
def order() -> Order:
    order = bought(shopper(), 2)
    take_to(order, "packed", "shipped", "delivered")
    drain()
    return order


def last_moment(order: Order) -> datetime:
    """A return may still be asked for, and the order may already be closed."""
    return order.history.get(to_state="delivered").at + MONTH


def close(order: Order) -> int:
    return close_due_orders(at=last_moment(order), after=MONTH)


def ask(order: Order) -> OrderReturn:
    return request_return(
        order_id=order.pk,
        customer_id=order.customer_id,
        quantities={line.pk: 1 for line in order.lines.all()},
        reason="Too small",
        within=MONTH,
        at=last_moment(order),
    )


def ended(order: Order) -> tuple[str, int]:
    """The order's state, and how many returns it has."""
    assert verify_books(is_full=True, at=timezone.now()) == []
    return Order.objects.get(pk=order.pk).state, OrderReturn.objects.filter(order=order).count()


def test_at_the_last_moment_either_may_happen(order):
    """What the races below are about: alone, each of the two goes through."""
    at, other = last_moment(order), bought(shopper(), 2)
    take_to(other, "packed", "shipped", "delivered", at=at - MONTH)

    assert ask(other).state == "requested"
    assert close_due_orders(at=at, after=MONTH) == 1

    assert (ended(order), ended(other)) == (("closed", 0), ("delivered", 1))


def test_a_return_that_comes_while_the_order_is_being_closed_is_refused(order, monkeypatch):
    standoff = Standoff(monkeypatch, ending, "step")

    closed, refused = standoff.run(lambda: close(order), lambda: ask(order))

    assert closed == 1
    assert isinstance(refused, NotReturnableError)
    assert ended(order) == ("closed", 0)


def test_an_order_is_not_closed_while_a_return_is_being_asked_for(order, monkeypatch):
    standoff = Standoff(monkeypatch, returning, "publish")

    asked, closed = standoff.run(lambda: ask(order), lambda: close(order))

    assert (asked.state, closed) == ("requested", 0)
    assert ended(order) == ("delivered", 1)


def test_without_the_orders_lock_both_would_happen(order, monkeypatch):
    """The control: closing then looks past the return that is being written."""
    monkeypatch.setattr(ending, "lock_order", lambda order_id: Order.objects.get(pk=order_id))
    standoff = Standoff(monkeypatch, returning, "publish")

    asked, closed = standoff.run(lambda: ask(order), lambda: close(order))

    assert (asked.state, closed) == ("requested", 1)
    assert ended(order) == ("closed", 1)


@pytest.mark.parametrize("hands", [2, 6])
def test_many_that_close_and_ask_at_once_end_in_one_of_the_two(order, together, hands):
    def act(number: int) -> Any:
        return ask(order) if number % 2 else close(order)

    answers = together(act, hands)

    assert not [answer for answer in answers if isinstance(answer, BaseException) and not _is_refusal(answer)]
    state, returns = ended(order)
    asked = [answer for answer in answers if isinstance(answer, OrderReturn)]
    closed = sum(answer for answer in answers if isinstance(answer, int))
    assert (state, closed) == (("delivered", 0) if returns else ("closed", 1))
    assert len(asked) == returns


def _is_refusal(answer: BaseException) -> bool:
    return getattr(answer, "code", "") in {"order_not_returnable", "too_many_returned"}

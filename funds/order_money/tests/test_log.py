"""An order's money read aloud: every way of paying, sharing out, going back; as often asked for much as for little."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from funds.facade import cancel_order_payment, order_money_log, pay_new_order, refund_order, settle_order
from funds.ledger.tests.factories import customer_with

from .books import AT, back, mxn, paid_order, part

pytestmark = pytest.mark.django_db
SOON = timedelta(minutes=30)


def told(order) -> list[tuple[str, int]]:
    return [(step.kind, step.amount.minor) for step in order_money_log(order).steps]


def test_nothing_is_known_of_an_order_without_money():
    log = order_money_log(uuid4())

    assert (log.steps, log.parts) == ((), ())


def test_a_payment_past_the_checkout_is_found_in_the_books_before_and_after_delivery():
    order, customer = paid_order(10_000)
    assert told(order) == [("paid", 10_000)]
    share = part(10_000, tax=1_000)

    settle_order(order_id=order, parts=[share], at=AT + SOON)
    refund_order(
        order_id=order, customer_id=customer, parts=[back(share, 2_500)], key="r", reason="broken", at=AT + SOON
    )

    log = order_money_log(order)
    (shares,) = log.parts
    assert sorted(kind for kind, _minor in told(order)) == ["paid", "refunded", "settled"]
    assert [step.note for step in log.steps if step.kind == "refunded"] == ["broken"]
    assert (shares.store_id, shares.refunded, shares.settled_at) == (share.store_id, mxn(2_500), AT + SOON)
    assert shares.payable + shares.commission + shares.tax + shares.refunded == mxn(10_000)


def test_each_try_to_pay_is_told():
    customer, order = customer_with(5_000), uuid4()
    about: dict[str, Any] = {"order_id": order, "customer_id": customer, "total": mxn(5_000), "lasts": SOON}
    first = pay_new_order(**about, from_wallet=mxn(0), provider="sandbox")
    cancel_order_payment(payment_id=first.payment_id, customer_id=customer)
    pay_new_order(**about, from_wallet=mxn(5_000))

    steps = order_money_log(order).steps

    assert [(step.kind, step.provider) for step in steps] == [
        ("asked", "sandbox"),
        ("cancelled", "sandbox"),
        ("paid", ""),
    ]


def test_it_takes_five_queries_at_most(django_assert_max_num_queries):
    order, customer = paid_order(10_000)
    one, two = part(6_000), part(4_000)
    settle_order(order_id=order, parts=[one, two], at=AT)
    for number in range(3):
        refund_order(order_id=order, customer_id=customer, parts=[back(one, 100)], key=f"r{number}", reason="x", at=AT)

    with django_assert_max_num_queries(5):
        assert len(order_money_log(order).parts) == 2

"""Refunded and kept come to what was paid, whatever was bought, promoted and called off, in whatever pieces."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funds.facade import verify_books
from funds.ledger.models import AccountKind
from funds.ledger.selectors import balance_of
from funds.ledger.terms import AccountKey
from funds.ledger.tests.factories import posted_and_held
from marketplace.core.outbox.relay import drain
from promotions.campaigns.tests.factories import make_campaign
from promotions.discounts.tests.factories import make_discount
from promotions.flash.tests.factories import make_variant
from purchases.call_offs.services import call_off_part
from purchases.checkout.tests.factories import bought, escrow, home_of, mxn, shelf, shopper
from purchases.models import CallOff, Invoice, Order, OrderLine
from purchases.orders.services import cancel_order
from purchases.orders.values import refund_of
from purchases.shipments.tests.factories import ShippingRateFactory, take_to
from stores.catalog.services import change_variant
from stores.models import Variant

pytestmark = pytest.mark.once

MONEY = 10_000_000
STOCK = 20

lines = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 99_999)), min_size=1, max_size=4)
promotions = st.tuples(
    st.one_of(st.none(), st.integers(1, 9_999)),  # a discount on the first line's category, in basis points
    st.one_of(st.none(), st.integers(1, 9_999)),  # a campaign on all, in basis points
    st.one_of(st.none(), st.integers(1, 5_000)),  # a campaign on all, in minor units
)
pieces = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5), st.booleans()), max_size=8)


@contextmanager
def undone() -> Iterator[None]:
    """As a test is: each call inside stays a transaction of its own to the lock order."""
    outer = transaction.atomic()
    outer._from_testcase = True  # type: ignore[attr-defined]
    with outer:
        yield
        transaction.set_rollback(True)


def an_order(wanted: list[tuple[int, int]], benefits: tuple[Any, ...], sending: int) -> Order:
    """Bought of as many stores as there are lines, under these promotions."""
    customer = shopper(MONEY)
    home_of(customer)
    variants = [make_variant(on_hand=STOCK) for _ in wanted]
    for variant, (_quantity, price) in zip(variants, wanted, strict=True):
        row = Variant.objects.get(pk=variant.pk)
        change_variant(variant=row, expected_version=None, changes={"price": mxn(price)}, actor_id=None)
        ShippingRateFactory.create(store=variant.store, price_minor=sending)
    of_category, of_all, off = benefits
    if of_category:
        make_discount(variants[0].product.category, percent_bp=of_category)
    if of_all:
        make_campaign(name="Share", benefits_json=[{"kind": "percentage", "basis_points": of_all}])
    if off:
        amount = f"{off // 100}.{off % 100:02d}"
        make_campaign(name="Amount", currency="MXN", benefits_json=[{"kind": "amount", "amount": amount}])
    fresh = [Variant.objects.get(pk=variant.pk) for variant in variants]
    return bought(customer, *(quantity for quantity, _price in wanted), variants=fresh)


def call_off(line: OrderLine, quantity: int, *, is_good: bool) -> CallOff:
    return call_off_part(
        part_id=line.part_id,
        quantities={line.pk: quantity},
        fate="restock" if is_good else "write_off",
        reason="Gone",
        actor_id=None,
        at=timezone.now(),
    )


def kept(order: Order) -> int:
    """What stores, house and tax office have of it."""
    stores = [balance_of(AccountKey.of_store(AccountKind.PAYABLE, p.store_id, "MXN")).minor for p in order.parts.all()]
    house = [balance_of(AccountKey.house(kind, "MXN")).minor for kind in (AccountKind.COMMISSION, AccountKind.TAX)]
    return sum(stores) + sum(house)


def called_off_in_pieces(order: Order, pieces: list[tuple[int, int, bool]]) -> dict[Any, int]:
    """Units by line that were written off; after each piece the books have what is not back yet."""
    written_off: dict[Any, int] = defaultdict(int)
    for number, most, is_good in pieces:
        rows = list(order.lines.order_by("pk"))
        line = rows[number % len(rows)]
        if quantity := min(most, line.quantity - line.returned_quantity):
            call_off(line, quantity, is_good=is_good)
            written_off[line.pk] += 0 if is_good else quantity
            drain()
        left = order.total_minor - refunded()
        assert left >= 0
        assert posted_and_held(order.customer_id) == (MONEY - left, 0)
        assert escrow() == left
    return written_off


def refunded() -> int:
    return sum(CallOff.objects.values_list("refund_minor", flat=True))


def brought_to(end: str, order: Order) -> int:
    """The rest of it is delivered, or cancelled; what went back in all."""
    if end == "deliver":
        take_to(order, "packed", "shipped", "delivered")
        back = refunded()
    else:
        cancel_order(order_id=order.pk, actor_id=None, at=timezone.now())
        back = order.total_minor
    drain()
    return back


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines, promotions, st.sampled_from([0, 4_901]), pieces, st.sampled_from(["deliver", "cancel"]))
def test_what_went_back_and_what_is_kept_come_to_what_was_paid(wanted, benefits, sending, pieces, end):
    with undone():
        order = an_order(wanted, benefits, sending)
        written_off = called_off_in_pieces(order, pieces)

        is_paid = Order.objects.get().state == "paid"
        back = brought_to(end, order) if is_paid else refunded()

        assert posted_and_held(order.customer_id) == (MONEY - order.total_minor + back, 0)
        assert (escrow(), kept(order)) == (0, order.total_minor - back)
        assert sum(Invoice.objects.filter(kind="credit_note").values_list("total_minor", flat=True)) == back
        is_over = Order.objects.get().state == "cancelled"
        assert back == order.total_minor or not is_over
        for line in order.lines.select_related("variant"):
            gone = 0 if is_over else line.quantity - line.returned_quantity
            assert shelf(line.variant) == (STOCK - gone - written_off[line.pk], 0)
        assert verify_books(is_full=True, at=timezone.now()) == []


@given(st.integers(0, 10**9), st.lists(st.integers(1, 5), min_size=1, max_size=6))
def test_units_called_off_in_pieces_never_bring_more_than_their_line(total, pieces):
    """The same spread as returns use; both together come to the line's total."""
    line = OrderLine(quantity=sum(pieces), total_minor=total, returned_quantity=0, refunded_minor=0)

    for piece in pieces:
        line.refunded_minor += refund_of(line, piece)
        line.returned_quantity += piece
        assert line.refunded_minor * line.quantity <= total * line.returned_quantity

    assert line.refunded_minor == total

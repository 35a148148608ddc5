"""Delivery shares an order's money out; refunds walk it back. Nothing is lost, nothing goes back twice."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from funds.contracts import PartRefund, PartSettlement
from funds.facade import (
    KeyReusedError,
    OrderNotPaidError,
    RefundExceedsPaidError,
    refund_order,
    settle_order,
)
from funds.ledger.models import Account, AccountKind, Journal, JournalKind
from funds.ledger.services import post_transfer
from funds.ledger.terms import AccountKey, Leg
from funds.ledger.tests.factories import customer_with, posted_and_held
from funds.models import OrderMoney, OrderRefund, PartMoney
from funds.order_money.shares import shares_of
from marketplace.core.money import CurrencyMismatchError, Money

from .books import AT, back, house, mxn, paid_order, part, payable, shares

pytestmark = pytest.mark.django_db


def refund(order, customer, *parts, key="r1"):
    return refund_order(order_id=order, customer_id=customer, parts=parts, key=key, reason="broken", at=AT)


def spent(customer) -> int:
    return Account.objects.get(owner_id=customer, kind=AccountKind.WALLET).spent


@pytest.mark.parametrize(
    ("total", "tax", "bp", "expected"),
    [
        (116_00, 16_00, 1_000, (90_00, 10_00, 16_00)),
        (105, 0, 1_000, (94, 11, 0)),  # 10.5 is rounded away from zero
        (104, 0, 1_000, (94, 10, 0)),
        (1, 1, 10_000, (0, 0, 1)),
        (1, 0, 0, (1, 0, 0)),
        (99, 14, 10_000, (0, 85, 14)),
    ],
)
def test_the_commission_is_of_the_price_without_tax_and_the_store_has_the_rest(total, tax, bp, expected):
    assert tuple(share.minor for share in shares_of(part(total, tax, bp))) == expected


@given(total=st.integers(0, 10**12), tax=st.integers(0, 10**12), bp=st.integers(0, 10_000))
def test_shares_add_up_whatever_the_rates(total, tax, bp):
    found = shares_of(part(total, min(tax, total), bp))

    assert sum(share.minor for share in found) == total
    assert min(share.minor for share in found) >= 0


@pytest.mark.parametrize("wrong", [part(10, 11), part(10, -1), part(10, 1, -1), part(10, 1, 10_001), part(-1)])
def test_parts_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="all of it"):
        shares_of(wrong)


def test_a_delivered_order_is_shared_out_once_per_part():
    order, customer = paid_order(300_00)
    first, second = part(116_00, 16_00), part(184_00, 0, 500)

    settle_order(order_id=order, parts=[first], at=AT)
    settle_order(order_id=order, parts=[first, second], at=AT)
    settle_order(order_id=order, parts=[first, second], at=AT)

    assert shares(first.store_id) == (0, 90_00, 10_00 + 9_20, 16_00)
    assert payable(second.store_id) == 174_80
    journals = Journal.objects.filter(kind=JournalKind.ORDER_SETTLEMENT)
    assert sorted(journal.postings.count() for journal in journals) == [2, 3]
    assert {journal.source for journal in journals} == {f"order:{order}"}
    assert posted_and_held(customer) == (0, 0)


def test_an_order_that_cost_nothing_settles_nothing():
    settle_order(order_id=uuid4(), parts=[part(0)], at=AT)

    assert not OrderMoney.objects.exists()


def test_an_order_that_was_not_paid_is_not_settled():
    with pytest.raises(OrderNotPaidError):
        settle_order(order_id=uuid4(), parts=[part(1)], at=AT)

    assert not Journal.objects.exists()
    assert not OrderMoney.objects.exists()


def test_parts_cost_no_more_than_was_paid():
    order, _customer = paid_order(100)
    settle_order(order_id=order, parts=[part(60)], at=AT)

    with pytest.raises(OrderNotPaidError):
        settle_order(order_id=order, parts=[part(41)], at=AT)

    assert house(AccountKind.ESCROW) == 40
    assert PartMoney.objects.count() == 1


def test_a_parts_total_does_not_change():
    order, customer = paid_order(100)
    one = part(60)
    refund(order, customer, back(one, 10))

    with pytest.raises(ValueError, match="does not change"):
        settle_order(order_id=order, parts=[PartSettlement(one.store_id, mxn(61), mxn(0), 0)], at=AT)

    assert payable(one.store_id) == 0


def test_another_currency_is_refused():
    order, customer = paid_order(100)
    dollars = PartSettlement(uuid4(), Money(100, "USD"), Money(0, "USD"), 0)

    with pytest.raises(CurrencyMismatchError):
        settle_order(order_id=order, parts=[dollars], at=AT)
    with pytest.raises(CurrencyMismatchError):
        refund(order, customer, PartRefund(dollars.store_id, dollars.total, dollars.total))

    assert house(AccountKind.ESCROW) == 100


def test_before_delivery_money_goes_back_from_escrow():
    order, customer = paid_order(100_00)
    one = part(60_00, 8_00)

    receipt = refund(order, customer, back(one, 25_00))

    assert (receipt.refunded, receipt.is_replay) == (mxn(25_00), False)
    assert posted_and_held(customer) == (25_00, 0)
    assert spent(customer) == 75_00
    assert house(AccountKind.ESCROW) == 75_00


def test_what_went_back_before_delivery_is_not_shared_out():
    order, customer = paid_order(116_00)
    one = part(116_00, 16_00)
    refund(order, customer, back(one, 58_00))

    settle_order(order_id=order, parts=[one], at=AT)

    assert shares(one.store_id) == (0, 45_00, 5_00, 8_00)


def test_a_part_that_went_back_wholly_settles_to_nothing():
    order, customer = paid_order(100)
    one = part(100, 14)
    refund(order, customer, back(one, 100))

    settle_order(order_id=order, parts=[one], at=AT)

    assert shares(one.store_id) == (0, 0, 0, 0)
    assert PartMoney.objects.get().settled_at == AT
    assert not Journal.objects.filter(kind=JournalKind.ORDER_SETTLEMENT).exists()


def test_after_delivery_all_three_give_back_in_proportion():
    order, customer = paid_order(116_00)
    one = part(116_00, 16_00)
    settle_order(order_id=order, parts=[one], at=AT)

    refund(order, customer, back(one, 29_00))

    assert shares(one.store_id) == (0, 67_50, 7_50, 12_00)
    assert posted_and_held(customer) == (29_00, 0)
    assert spent(customer) == 87_00


@settings(max_examples=15, deadline=None)
@given(amounts=st.lists(st.integers(1, 400), min_size=1, max_size=8))
def test_unit_by_unit_everything_goes_back_and_nothing_more(amounts):
    total = sum(amounts)
    order, customer = paid_order(total)
    one = part(total, total * 16 // 116, 1_234)
    settle_order(order_id=order, parts=[one], at=AT)
    before = house(AccountKind.COMMISSION), house(AccountKind.TAX)
    row = PartMoney.objects.get(order_id=order)

    for number, amount in enumerate(amounts):
        refund(order, customer, back(one, amount), key=str(number))

    assert payable(one.store_id) == 0
    assert house(AccountKind.COMMISSION) == before[0] - row.commission_minor
    assert house(AccountKind.TAX) == before[1] - row.tax_minor
    assert posted_and_held(customer) == (total, 0)
    with pytest.raises(RefundExceedsPaidError), transaction.atomic():
        refund(order, customer, back(one, 1), key="more")


def test_a_store_that_was_paid_out_owes():
    order, customer = paid_order(100)
    one = part(100)
    settle_order(order_id=order, parts=[one], at=AT)
    accounts = [AccountKey.of_store(kind, one.store_id, "MXN") for kind in (AccountKind.PAYABLE, AccountKind.PAYOUT)]
    post_transfer(scope="test", key="out", kind=JournalKind.RESERVE, legs=[Leg(accounts[0], accounts[1], mxn(90))])

    refund(order, customer, back(one, 100))

    assert payable(one.store_id) == -90
    assert posted_and_held(customer) == (100, 0)


def test_never_more_than_was_paid_goes_back():
    order, customer = paid_order(100_00)
    one = part(60_00)
    refund(order, customer, back(one, 25_00))

    with pytest.raises(RefundExceedsPaidError) as refusal:
        refund(order, customer, back(one, 35_01), key="r2")

    assert refusal.value.params == {"left": "35.00", "currency": "MXN"}
    assert posted_and_held(customer) == (25_00, 0)
    assert OrderRefund.objects.count() == 1


def test_one_refund_may_be_of_several_parts_settled_and_not():
    order, customer = paid_order(200)
    settled, waiting = part(100, 0, 0), part(100)
    settle_order(order_id=order, parts=[settled], at=AT)

    receipt = refund(order, customer, back(settled, 30), back(waiting, 40))

    assert receipt.refunded == mxn(70)
    assert (payable(settled.store_id), house(AccountKind.ESCROW)) == (70, 60)
    assert Journal.objects.filter(kind=JournalKind.ORDER_REFUND).count() == 1


def test_a_refund_is_made_once_per_key_even_across_delivery():
    order, customer = paid_order(100)
    one = part(100)
    first = refund(order, customer, back(one, 30))
    settle_order(order_id=order, parts=[one], at=AT)

    again = refund(order, customer, back(one, 30))

    assert (again.journal_id, again.is_replay) == (first.journal_id, True)
    assert posted_and_held(customer) == (30, 0)
    with pytest.raises(KeyReusedError):
        refund(order, customer, back(one, 31))
    assert posted_and_held(customer) == (30, 0)


def test_another_customers_order_gives_nothing():
    order, customer = paid_order(100)
    thief = customer_with()

    with pytest.raises(OrderNotPaidError):
        refund(order, thief, back(part(100), 100))

    assert posted_and_held(customer) == (0, 0)
    assert house(AccountKind.ESCROW) == 100


@pytest.mark.parametrize("minor", [0, -1])
def test_a_refund_gives_something(minor):
    order, customer = paid_order(100)

    with pytest.raises(ValueError, match="gives something"):
        refund(order, customer, back(part(100), minor))

    assert not OrderRefund.objects.exists()


def test_a_refund_names_each_store_once():
    order, customer = paid_order(100)
    one = part(100)

    with pytest.raises(ValueError, match="once"):
        refund(order, customer, back(one, 10), back(one, 10))

    assert not OrderRefund.objects.exists()


def test_the_database_itself_refuses_what_does_not_add_up():
    order, _customer = paid_order(100)
    settle_order(order_id=order, parts=[part(100)], at=AT)

    for change in ({"payable_minor": 91}, {"refunded_minor": 1}, {"refunded_minor": 101}, {"tax_minor": -1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PartMoney.objects.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        OrderMoney.objects.update(refunded_minor=101)

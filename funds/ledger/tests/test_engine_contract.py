"""What every engine does, whichever way it does it. On PostgreSQL both run, on SQLite the portable one."""

import dataclasses
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from funds.ledger.errors import (
    CaptureExceedsHoldError,
    HoldNotActiveError,
    InsufficientFundsError,
    KeyReusedError,
    UnknownAccountError,
    UnknownHoldError,
)
from funds.ledger.models import Account, AccountDelta, AccountKind, Hold, Journal, JournalKind, Posting, Tally
from funds.ledger.postgres_engine import PostgresEngine
from funds.ledger.selectors import balance_of
from funds.ledger.terms import AccountKey, CaptureOrder, HoldOrder, Leg, Transfer
from marketplace.core.ids import uuid7
from marketplace.core.money import Money

from .factories import customer_with, posted_and_held, wallet

ESCROW = AccountKey.house(AccountKind.ESCROW, "MXN")
COMMISSION = AccountKey.house(AccountKind.COMMISSION, "MXN")
AT = datetime(2026, 1, 31, 16, tzinfo=UTC)


def mxn(minor: int) -> Money:
    return Money(minor, "MXN")


def purchase(customer, minor: int, key: str = "", **values) -> Transfer:
    legs = values.pop("legs", (Leg(wallet(customer), ESCROW, mxn(minor)),))
    return Transfer("test", key or uuid4().hex, JournalKind.ORDER_PAYMENT, legs, at=AT, tally=Tally.SPENT, **values)


def hold_order(customer, minor: int, *, key: str = "", lasts: timedelta = timedelta(minutes=1)) -> HoldOrder:
    return HoldOrder(uuid7(), "test", key or uuid4().hex, wallet(customer), ESCROW, mxn(minor), lasts, "order:1")


def lapse(*holds) -> None:
    """The holds' time passes."""
    Hold.objects.filter(pk__in=holds).update(expires_at=datetime(2020, 1, 1, tzinfo=UTC))


def counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Journal, Posting, AccountDelta, Hold))


def test_a_transfer_moves_money_and_is_written_down(engine):
    customer = customer_with(1000)

    posted = engine.post(purchase(customer, 300, source="order:1"))

    assert posted.is_replay is False
    assert posted_and_held(customer) == (700, 0)
    assert balance_of(ESCROW) == mxn(300)
    row = Posting.objects.get(journal=posted.journal_id)
    assert (row.amount, row.currency, row.debit_after, row.credit_after) == (300, "MXN", 700, None)
    assert (row.journal.source, row.journal.event_at, row.journal.tally) == ("order:1", AT, Tally.SPENT)
    account = Account.objects.get(pk=row.debit_id)
    assert (account.deposited, account.spent) == (1000, 300)


def test_several_legs_are_one_journal(engine):
    customer = customer_with(1000)
    legs = (Leg(wallet(customer), ESCROW, mxn(300)), Leg(wallet(customer), COMMISSION, mxn(30)))

    posted = engine.post(purchase(customer, 0, legs=legs))

    rows = list(Posting.objects.filter(journal=posted.journal_id).order_by("pk"))
    assert [(row.amount, row.debit_after) for row in rows] == [(300, 700), (30, 670)]
    assert posted_and_held(customer) == (670, 0)


def test_legs_share_the_balance(engine):
    customer = customer_with(1000)
    before = counts()
    legs = (Leg(wallet(customer), ESCROW, mxn(600)), Leg(wallet(customer), COMMISSION, mxn(600)))

    with pytest.raises(InsufficientFundsError) as refusal:
        engine.post(purchase(customer, 0, legs=legs))

    assert refusal.value.params == {"missing": "2.00", "currency": "MXN"}
    assert counts() == before
    assert posted_and_held(customer) == (1000, 0)


def test_money_that_arrives_in_a_journal_is_not_spent_in_it(engine):
    customer, friend = customer_with(0), customer_with(500)
    legs = (Leg(wallet(friend), wallet(customer), mxn(500)), Leg(wallet(customer), ESCROW, mxn(500)))

    with pytest.raises(InsufficientFundsError):
        engine.post(purchase(customer, 0, legs=legs))

    assert posted_and_held(friend) == (500, 0)


def test_both_sides_strict_show_both_balances(engine):
    giver, taker = customer_with(500), customer_with(100)
    legs = (Leg(wallet(giver), wallet(taker), mxn(200)),)

    posted = engine.post(Transfer("test", "gift", JournalKind.TRANSFER, legs, at=AT))

    row = Posting.objects.get(journal=posted.journal_id)
    assert (row.debit_after, row.credit_after) == (300, 300)
    assert Account.objects.get(pk=row.credit_id).deposited == 100


def test_the_last_unit_can_be_spent_and_not_one_more(engine):
    customer = customer_with(1000)

    engine.post(purchase(customer, 1000))
    with pytest.raises(InsufficientFundsError) as refusal:
        engine.post(purchase(customer, 1))

    assert refusal.value.params["missing"] == "0.01"
    assert posted_and_held(customer) == (0, 0)


def test_a_customer_without_wallet_has_nothing_to_spend(engine):
    with pytest.raises(InsufficientFundsError) as refusal:
        engine.post(purchase(uuid4(), 700))

    assert refusal.value.params["missing"] == "7.00"
    assert counts() == (0, 0, 0, 0)


def test_the_same_key_has_one_effect(engine):
    customer = customer_with(1000)
    transfer = purchase(customer, 300, key="once")

    first = engine.post(transfer)
    second = engine.post(dataclasses.replace(transfer, at=AT + timedelta(days=1)))

    assert second == dataclasses.replace(first, is_replay=True)
    assert posted_and_held(customer) == (700, 0)


def test_the_same_key_answers_even_when_the_money_is_gone(engine):
    customer = customer_with(300)
    transfer = purchase(customer, 300, key="once")
    first = engine.post(transfer)

    assert engine.post(transfer).journal_id == first.journal_id


@pytest.mark.parametrize("minor", [100, 2000])
def test_the_same_key_with_other_content_is_refused(engine, minor):
    customer = customer_with(1000)
    engine.post(purchase(customer, 300, key="once"))
    before = counts()

    with pytest.raises(KeyReusedError):
        engine.post(purchase(customer, minor, key="once"))

    assert counts() == before
    assert posted_and_held(customer) == (700, 0)


def test_an_unknown_account_is_refused(engine):
    customer = customer_with(1000)

    with pytest.raises(UnknownAccountError):
        engine.post(purchase(customer, 0, legs=(Leg(wallet(customer), 10**12, mxn(1)),)))

    assert posted_and_held(customer) == (1000, 0)


def test_currencies_do_not_mix(engine):
    customer = customer_with(1000)
    dollars = AccountKey.house(AccountKind.ESCROW, "USD")
    before = counts()

    with pytest.raises(UnknownAccountError):
        engine.post(purchase(customer, 0, legs=(Leg(wallet(customer), dollars, mxn(1)),)))

    assert counts() == before


def test_a_refusal_leaves_the_callers_transaction_usable(engine):
    customer = customer_with(100)

    with transaction.atomic():
        with pytest.raises(InsufficientFundsError):
            engine.post(purchase(customer, 200))
        engine.post(purchase(customer, 100))

    assert posted_and_held(customer) == (0, 0)


def test_a_transfer_belongs_to_the_callers_transaction(engine):
    customer = customer_with(100)

    with transaction.atomic():
        engine.post(purchase(customer, 100))
        transaction.set_rollback(True)

    assert posted_and_held(customer) == (100, 0)


def test_held_money_is_not_available(engine):
    customer = customer_with(1000)
    placed = engine.place_hold(hold_order(customer, 800))

    with pytest.raises(InsufficientFundsError) as refusal:
        engine.post(purchase(customer, 300))

    assert refusal.value.params["missing"] == "1.00"
    assert posted_and_held(customer) == (1000, 800)
    assert Hold.objects.get(pk=placed.hold_id).state == Hold.State.ACTIVE


def test_a_hold_needs_the_money(engine):
    customer = customer_with(100)

    with pytest.raises(InsufficientFundsError) as refusal:
        engine.place_hold(hold_order(customer, 150))

    assert refusal.value.params["missing"] == "0.50"
    assert Hold.objects.count() == 0
    assert posted_and_held(customer) == (100, 0)


def test_a_hold_is_placed_once_per_key(engine):
    customer = customer_with(1000)
    order = hold_order(customer, 800, key="once")

    first = engine.place_hold(order)
    second = engine.place_hold(dataclasses.replace(order, hold_id=uuid7()))

    assert second == dataclasses.replace(first, is_replay=True)
    assert posted_and_held(customer) == (1000, 800)
    with pytest.raises(KeyReusedError):
        engine.place_hold(hold_order(customer, 1, key="once"))
    with pytest.raises(KeyReusedError):
        engine.place_hold(hold_order(customer_with(1000), 800, key="once"))


def test_a_hold_expires_by_the_databases_clock(engine):
    placed = engine.place_hold(hold_order(customer_with(10), 5, lasts=timedelta(minutes=5)))

    seconds = (placed.expires_at - datetime.now(UTC)).total_seconds()
    assert 290 < seconds < 310


def test_only_strict_accounts_hold(engine):
    order = dataclasses.replace(hold_order(uuid4(), 1), payer=ESCROW, payee=COMMISSION)

    with pytest.raises(UnknownAccountError):
        engine.place_hold(order)


def test_capture_pays_the_whole_hold(engine):
    customer = customer_with(1000)
    hold = engine.place_hold(hold_order(customer, 800)).hold_id

    posted = engine.capture_hold(CaptureOrder(hold, "", None, is_final=True))

    assert posted_and_held(customer) == (200, 0)
    assert balance_of(ESCROW) == mxn(800)
    row = Hold.objects.get(pk=hold)
    assert (row.state, row.captured) == (Hold.State.CAPTURED, 800)
    journal = Journal.objects.get(pk=posted.journal_id)
    assert (journal.kind, journal.hold_id, journal.source) == (JournalKind.CAPTURE, hold, "order:1")
    assert Account.objects.get(pk=row.payer_id).spent == 800


def test_a_final_part_frees_the_rest(engine):
    customer = customer_with(1000)
    hold = engine.place_hold(hold_order(customer, 800)).hold_id

    engine.capture_hold(CaptureOrder(hold, "", mxn(500), is_final=True))

    assert posted_and_held(customer) == (500, 0)
    assert Hold.objects.get(pk=hold).state == Hold.State.CAPTURED


def held_and_captured(engine, order):
    return engine.hold_and_capture(order, CaptureOrder(order.hold_id, "order", order.amount, is_final=True, at=AT))


def test_a_hold_that_is_paid_at_once_is_on_record_as_both(engine):
    customer = customer_with(1000)
    order = hold_order(customer, 300)

    placed, posted = held_and_captured(engine, order)

    hold = Hold.objects.get(pk=placed.hold_id)
    assert (hold.state, hold.amount, hold.captured) == (Hold.State.CAPTURED, 300, 300)
    assert (placed.expires_at, placed.is_replay) == (hold.expires_at, False)
    assert Journal.objects.get(pk=posted.journal_id).hold_id == hold.pk
    assert posted_and_held(customer) == (700, 0)
    assert balance_of(ESCROW) == mxn(300)


def test_what_cannot_be_held_is_not_captured_either(engine):
    customer = customer_with(100)
    before = counts()

    with pytest.raises(InsufficientFundsError):
        held_and_captured(engine, hold_order(customer, 101))

    assert counts() == before
    assert posted_and_held(customer) == (100, 0)


@pytest.mark.parametrize("again", [40, 41])
def test_a_key_that_a_hold_has_used_captures_nothing(engine, again):
    customer = customer_with(100)
    first = engine.place_hold(hold_order(customer, 40, key="once"))
    before = counts()

    with pytest.raises(KeyReusedError):
        held_and_captured(engine, hold_order(customer, again, key="once"))

    assert counts() == before
    assert Hold.objects.get(pk=first.hold_id).state == Hold.State.ACTIVE
    assert posted_and_held(customer) == (100, 40)


def test_several_captures_share_a_hold(engine):
    customer = customer_with(1000)
    hold = engine.place_hold(hold_order(customer, 800)).hold_id

    engine.capture_hold(CaptureOrder(hold, "part-1", mxn(500), is_final=False))
    assert posted_and_held(customer) == (500, 300)
    engine.capture_hold(CaptureOrder(hold, "part-1", mxn(500), is_final=False))
    assert posted_and_held(customer) == (500, 300)
    with pytest.raises(CaptureExceedsHoldError) as refusal:
        engine.capture_hold(CaptureOrder(hold, "part-2", mxn(301), is_final=False))
    assert refusal.value.params["left"] == "3.00"
    engine.capture_hold(CaptureOrder(hold, "part-2", mxn(300), is_final=False))

    assert posted_and_held(customer) == (200, 0)
    row = Hold.objects.get(pk=hold)
    assert (row.state, row.captured) == (Hold.State.CAPTURED, 800)


def test_a_capture_key_with_other_content_is_refused(engine):
    customer = customer_with(1000)
    hold = engine.place_hold(hold_order(customer, 800)).hold_id
    engine.capture_hold(CaptureOrder(hold, "part", mxn(500), is_final=False))

    with pytest.raises(KeyReusedError):
        engine.capture_hold(CaptureOrder(hold, "part", mxn(400), is_final=False))

    assert posted_and_held(customer) == (500, 300)


def test_release_frees_what_is_left(engine):
    customer = customer_with(1000)
    hold = engine.place_hold(hold_order(customer, 800)).hold_id
    engine.capture_hold(CaptureOrder(hold, "part", mxn(300), is_final=False))

    engine.release_hold(hold)
    engine.release_hold(hold)

    assert posted_and_held(customer) == (700, 0)
    with pytest.raises(HoldNotActiveError) as refusal:
        engine.capture_hold(CaptureOrder(hold, "late", None, is_final=True))
    assert refusal.value.params == {"state": "released"}


def test_a_captured_hold_cannot_be_released(engine):
    customer = customer_with(1000)
    hold = engine.place_hold(hold_order(customer, 800)).hold_id
    engine.capture_hold(CaptureOrder(hold, "", None, is_final=True))

    with pytest.raises(HoldNotActiveError):
        engine.release_hold(hold)

    assert posted_and_held(customer) == (200, 0)


def test_a_lapsed_hold_cannot_be_captured(engine):
    customer = customer_with(1000)
    hold = engine.place_hold(hold_order(customer, 800)).hold_id
    lapse(hold)

    with pytest.raises(HoldNotActiveError) as refusal:
        engine.capture_hold(CaptureOrder(hold, "", None, is_final=True))

    assert refusal.value.params == {"state": "expired"}
    assert balance_of(ESCROW) == mxn(0)


def test_lapsed_holds_are_freed_before_a_spend_is_refused(engine):
    customer = customer_with(1000)
    lapsed = [engine.place_hold(hold_order(customer, minor)).hold_id for minor in (300, 200)]
    kept = engine.place_hold(hold_order(customer, 400)).hold_id
    lapse(*lapsed)

    engine.post(purchase(customer, 600))

    assert posted_and_held(customer) == (400, 400)
    assert set(Hold.objects.filter(pk__in=lapsed).values_list("state", flat=True)) == {Hold.State.EXPIRED}
    assert Hold.objects.get(pk=kept).state == Hold.State.ACTIVE


def test_lapsed_holds_are_freed_before_another_hold_is_refused(engine):
    customer = customer_with(1000)
    lapsed = engine.place_hold(hold_order(customer, 900)).hold_id
    lapse(lapsed)

    engine.place_hold(hold_order(customer, 1000))

    assert posted_and_held(customer) == (1000, 1000)


def test_a_spend_that_is_refused_all_the_same_frees_nothing(engine):
    customer = customer_with(1000)
    lapsed = engine.place_hold(hold_order(customer, 900)).hold_id
    lapse(lapsed)

    with pytest.raises(InsufficientFundsError) as refusal:
        engine.post(purchase(customer, 1001))

    assert refusal.value.params["missing"] == "0.01"
    assert Hold.objects.get(pk=lapsed).state == Hold.State.ACTIVE
    assert posted_and_held(customer) == (1000, 900)


def test_unknown_holds_are_refused(engine):
    with pytest.raises(UnknownHoldError):
        engine.capture_hold(CaptureOrder(uuid7(), "", None, is_final=True))
    with pytest.raises(UnknownHoldError):
        engine.release_hold(uuid7())


@pytest.mark.postgres
def test_a_transfer_is_one_round_trip(django_assert_num_queries):
    customer = customer_with(1000)

    with django_assert_num_queries(1):
        PostgresEngine().post(purchase(customer, 1))
    with transaction.atomic(), django_assert_num_queries(1):
        PostgresEngine().post(purchase(customer, 1))

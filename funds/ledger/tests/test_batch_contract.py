"""What every engine does with many transfers at once. The same refusals as for one, and all or nothing."""

import dataclasses
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from funds.ledger.errors import InsufficientFundsError, KeyReusedError, UnknownAccountError
from funds.ledger.models import Account, AccountDelta, AccountKind, Hold, Journal, JournalKind, Posting, Tally
from funds.ledger.ports import LedgerEngine
from funds.ledger.postgres_engine import PostgresEngine
from funds.ledger.selectors import balance_of
from funds.ledger.services import post_transfers, reverse_transfer
from funds.ledger.terms import AccountKey, HoldOrder, Leg, Transfer, tally_of
from marketplace.core.ids import uuid7
from marketplace.core.money import Money

from .factories import customer_with, posted_and_held, wallet

ESCROW = AccountKey.house(AccountKind.ESCROW, "MXN")
COMMISSION = AccountKey.house(AccountKind.COMMISSION, "MXN")
EQUITY = AccountKey.house(AccountKind.EQUITY, "MXN")
AT = datetime(2026, 1, 31, 16, tzinfo=UTC)


def transfer(debit: AccountKey | int, credit: AccountKey | int, minor: int, key: str = "", **values) -> Transfer:
    kind = values.pop("kind", JournalKind.TRANSFER)
    currency = values.pop("currency", "MXN")
    legs = values.pop("legs", (Leg(debit, credit, Money(minor, currency)),))
    return Transfer("batch", key or uuid4().hex, kind, legs, tally=tally_of(kind), **{"at": AT, **values})


def purchase(customer: UUID, minor: int, key: str = "") -> Transfer:
    return transfer(wallet(customer), ESCROW, minor, key, kind=JournalKind.ORDER_PAYMENT)


def place_hold(engine: LedgerEngine, customer: UUID, minor: int) -> UUID:
    lasts = timedelta(minutes=1)
    order = HoldOrder(uuid7(), "batch", uuid4().hex, wallet(customer), ESCROW, Money(minor, "MXN"), lasts)
    return engine.place_hold(order).hold_id


def lapse(hold: UUID) -> None:
    Hold.objects.filter(pk=hold).update(expires_at=datetime(2020, 1, 1, tzinfo=UTC))


def written() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Journal, Posting, AccountDelta))


def test_running_balances_follow_the_order_of_postings(engine):
    ana, beto = customer_with(1000), customer_with(100)
    batch = [
        purchase(ana, 300),
        transfer(wallet(ana), wallet(beto), 50),
        transfer(wallet(beto), wallet(ana), 20),
        transfer(wallet(ana), 0, 0, legs=(
            Leg(wallet(ana), ESCROW, Money(100, "MXN")), Leg(wallet(ana), COMMISSION, Money(10, "MXN")),
        )),
    ]  # fmt: skip

    posted = engine.post_many(batch)

    rows = Posting.objects.filter(journal__in=[each.journal_id for each in posted]).order_by("pk")
    assert [row.journal_id for row in rows] == [posted[place].journal_id for place in (0, 1, 2, 3, 3)]
    assert [(row.amount, row.debit_after, row.credit_after) for row in rows] == [
        (300, 700, None),
        (50, 650, 150),
        (20, 130, 670),
        (100, 570, None),
        (10, 560, None),
    ]
    assert (posted_and_held(ana), posted_and_held(beto)) == ((560, 0), (130, 0))
    assert not any(each.is_replay for each in posted)


def test_a_batch_leaves_the_books_as_one_by_one_would(engine):
    together, apart = [(customer_with(1000), customer_with(0)) for _ in range(2)]

    def history(ana: UUID, beto: UUID) -> list[Transfer]:
        return [
            transfer(EQUITY, wallet(beto), 70, source="gift"),
            purchase(ana, 400),
            transfer(wallet(ana), wallet(beto), 30),
        ]

    engine.post_many(history(*together))
    for each in history(*apart):
        engine.post(each)

    def figures(ana: UUID, beto: UUID) -> list[tuple[int, ...]]:
        rows = {row.owner_id: row for row in Account.objects.filter(owner_id__in=[ana, beto])}
        return [(rows[who].posted, rows[who].held, rows[who].deposited, rows[who].spent) for who in (ana, beto)]

    assert figures(*together) == figures(*apart) == [(570, 0, 1000, 400), (100, 0, 0, 0)]
    journals = list(
        Journal.objects.filter(scope="batch").order_by("pk").values_list("kind", "tally", "source", "event_at")
    )
    assert journals[:3] == journals[3:]


def test_what_was_posted_before_is_passed_over(engine):
    customer = customer_with(1000)
    old = purchase(customer, 300)
    before = engine.post(old)

    posted = engine.post_many([purchase(customer, 100), dataclasses.replace(old, at=None), purchase(customer, 200)])

    assert posted[1] == dataclasses.replace(before, is_replay=True)
    assert [each.is_replay for each in posted] == [False, True, False]
    assert posted_and_held(customer) == (400, 0)
    assert balance_of(ESCROW) == Money(600, "MXN")
    amounts = Posting.objects.filter(journal__in=[posted[0].journal_id, posted[2].journal_id]).order_by("journal")
    assert [row.amount for row in amounts] == [100, 200]


def test_a_whole_batch_can_be_repeated_even_when_the_money_is_gone(engine):
    customer = customer_with(300)
    batch = [purchase(customer, 100), purchase(customer, 200)]
    first = engine.post_many(batch)
    before = written()

    again = engine.post_many(batch)

    assert again == [dataclasses.replace(each, is_replay=True) for each in first]
    assert written() == before
    assert posted_and_held(customer) == (0, 0)


@pytest.mark.parametrize("minor", [301, 10_000])
def test_one_key_with_other_content_refuses_the_whole_batch(engine, minor):
    customer = customer_with(1000)
    engine.post(purchase(customer, 300, "once"))
    before = written()

    with pytest.raises(KeyReusedError):
        engine.post_many([purchase(customer, 100), purchase(customer, minor, "once")])

    assert written() == before
    assert posted_and_held(customer) == (700, 0)


def test_the_batch_shares_the_balance(engine):
    rich, poor = customer_with(1000), customer_with(100)
    before = written()

    with pytest.raises(InsufficientFundsError) as refusal:
        engine.post_many([purchase(rich, 1000), purchase(poor, 60), purchase(poor, 60)])

    assert refusal.value.params == {"missing": "0.20", "currency": "MXN"}
    assert written() == before
    assert (posted_and_held(rich), posted_and_held(poor)) == ((1000, 0), (100, 0))


def test_money_that_arrives_in_a_batch_is_not_spent_in_it(engine):
    giver, taker = customer_with(500), customer_with(1)

    with pytest.raises(InsufficientFundsError):
        engine.post_many([transfer(wallet(giver), wallet(taker), 500), purchase(taker, 2)])

    assert (posted_and_held(giver), posted_and_held(taker)) == ((500, 0), (1, 0))


def test_held_money_is_not_available_to_a_batch(engine):
    customer = customer_with(1000)
    place_hold(engine, customer, 700)

    with pytest.raises(InsufficientFundsError):
        engine.post_many([purchase(customer, 200), purchase(customer, 200)])

    assert posted_and_held(customer) == (1000, 700)


def test_lapsed_holds_are_freed_for_a_batch_that_needs_them(engine):
    customer = customer_with(1000)
    hold = place_hold(engine, customer, 700)
    lapse(hold)

    with pytest.raises(InsufficientFundsError):
        engine.post_many([purchase(customer, 1000), purchase(customer, 1)])
    assert Hold.objects.get(pk=hold).state == Hold.State.ACTIVE
    engine.post_many([purchase(customer, 600), purchase(customer, 400)])

    assert Hold.objects.get(pk=hold).state == Hold.State.EXPIRED
    assert posted_and_held(customer) == (0, 0)


def test_lazy_accounts_get_one_delta_each(engine):
    customer = customer_with(1000)
    before = AccountDelta.objects.count()

    engine.post_many([purchase(customer, 100), purchase(customer, 200), transfer(ESCROW, COMMISSION, 30)])

    assert AccountDelta.objects.count() == before + 2
    assert (balance_of(ESCROW), balance_of(COMMISSION)) == (Money(270, "MXN"), Money(30, "MXN"))


def test_currencies_stand_side_by_side_and_never_mix(engine):
    customer = customer_with(1000)
    dollars = wallet(customer, "USD")
    before = written()

    with pytest.raises(UnknownAccountError):
        engine.post_many([purchase(customer, 1), transfer(dollars, wallet(customer), 1)])
    with pytest.raises(UnknownAccountError):
        engine.post_many([transfer(EQUITY, dollars, 1, currency="USD")])
    assert written() == before
    engine.post_many(
        [
            purchase(customer, 400),
            transfer(AccountKey.house(AccountKind.EQUITY, "USD"), dollars, 50, currency="USD"),
        ]
    )

    assert (balance_of(wallet(customer)), balance_of(dollars)) == (Money(600, "MXN"), Money(50, "USD"))


def test_the_refusal_names_the_currency_that_is_short(engine):
    customer = customer_with(1000)
    dollars = AccountKey.house(AccountKind.ESCROW, "USD")

    with pytest.raises(InsufficientFundsError) as refusal:
        engine.post_many([purchase(customer, 1), transfer(wallet(customer, "USD"), dollars, 5, currency="USD")])

    assert refusal.value.params == {"missing": "0.05", "currency": "USD"}


def test_accounts_by_number_and_unknown_ones(engine):
    customer = customer_with(1000)
    number = Account.objects.get(owner_id=customer).pk

    with pytest.raises(UnknownAccountError):
        engine.post_many([transfer(number, ESCROW, 10), transfer(number, 10**12, 10)])
    engine.post_many([transfer(number, ESCROW, 10), transfer(wallet(customer), ESCROW, 5)])

    assert posted_and_held(customer) == (985, 0)


def test_a_refused_batch_leaves_the_callers_transaction_usable(engine):
    customer = customer_with(100)

    with transaction.atomic():
        with pytest.raises(InsufficientFundsError):
            engine.post_many([purchase(customer, 60), purchase(customer, 60)])
        engine.post_many([purchase(customer, 60), purchase(customer, 40)])

    assert posted_and_held(customer) == (0, 0)


def test_texts_arrive_as_they_were_given(engine):
    customer = customer_with(1000)
    odd = ["back\\slash", 'quo"te', "apo'strophe", "{brace,comma}", "NULL", "per%cent %s", " blank ", "ñandú 🦤"]

    posted = engine.post_many([transfer(wallet(customer), ESCROW, 1, text, source=text) for text in odd])

    rows = Journal.objects.filter(pk__in=[each.journal_id for each in posted]).order_by("pk")
    assert [(row.idem_key, row.source) for row in rows] == [(text, text) for text in odd]


def test_a_batch_larger_than_a_statement(engine):
    customers = [customer_with(100) for _ in range(3)]
    batch = [purchase(customers[number % 3], 1, f"many-{number}") for number in range(300)]
    batch += [transfer(EQUITY, wallet(uuid4()), 7, f"new-{number}") for number in range(800)]

    posted = engine.post_many(batch)

    assert [each.journal_id for each in posted] == sorted(each.journal_id for each in posted)
    assert [posted_and_held(customer) for customer in customers] == [(0, 0)] * 3
    assert balance_of(EQUITY) == Money(-5600, "MXN")


def test_a_key_that_comes_twice_has_one_effect():
    customer = customer_with(1000)
    once = purchase(customer, 100, "twice")

    first, other, second = post_transfers(transfers=[once, purchase(customer, 1), once])

    assert second == dataclasses.replace(first, is_replay=True)
    assert not first.is_replay
    assert not other.is_replay
    assert posted_and_held(customer) == (899, 0)


def test_a_key_that_comes_twice_with_other_content_is_refused():
    customer = customer_with(1000)

    with pytest.raises(KeyReusedError):
        post_transfers(transfers=[purchase(customer, 100, "twice"), purchase(customer, 101, "twice")])

    assert posted_and_held(customer) == (1000, 0)


def test_what_a_journal_counts_as_follows_from_its_kind():
    customer = customer_with(1000)

    post_transfers(transfers=[dataclasses.replace(purchase(customer, 100), tally=Tally.NONE)])

    assert Account.objects.get(owner_id=customer).spent == 100


def test_senseless_batches():
    customer = customer_with(1000)

    assert post_transfers(transfers=[]) == []
    with pytest.raises(ValueError, match="positive"):
        post_transfers(transfers=[purchase(customer, 1), purchase(customer, 0)])
    with pytest.raises(ValueError, match="at least one leg"):
        post_transfers(transfers=[transfer(0, 0, 0, legs=())])

    assert posted_and_held(customer) == (1000, 0)


def test_a_journal_of_several_legs_walks_back_whole():
    customer = customer_with(1000)
    legs = (Leg(wallet(customer), ESCROW, Money(100, "MXN")), Leg(wallet(customer), COMMISSION, Money(10, "MXN")))
    (posted,) = post_transfers(transfers=[transfer(0, 0, 0, legs=legs, kind=JournalKind.ORDER_PAYMENT)])

    reverse_transfer(journal_id=posted.journal_id)
    reverse_transfer(journal_id=posted.journal_id)

    assert posted_and_held(customer) == (1000, 0)
    assert Account.objects.get(owner_id=customer).spent == 0
    assert (balance_of(ESCROW), balance_of(COMMISSION)) == (Money(0, "MXN"), Money(0, "MXN"))


def test_a_reversal_in_a_batch_names_what_it_reverses(engine):
    ana, beto = customer_with(1000), customer_with(0)
    (paid,) = engine.post_many([transfer(wallet(ana), wallet(beto), 300)])

    there, back = engine.post_many([
        transfer(wallet(ana), wallet(beto), 50),
        transfer(wallet(beto), wallet(ana), 300, kind=JournalKind.REVERSAL, reverses=paid.journal_id),
    ])  # fmt: skip

    rows = Journal.objects.filter(pk__in=[there.journal_id, back.journal_id])
    assert dict(rows.values_list("pk", "reverses")) == {there.journal_id: None, back.journal_id: paid.journal_id}


@pytest.mark.postgres
def test_a_batch_is_one_round_trip(django_assert_num_queries):
    customer = customer_with(1000)

    with django_assert_num_queries(1):
        PostgresEngine().post_many([purchase(customer, 1) for _ in range(50)])

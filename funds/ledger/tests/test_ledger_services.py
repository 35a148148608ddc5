"""The ledger's services on the side of what they must leave alone, and the tables that say what a journal counts as."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from funds.ledger.models import AccountKind, Hold, Journal, JournalKind, OwnerKind, Tally
from funds.ledger.orm_accounts import tally_changes
from funds.ledger.selectors import (
    TrialBalance,
    TrialBalanceLine,
    balance_of,
    has_money,
    trial_balance,
    wallets_of_owners,
)
from funds.ledger.services import (
    capture_hold,
    free_lapsed_holds,
    place_hold,
    post_transfers,
    release_hold,
    reverse_transfer,
    roll_up_deltas,
)
from funds.ledger.terms import STRICT_KINDS, AccountKey, CaptureOrder, HoldOrder, Leg, Transfer, tally_of, undone
from marketplace.core.money import Money

from .factories import customer_with, posted_and_held, wallet

ESCROW = AccountKey.house(AccountKind.ESCROW, "MXN")
GOLDEN = ["49dd7f946e4c6ce5394eeb8bdbd9817a", "092604ca481ae7a3c1f0f833704b1145", "df1249bf6f35e11848ff1763ffff09a4"]


def mxn(minor: int) -> Money:
    return Money(minor, "MXN")


def held(customer: UUID, minor: int = 300, lasts: timedelta = timedelta(minutes=1)) -> UUID:
    placed = place_hold(
        scope="test", key=uuid4().hex, payer=wallet(customer), payee=ESCROW, amount=mxn(minor), lasts=lasts
    )
    return placed.hold_id


def lapse(hold_id: UUID, year: int) -> None:
    Hold.objects.filter(pk=hold_id).update(expires_at=datetime(year, 1, 1, tzinfo=UTC))


def state(hold_id: UUID) -> tuple[str, int, int]:
    hold = Hold.objects.get(pk=hold_id)
    return hold.state, hold.captured, hold.refunded


def test_releasing_a_hold_leaves_the_others_as_they_are() -> None:
    ann, bob = customer_with(1000), customer_with(1000)
    before, mine, after = held(ann), held(bob), held(ann)

    release_hold(hold_id=mine)

    assert (posted_and_held(ann), posted_and_held(bob)) == ((1000, 600), (1000, 0))
    assert [state(each)[0] for each in (before, mine, after)] == ["active", "released", "active"]


def test_capturing_a_hold_leaves_the_others_as_they_are() -> None:
    ann, bob = customer_with(1000), customer_with(1000)
    before, mine, after = held(ann), held(bob), held(ann)

    posted = capture_hold(hold_id=mine, key="1")

    assert posted.is_replay is False
    assert (posted_and_held(ann), posted_and_held(bob)) == ((1000, 600), (700, 0))
    assert [state(each) for each in (before, mine, after)] == [("active", 0, 0), ("captured", 300, 0), ("active", 0, 0)]


def test_reversing_a_capture_is_written_on_its_hold_alone() -> None:
    ann, bob = customer_with(1000), customer_with(1000)
    first, second = held(ann), held(bob)
    capture_hold(hold_id=first, key="1")
    posted = capture_hold(hold_id=second, key="1")

    reverse_transfer(journal_id=posted.journal_id)

    assert (state(first), state(second)) == (("captured", 300, 0), ("captured", 300, 300))
    assert (posted_and_held(ann), posted_and_held(bob)) == ((700, 0), (1000, 0))


def test_only_holds_whose_time_has_passed_are_freed_the_oldest_first() -> None:
    ann, bob, eve = customer_with(1000), customer_with(1000), customer_with(1000)
    newer, older, standing = held(ann, 1), held(bob, 1), held(eve, 1)
    lapse(newer, 2021)
    lapse(older, 2020)

    freed = [free_lapsed_holds(limit=1) for _time in range(3)]

    assert freed == [1, 1, 0]
    assert [state(each)[0] for each in (newer, older, standing)] == ["expired", "expired", "active"]
    assert [posted_and_held(each) for each in (ann, bob, eve)] == [(1000, 0), (1000, 0), (1000, 1)]


def test_of_two_lapsed_holds_the_older_one_is_freed_first() -> None:
    ann, bob = customer_with(1000), customer_with(1000)
    newer, older = held(ann), held(bob)
    lapse(newer, 2021)
    lapse(older, 2020)

    free_lapsed_holds(limit=1)

    assert (state(newer)[0], state(older)[0]) == ("active", "expired")


def test_nothing_is_no_capture_and_no_time_is_no_hold() -> None:
    customer = customer_with(1000)
    hold_id = held(customer)

    with pytest.raises(ValueError, match="takes something"):
        capture_hold(hold_id=hold_id, key="1", amount=mxn(0))
    with pytest.raises(ValueError, match="for some time"):
        held(customer, lasts=timedelta(0))

    assert posted_and_held(customer) == (1000, 300)
    assert Hold.objects.count() == 1


def test_a_transfer_that_comes_twice_in_a_batch_is_answered_twice() -> None:
    customer = customer_with(1000)
    legs = (Leg(wallet(customer), ESCROW, mxn(300)),)
    once, other = (Transfer("test", key, JournalKind.ORDER_PAYMENT, legs) for key in "ab")

    answers = post_transfers(transfers=[once, other, once])

    assert [each.is_replay for each in answers] == [False, False, True]
    assert answers[0].journal_id == answers[2].journal_id != answers[1].journal_id
    assert posted_and_held(customer) == (400, 0)


def test_a_key_belongs_to_its_scope_in_a_batch_too() -> None:
    customer = customer_with(1000)
    spent = Transfer("one", "k", JournalKind.ORDER_PAYMENT, (Leg(wallet(customer), ESCROW, mxn(300)),))
    post_transfers(transfers=[spent])

    answers = post_transfers(transfers=[replace(spent, scope="two"), spent])

    assert [each.is_replay for each in answers] == [False, True]
    assert posted_and_held(customer) == (400, 0)
    written = Journal.objects.get(pk=answers[0].journal_id)
    assert (written.scope, written.idem_key, written.kind) == ("two", "k", JournalKind.ORDER_PAYMENT)


def test_of_a_lapsed_hold_that_was_paid_in_part_the_rest_is_freed() -> None:
    customer = customer_with(1000)
    hold_id = held(customer, 300)
    capture_hold(hold_id=hold_id, key="1", amount=mxn(100), is_final=False)
    lapse(hold_id, 2020)

    free_lapsed_holds()

    assert posted_and_held(customer) == (900, 0)


def test_what_is_freed_may_be_exactly_what_is_missing() -> None:
    customer = customer_with(1000)
    lapse(held(customer, 1000), 2020)

    held(customer, 1000)

    assert posted_and_held(customer) == (1000, 1000)


def test_lapsed_holds_are_let_alone_where_the_money_is_enough() -> None:
    customer = customer_with(1000)
    hold_id = held(customer, 300)
    lapse(hold_id, 2020)

    held(customer, 700)

    assert state(hold_id)[0] == "active"


@pytest.mark.parametrize(
    ("tally", "change", "changes"),
    [
        (Tally.DEPOSITED, 5, (5, 0)),
        (Tally.DEPOSITED, -5, (0, 0)),
        (Tally.DEPOSIT_BACK, -5, (-5, 0)),
        (Tally.DEPOSIT_BACK, 5, (0, 0)),
        (Tally.SPENT, -5, (0, 5)),
        (Tally.SPENT, 5, (0, 0)),
        (Tally.SPENT_BACK, 5, (0, -5)),
        (Tally.SPENT_BACK, -5, (0, 0)),
        (Tally.NONE, 5, (0, 0)),
    ],
)
def test_who_pays_counts_as_spending_and_who_receives_does_not(tally, change, changes) -> None:
    assert tally_changes(tally, change) == changes


def test_balances_are_of_one_owner_and_lapsed_holds_of_one_wallet() -> None:
    ann, bob, eve = customer_with(1000), customer_with(500), customer_with(0)
    lapsed = held(ann, 300)
    held(ann, 100)
    lapse(lapsed, 2020)
    lapse(held(bob, 50), 2020)
    released = held(ann, 70)
    release_hold(hold_id=released)
    lapse(released, 2020)

    assert [balance_of(wallet(each)).minor for each in (ann, bob, eve)] == [1000, 500, 0]
    assert {row.owner_id: row.lapsed for row in wallets_of_owners([ann, bob])} == {ann: 300, bob: 50}
    assert [has_money(each) for each in (ann, bob, eve)] == [True, True, False]


def test_money_of_another_owner_with_the_same_number_is_not_the_customers() -> None:
    rich, customer = customer_with(1000), customer_with(0)
    pot = AccountKey.pot(customer, "MXN")
    post_transfers(transfers=[Transfer("t", "k", JournalKind.TRANSFER, (Leg(wallet(rich), pot, mxn(300)),))])

    assert has_money(customer) is False
    assert (balance_of(pot).minor, balance_of(replace(pot, owner_kind=OwnerKind.CUSTOMER)).minor) == (300, 0)


def test_a_wallet_that_was_emptied_holds_nothing() -> None:
    customer = customer_with(300)
    post_transfers(
        transfers=[Transfer("t", "k", JournalKind.ORDER_PAYMENT, (Leg(wallet(customer), ESCROW, mxn(300)),))]
    )

    assert has_money(customer) is False


def test_the_trial_balance_sums_to_zero_before_and_after_deltas_are_rolled_up() -> None:
    customer_with(1000)
    customer_with(500)
    before = trial_balance()

    roll_up_deltas()

    after = trial_balance()
    wallets = next(line for line in after.lines if line.kind == AccountKind.WALLET)
    assert before == after
    assert (wallets.accounts, wallets.balance) == (2, mxn(1500))
    assert (after.imbalance, after.is_balanced) == ({"MXN": mxn(0)}, True)
    assert TrialBalance((*after.lines, TrialBalanceLine("USD", "wallet", 1, Money(1, "USD")))).is_balanced is False


def test_peoples_money_is_floored() -> None:
    assert {AccountKind.WALLET, AccountKind.POT, AccountKind.PAYOUT} == STRICT_KINDS
    assert AccountKey.pot(uuid4(), "MXN").is_strict
    assert not ESCROW.is_strict


@pytest.mark.parametrize(
    ("kind", "tally"),
    [
        (JournalKind.DEPOSIT, Tally.DEPOSITED),
        (JournalKind.ORDER_PAYMENT, Tally.SPENT),
        (JournalKind.ORDER_REFUND, Tally.SPENT_BACK),
        (JournalKind.CAPTURE, Tally.SPENT),
        (JournalKind.DEPOSIT_REFUND, Tally.DEPOSIT_BACK),
        (JournalKind.CHARGE_BACK, Tally.DEPOSIT_BACK),
        (JournalKind.REVERSAL, Tally.NONE),
    ],
)
def test_what_a_journal_counts_as(kind: JournalKind, tally: Tally) -> None:
    assert tally_of(kind) == tally


def test_what_a_reversal_counts_as() -> None:
    assert {each: undone(each) for each in Tally} == {
        Tally.NONE: Tally.NONE,
        Tally.DEPOSITED: Tally.DEPOSIT_BACK,
        Tally.DEPOSIT_BACK: Tally.NONE,
        Tally.SPENT: Tally.SPENT_BACK,
        Tally.SPENT_BACK: Tally.NONE,
    }


def test_fingerprints_stay_what_they_were() -> None:
    """They are stored: a retry that comes after a new version must not look like other content."""
    payer = AccountKey.wallet(UUID(int=1), "MXN")
    transfer = Transfer("s", "k", JournalKind.ORDER_PAYMENT, (Leg(payer, ESCROW, mxn(300)), Leg(payer, 7, mxn(1))))
    hold = HoldOrder(UUID(int=2), "s", "k", payer, ESCROW, mxn(300), timedelta(minutes=1), "order:1")
    capture = CaptureOrder(UUID(int=2), "k", mxn(300), is_final=True)

    assert [each.fingerprint for each in (transfer, hold, capture)] == GOLDEN
    assert capture.idem_key == "00000000-0000-0000-0000-000000000002:k"

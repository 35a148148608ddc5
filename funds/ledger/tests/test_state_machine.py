"""Random histories of a few wallets against a model in plain Python; the books are read in full after every history."""

import os
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test

from funds.ledger.errors import CaptureExceedsHoldError, HoldNotActiveError, InsufficientFundsError
from funds.ledger.models import Account, AccountKind, Hold, JournalKind
from funds.ledger.services import (
    capture_hold,
    free_lapsed_holds,
    place_hold,
    post_transfer,
    release_hold,
    reverse_transfer,
    roll_up_deltas,
)
from funds.ledger.terms import AccountKey, Leg
from funds.verification import verify_books
from marketplace.core.money import Money

from .factories import customer_with, wallet

ESCROW = AccountKey.house(AccountKind.ESCROW, "MXN")
OPENING = 1_000
AMOUNTS = st.integers(1, 700)
STEPS = int(os.environ.get("LEDGER_STEPS", "40"))
EXAMPLES = int(os.environ.get("LEDGER_EXAMPLES", "8"))


class Wallets(RuleBasedStateMachine):
    """`posted` and `held` of three customers as they should be."""

    holds: Bundle[str] = Bundle("holds")
    payments: Bundle[tuple[int, int, int]] = Bundle("payments")

    def __init__(self) -> None:
        super().__init__()
        # One history is undone as a test is: each call inside stays a transaction of its own to the lock order.
        self.outer = transaction.atomic()
        self.outer._from_testcase = True  # type: ignore[attr-defined]  # as Django's TestCase does
        self.outer.__enter__()
        self.customers = [customer_with(OPENING) for _ in range(3)]
        self.posted = [OPENING] * 3
        self.escrow = 0
        self.open: dict[str, list[int]] = {}  # key → [customer, left, lapsed]
        self.ids: dict[str, UUID] = {}
        self.count = 0

    def teardown(self) -> None:
        assert verify_books(at=timezone.now(), is_full=True) == []
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)

    def held(self, who: int, *, is_lapsed: bool | None = None) -> int:
        return sum(
            left for owner, left, lapsed in self.open.values() if owner == who and is_lapsed in {None, bool(lapsed)}
        )

    def make_room(self, who: int, minor: int) -> bool:
        """Whether it fits; lapsed holds go as soon as they are in the way."""
        if self.posted[who] - self.held(who) >= minor:
            return True
        if self.posted[who] - self.held(who, is_lapsed=False) < minor:
            return False
        self.open = {key: hold for key, hold in self.open.items() if hold[0] != who or not hold[2]}
        return True

    def key(self) -> str:
        self.count += 1
        return f"k{self.count}"

    @rule(target=payments, who=st.integers(0, 2), minor=AMOUNTS, again=st.booleans())
    def pay(self, who: int, minor: int, again: bool) -> tuple[int, int, int]:
        legs = [Leg(wallet(self.customers[who]), ESCROW, Money(minor, "MXN"))]
        key, fits = self.key(), self.make_room(who, minor)
        journal = 0
        for _ in range(1 + again):
            try:
                journal = post_transfer(scope="machine", key=key, kind=JournalKind.ORDER_PAYMENT, legs=legs).journal_id
            except InsufficientFundsError:
                assert not fits
            else:
                assert fits
        if fits:
            self.posted[who] -= minor
            self.escrow += minor
        return who, minor, journal

    @rule(payment=consumes(payments))
    def pay_back(self, payment: tuple[int, int, int]) -> None:
        who, minor, journal = payment
        if journal:
            reverse_transfer(journal_id=journal)
            reverse_transfer(journal_id=journal)
            self.posted[who] += minor
            self.escrow -= minor

    @rule(giver=st.integers(0, 2), taker=st.integers(0, 2), minor=AMOUNTS)
    def give(self, giver: int, taker: int, minor: int) -> None:
        if giver == taker:
            return
        fits = self.make_room(giver, minor)
        legs = [Leg(wallet(self.customers[giver]), wallet(self.customers[taker]), Money(minor, "MXN"))]
        try:
            post_transfer(scope="machine", key=self.key(), kind=JournalKind.TRANSFER, legs=legs)
        except InsufficientFundsError:
            assert not fits
        else:
            assert fits
            self.posted[giver] -= minor
            self.posted[taker] += minor

    @rule(target=holds, who=st.integers(0, 2), minor=AMOUNTS)
    def hold(self, who: int, minor: int) -> str:
        key, fits = self.key(), self.make_room(who, minor)
        try:
            placed = place_hold(
                scope="machine",
                key=key,
                payer=wallet(self.customers[who]),
                payee=ESCROW,
                amount=Money(minor, "MXN"),
                lasts=timedelta(hours=1),
            )
        except InsufficientFundsError:
            assert not fits
        else:
            assert fits
            self.ids[key] = placed.hold_id
            self.open[key] = [who, minor, 0]
        return key

    @rule(key=holds)
    def lapse(self, key: str) -> None:
        if key in self.open:
            Hold.objects.filter(pk=self.ids[key]).update(expires_at=datetime(2020, 1, 1, tzinfo=UTC))
            self.open[key][2] = 1

    @rule(key=holds, minor=AMOUNTS, is_final=st.booleans())
    def capture(self, key: str, minor: int, is_final: bool) -> None:
        if key not in self.ids:
            return
        hold = self.open.get(key)
        try:
            capture_hold(hold_id=self.ids[key], key=self.key(), amount=Money(minor, "MXN"), is_final=is_final)
        except CaptureExceedsHoldError:
            assert hold is not None
            assert minor > hold[1]
            return
        except HoldNotActiveError:
            assert hold is None or hold[2]
            return
        assert hold is not None
        assert not hold[2]
        self.posted[hold[0]] -= minor
        self.escrow += minor
        hold[1] -= minor
        if is_final or hold[1] == 0:
            del self.open[key]

    @rule(key=holds)
    def release(self, key: str) -> None:
        if key not in self.ids:
            return
        try:
            release_hold(hold_id=self.ids[key])
        except HoldNotActiveError:
            assert key not in self.open
        else:
            self.open.pop(key, None)

    @rule()
    def tidy(self) -> None:
        free_lapsed_holds()
        self.open = {key: hold for key, hold in self.open.items() if not hold[2]}
        roll_up_deltas()

    @invariant()
    def wallets_are_as_they_should_be(self) -> None:
        rows = {row.owner_id: row for row in Account.objects.filter(kind=AccountKind.WALLET)}
        for who, customer in enumerate(self.customers):
            row = rows[customer]
            assert (row.posted, row.held) == (self.posted[who], self.held(who))


@pytest.mark.slow
def test_random_histories_keep_the_books():
    run_state_machine_as_test(
        Wallets,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )

"""A history of a few wallets beside a model of it in plain Python: every step is a call of the services, and says by
itself what must have come of it. Who chooses the steps (Hypothesis, a seeded walk) is not its affair.

A step is a name and five numbers; numbers are read modulo what there is to choose from, so that any five will do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from django.utils import timezone

from funds.ledger.errors import (
    CaptureExceedsHoldError,
    HoldNotActiveError,
    InsufficientFundsError,
    KeyReusedError,
    NotReversibleError,
    UnknownAccountError,
)
from funds.ledger.invariants import LEDGER
from funds.ledger.models import Account, AccountKind, Hold, Journal, JournalKind, Posting, Tally
from funds.ledger.selectors import with_balance
from funds.ledger.services import (
    capture_hold,
    free_lapsed_holds,
    place_hold,
    post_transfer,
    post_transfers,
    release_hold,
    reverse_transfer,
    roll_up_deltas,
)
from funds.ledger.terms import AccountKey, Leg, Transfer, tally_of, undone
from funds.ledger.verification import find_faults
from funds.payments.providers.protocol import provider_id
from funds.payments.services import fund_wallets
from marketplace.core.money import Money

from .factories import customer_with, wallet

CURRENCIES = ("MXN", "USD")
CUSTOMERS = 3
OPENING = 1_000
MOST = 700
PAST = datetime(2020, 1, 1, tzinfo=UTC)
Numbers = tuple[int, int, int, int, int]
Moves = list[tuple[AccountKey, AccountKey, int]]


@dataclass
class Figures:
    """One account as it should be."""

    posted: int = 0
    deposited: int = 0
    spent: int = 0


@dataclass
class HoldModel:
    """One hold as it should be."""

    payer: AccountKey
    payee: AccountKey
    amount: int
    captured: int = 0
    refunded: int = 0
    state: str = Hold.State.ACTIVE
    is_lapsed: bool = False

    @property
    def left(self) -> int:
        """What it still holds."""
        return self.amount - self.captured if self.state == Hold.State.ACTIVE else 0


@dataclass
class JournalModel:
    """One journal, and what a reversal needs to know of it."""

    moves: Moves
    tally: Tally
    hold_id: UUID | None = None
    is_reversal: bool = False
    is_reversed: bool = False


@dataclass
class Done:
    """Something that took effect under a key: the call again, with other content, and what it answered."""

    again: Callable[[], Any]
    answer: Any
    otherwise: Callable[[], Any] | None = None


@dataclass
class History:
    """Three customers with two currencies each, and the house."""

    books: dict[AccountKey, Figures] = field(default_factory=dict)
    holds: dict[UUID, HoldModel] = field(default_factory=dict)
    live: dict[UUID, HoldModel] = field(default_factory=dict)  # of them those that still hold something
    journals: dict[int, JournalModel] = field(default_factory=dict)
    done: list[Done] = field(default_factory=list)
    keys: int = 0
    steps: int = 0

    ACTIONS: ClassVar[tuple[str, ...]] = (
        "deposit", "pay", "pay", "split", "give", "give", "hold", "hold", "hold", "lapse", "capture", "capture",
        "capture", "release", "reverse", "reverse", "batch", "batch", "mix", "replay", "replay", "reuse", "tidy",
    )  # fmt: skip

    def __post_init__(self) -> None:
        self.customers = [customer_with(0) for _ in range(CUSTOMERS)]
        for place in range(CUSTOMERS * len(CURRENCIES)):
            self.deposit(place % CUSTOMERS, place // CUSTOMERS, OPENING - 1, 0, 0)

    # --- steps

    def step(self, action: str, numbers: Numbers) -> bool:
        """Take one; whether there was anything to do. Everything is compared with the model afterwards."""
        acted = getattr(self, action)(*numbers) is not False
        if acted:
            self.steps += 1
            self.compare()
        return acted

    def deposit(self, who: int, currency: int, minor: int, _d: int, _e: int) -> None:
        row = (self.customers[who % CUSTOMERS], self.money(minor, currency), self.key())
        assert fund_wallets(rows=[row]) == 1
        account = self.wallet(who, currency)
        clearing = AccountKey.clearing(provider_id("sandbox"), account.currency)
        number = Journal.objects.latest("pk").pk
        self.record(number, [(clearing, account, row[1].minor)], Tally.DEPOSITED)
        dearer = (row[0], row[1] + self.money(0, currency), row[2])
        self.done.append(Done(lambda: fund_wallets(rows=[row]), 0, lambda: fund_wallets(rows=[dearer])))

    def pay(self, who: int, currency: int, minor: int, _d: int, _e: int) -> None:
        moves = [(self.wallet(who, currency), self.house(AccountKind.ESCROW, currency), 1 + minor % MOST)]
        self.post(JournalKind.ORDER_PAYMENT, moves)

    def split(self, who: int, currency: int, minor: int, part: int, _e: int) -> None:
        account = self.wallet(who, currency)
        moves = [
            (account, self.house(AccountKind.ESCROW, currency), 1 + minor % MOST),
            (account, self.house(AccountKind.COMMISSION, currency), 1 + part % 50),
        ]
        self.post(JournalKind.ORDER_PAYMENT, moves)

    def give(self, giver: int, taker: int, currency: int, minor: int, _e: int) -> bool | None:
        if giver % CUSTOMERS == taker % CUSTOMERS:
            return False
        self.post(
            JournalKind.TRANSFER, [(self.wallet(giver, currency), self.wallet(taker, currency), 1 + minor % MOST)]
        )
        return None

    def mix(self, giver: int, taker: int, currency: int, minor: int, _e: int) -> None:
        """A leg between two currencies: refused, whatever else is in the batch."""
        legs = (Leg(self.wallet(giver, currency), self.wallet(taker, currency + 1), self.money(minor, currency)),)
        odd = Transfer("history", self.key(), JournalKind.TRANSFER, legs)
        fine = Transfer("history", self.key(), JournalKind.TRANSFER, (self.small_leg(giver, currency),))
        with pytest.raises(UnknownAccountError):
            post_transfer(scope=odd.scope, key=odd.key, kind=odd.kind, legs=legs)
        with pytest.raises(UnknownAccountError):
            post_transfers(transfers=[fine, odd])

    def hold(self, who: int, currency: int, minor: int, _d: int, _e: int) -> None:
        payer, payee = self.wallet(who, currency), self.house(AccountKind.ESCROW, currency)
        order: dict[str, Any] = {
            "scope": "history",
            "key": self.key(),
            "payer": payer,
            "payee": payee,
            "lasts": timedelta(hours=1),
        }
        amount = self.money(minor, currency)
        fits = self.fits([(payer, payee, amount.minor)])
        if not fits:
            with pytest.raises(InsufficientFundsError):
                place_hold(**order, amount=amount)
            return
        placed = place_hold(**order, amount=amount)
        assert not placed.is_replay
        self.holds[placed.hold_id] = self.live[placed.hold_id] = HoldModel(payer, payee, amount.minor)
        self.done.append(
            Done(
                lambda: place_hold(**order, amount=amount).hold_id,
                placed.hold_id,
                lambda: place_hold(**order, amount=amount + amount),
            )
        )

    def lapse(self, which: int, *_rest: int) -> bool | None:
        """The hold's time passes; nobody has noticed yet."""
        active = [pk for pk, hold in self.live.items() if hold.left and not hold.is_lapsed]
        if not active:
            return False
        chosen = active[which % len(active)]
        Hold.objects.filter(pk=chosen).update(expires_at=PAST)
        self.holds[chosen].is_lapsed = True
        return None

    def capture(self, which: int, minor: int, final: int, whole: int, _e: int) -> bool | None:
        if not self.holds:
            return False
        pk = self.some_hold(which)
        hold = self.holds[pk]
        amount = None if whole % 4 == 0 else Money(1 + minor % MOST, hold.payer.currency)
        order: dict[str, Any] = {"hold_id": pk, "key": self.key(), "is_final": bool(final % 2)}
        take = hold.left if amount is None else amount.minor
        if hold.state == Hold.State.ACTIVE and take > hold.left:
            with pytest.raises(CaptureExceedsHoldError):
                capture_hold(**order, amount=amount)
            return None
        if hold.state != Hold.State.ACTIVE or hold.is_lapsed:
            with pytest.raises(HoldNotActiveError):
                capture_hold(**order, amount=amount)
            return None
        posted = capture_hold(**order, amount=amount)
        assert not posted.is_replay
        self.record(posted.journal_id, [(hold.payer, hold.payee, take)], Tally.SPENT, hold_id=pk)
        hold.captured += take
        if order["is_final"] or hold.captured == hold.amount:
            hold.state = Hold.State.CAPTURED
        other = Money(take + 1, hold.payer.currency)
        self.done.append(
            Done(
                lambda: capture_hold(**order, amount=amount),
                replace(posted, is_replay=True),
                lambda: capture_hold(**order, amount=other),
            )
        )
        return None

    def release(self, which: int, *_rest: int) -> bool | None:
        if not self.holds:
            return False
        pk = self.some_hold(which)
        hold = self.holds[pk]
        if hold.state in {Hold.State.CAPTURED, Hold.State.EXPIRED}:
            with pytest.raises(HoldNotActiveError):
                release_hold(hold_id=pk)
            return None
        release_hold(hold_id=pk)
        hold.state = Hold.State.RELEASED
        return None

    def reverse(self, which: int, *_rest: int) -> bool | None:
        open_ones = [number for number, journal in self.journals.items() if not journal.is_reversed]
        if not open_ones:
            return False
        number = open_ones[-1 - which % min(len(open_ones), 50)]
        journal = self.journals[number]
        if journal.is_reversal:
            with pytest.raises(NotReversibleError):
                reverse_transfer(journal_id=number)
            return None
        moves = [(credit, debit, minor) for debit, credit, minor in reversed(journal.moves)]
        if not self.fits(moves):
            with pytest.raises(InsufficientFundsError):
                reverse_transfer(journal_id=number)
            return None
        posted = reverse_transfer(journal_id=number)
        assert not posted.is_replay
        self.record(posted.journal_id, moves, undone(journal.tally), is_reversal=True)
        journal.is_reversed = True
        if journal.hold_id is not None:
            self.holds[journal.hold_id].refunded += sum(minor for *_keys, minor in moves)
        self.done.append(Done(lambda: reverse_transfer(journal_id=number), replace(posted, is_replay=True)))
        return None

    def batch(self, who: int, currency: int, minor: int, count: int, old: int) -> None:
        """Some transfers of both currencies at once, now and then with one that was posted before."""
        asked: list[tuple[JournalKind, Moves]] = []
        for number in range(2 + count % 4):
            payer, mine = self.wallet(who + number, currency + number // 2), currency + number // 2
            payee = self.wallet(who + number + 1, mine) if number % 2 else self.house(AccountKind.ESCROW, mine)
            kind = JournalKind.TRANSFER if number % 2 else JournalKind.ORDER_PAYMENT
            asked.append((kind, [(payer, payee, 1 + (minor + 97 * number) % MOST)]))
        transfers = [self.transfer(kind, moves) for kind, moves in asked]
        if not self.fits([move for _kind, moves in asked for move in moves]):
            with pytest.raises(InsufficientFundsError):
                post_transfers(transfers=transfers)
            return
        before = self.last_batch[old % 2 :] if old % 3 == 0 else []
        posted = post_transfers(transfers=[*transfers, *before])
        assert [each.is_replay for each in posted] == [False] * len(transfers) + [True] * len(before)
        for (kind, moves), each in zip(asked, posted, strict=False):
            self.record(each.journal_id, moves, tally_of(kind))
        answers = [replace(each, is_replay=True) for each in posted[: len(transfers)]]
        last = transfers[-1].legs[0]
        other = replace(transfers[-1], legs=(replace(last, amount=last.amount + last.amount),))
        fresh = self.transfer(JournalKind.TRANSFER, [(self.house(AccountKind.EQUITY, 0), self.wallet(0, 0), 1)])
        self.done.append(
            Done(
                lambda: post_transfers(transfers=transfers),
                answers,
                lambda: post_transfers(transfers=[fresh, other]),
            )
        )
        self.last_batch = transfers

    last_batch: Sequence[Transfer] = ()

    def replay(self, which: int, *_rest: int) -> bool | None:
        """Something from earlier once more: the same answer and no effect."""
        if not self.done:
            return False
        done = self.done[which % len(self.done)]
        assert done.again() == done.answer
        return None

    def reuse(self, which: int, *_rest: int) -> bool | None:
        """An earlier key with other content: refused."""
        otherwise = self.done[which % len(self.done)].otherwise if self.done else None
        if otherwise is None:
            return False
        with pytest.raises(KeyReusedError):
            otherwise()
        return None

    def tidy(self, *_rest: int) -> None:
        free_lapsed_holds()
        for hold in self.live.values():
            if hold.is_lapsed and hold.state == Hold.State.ACTIVE:
                hold.state = Hold.State.EXPIRED
        roll_up_deltas()

    # --- the model

    def compare(self) -> None:
        """Every account and every sum is as it should be, and nothing was written that should not have been."""
        self.live = {pk: hold for pk, hold in self.live.items() if hold.state == Hold.State.ACTIVE}
        rows = {AccountKey(row.owner_kind, row.owner_id, row.kind, row.currency): row for row in self.accounts()}
        sums = dict.fromkeys(CURRENCIES, 0)
        for key, row in rows.items():
            mine = self.books.get(key, Figures())
            held = self.held(key)
            sums[key.currency] += row.balance
            if key.is_strict:
                figures = (row.posted, row.held, row.deposited, row.spent)
                assert figures == (mine.posted, held, mine.deposited, mine.spent), key
                assert row.posted - row.held >= 0, key
            else:
                assert (row.balance, row.held) == (mine.posted, 0), key
        assert not any(sums.values()), sums
        assert {key for key, figures in self.books.items() if figures.posted} <= rows.keys()
        assert Journal.objects.count() == len(self.journals)

    def examine(self) -> None:
        """All of it: holds one by one, postings, every invariant."""
        for pk, captured, refunded, state in Hold.objects.values_list("pk", "captured", "refunded", "state"):
            hold = self.holds[pk]
            assert (captured, refunded, state) == (hold.captured, hold.refunded, hold.state), pk
        assert Posting.objects.count() == sum(len(journal.moves) for journal in self.journals.values())
        # The ledger's own rules: no provider stands behind the deposits of a random history.
        assert find_faults(LEDGER, at=timezone.now(), is_full=True) == []

    def accounts(self) -> Any:
        return with_balance(Account.objects.all())

    def held(self, key: AccountKey, *, also_lapsed: bool = True) -> int:
        return sum(
            hold.left for hold in self.live.values() if hold.payer == key and (also_lapsed or not hold.is_lapsed)
        )

    def fits(self, moves: Moves) -> bool:
        """Whether all of it can be paid; if so, lapsed holds in its way are gone."""
        needs: dict[AccountKey, int] = {}
        for debit, _credit, minor in moves:
            if debit.is_strict:
                needs[debit] = needs.get(debit, 0) + minor
        posted = {key: self.books.get(key, Figures()).posted for key in needs}
        if any(posted[key] - self.held(key, also_lapsed=False) < need for key, need in needs.items()):
            return False
        for key, need in needs.items():
            if posted[key] - self.held(key) < need:
                for hold in self.live.values():
                    if hold.payer == key and hold.is_lapsed and hold.state == Hold.State.ACTIVE:
                        hold.state = Hold.State.EXPIRED
        return True

    def post(self, kind: JournalKind, moves: Moves) -> None:
        transfer = self.transfer(kind, moves)

        def call(legs: Sequence[Leg]) -> Any:
            return post_transfer(scope=transfer.scope, key=transfer.key, kind=kind, legs=legs)

        if not self.fits(moves):
            with pytest.raises(InsufficientFundsError):
                call(transfer.legs)
            return
        posted = call(transfer.legs)
        assert not posted.is_replay
        self.record(posted.journal_id, moves, tally_of(kind))
        other = [replace(leg, amount=leg.amount + leg.amount) for leg in transfer.legs]
        self.done.append(Done(lambda: call(transfer.legs), replace(posted, is_replay=True), lambda: call(other)))

    def transfer(self, kind: JournalKind, moves: Moves) -> Transfer:
        legs = tuple(Leg(debit, credit, Money(minor, debit.currency)) for debit, credit, minor in moves)
        return Transfer("history", self.key(), kind, legs)

    def record(self, number: int, moves: Moves, tally: Tally, **facts: Any) -> None:
        assert number not in self.journals
        self.journals[number] = JournalModel(moves, tally, **facts)
        for debit, credit, minor in moves:
            payer, payee = self.books.setdefault(debit, Figures()), self.books.setdefault(credit, Figures())
            payer.posted -= minor
            payee.posted += minor
            payer.spent += minor if tally == Tally.SPENT else 0
            payee.spent -= minor if tally == Tally.SPENT_BACK else 0
            payee.deposited += minor if tally == Tally.DEPOSITED else 0
            payer.deposited -= minor if tally == Tally.DEPOSIT_BACK else 0

    def key(self) -> str:
        self.keys += 1
        return f"k{self.keys}"

    def some_hold(self, which: int) -> UUID:
        """A recent one, rather: those of long ago are all over."""
        recent = list(self.holds)[-12:]
        return recent[which % len(recent)]

    def wallet(self, who: int, currency: int) -> AccountKey:
        return wallet(self.customers[who % CUSTOMERS], CURRENCIES[currency % len(CURRENCIES)])

    def house(self, kind: AccountKind, currency: int) -> AccountKey:
        return AccountKey.house(kind, CURRENCIES[currency % len(CURRENCIES)])

    def money(self, minor: int, currency: int) -> Money:
        return Money(1 + minor % MOST, CURRENCIES[currency % len(CURRENCIES)])

    def small_leg(self, who: int, currency: int) -> Leg:
        return Leg(self.house(AccountKind.EQUITY, currency), self.wallet(who, currency), self.money(0, currency))

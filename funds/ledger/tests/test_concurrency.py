"""The ledger under many at once (PostgreSQL), and the same race with the guard removed."""

import threading
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from funds.ledger.models import Account, AccountDelta, AccountKind, Hold, JournalKind, Posting, Tally
from funds.ledger.orm_engine import OrmEngine
from funds.ledger.ports import LedgerEngine
from funds.ledger.postgres_engine import PostgresEngine
from funds.ledger.selectors import balance_of, trial_balance
from funds.ledger.services import capture_hold, place_hold, post_transfer, release_hold, roll_up_deltas
from funds.ledger.terms import AccountKey, Leg, Transfer
from funds.verification import verify_books
from marketplace.core.errors import DomainError
from marketplace.core.money import Money

from .factories import customer_with, posted_and_held, wallet
from .racing import race

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ESCROW = AccountKey.house(AccountKind.ESCROW, "MXN")
RUNNERS = 12
ENGINES = pytest.mark.parametrize("engine", [OrmEngine(), PostgresEngine()], ids=["orm", "postgres"])


def spend(customer, minor: int, key: str = "") -> Transfer:
    return Transfer(
        "test",
        key or uuid4().hex,
        JournalKind.ORDER_PAYMENT,
        (Leg(wallet(customer), ESCROW, Money(minor, "MXN")),),
        tally=Tally.SPENT,
    )


def set_aside(customer, minor: int, lasts: timedelta = timedelta(minutes=1)):
    return place_hold(
        scope="test", key=uuid4().hex, payer=wallet(customer), payee=ESCROW, amount=Money(minor, "MXN"), lasts=lasts
    ).hold_id


@ENGINES
def test_exactly_what_fits_is_spent(engine: LedgerEngine):
    customer = customer_with(500)

    outcomes = race(lambda _number: engine.post(spend(customer, 100)), RUNNERS)

    assert outcomes == {"done": 5, "insufficient_funds": RUNNERS - 5}
    assert posted_and_held(customer) == (0, 0)
    assert balance_of(ESCROW) == Money(500, "MXN")


class CarelessEngine(OrmEngine):
    """Looks at the balance without a lock, and everybody looks before anybody writes."""

    def __init__(self) -> None:
        self.looked = threading.Barrier(RUNNERS)

    def _lock_accounts(self, numbers: Iterable[int]) -> dict[int, Account]:
        accounts = Account.objects.in_bulk(set(numbers))
        self.looked.wait(timeout=20)
        return accounts


@pytest.fixture
def _without_floor() -> Iterator[None]:
    (floor,) = (each for each in Account._meta.constraints if each.name == "funds_account_floor")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Account, floor)
    yield
    Account.objects.filter(posted__lt=0).update(posted=0)
    with connection.schema_editor() as editor:
        editor.add_constraint(Account, floor)


@pytest.mark.breaks_books
@pytest.mark.usefixtures("_without_floor")
def test_the_race_sees_it_when_the_guard_is_removed():
    customer = customer_with(500)
    PostgresEngine().post(spend(customer_with(1), 1))  # escrow is open: nobody waits for somebody who opens it
    careless = CarelessEngine()

    outcomes = race(lambda _number: careless.post(spend(customer, 100)), RUNNERS)

    assert outcomes == {"done": RUNNERS}
    assert posted_and_held(customer) == (500 - RUNNERS * 100, 0)


@pytest.mark.breaks_books
def test_without_lock_the_constraint_still_stands():
    customer = customer_with(500)
    PostgresEngine().post(spend(customer_with(1), 1))  # escrow is open: nobody waits for somebody who opens it
    careless = CarelessEngine()

    outcomes = race(lambda _number: careless.post(spend(customer, 100)), RUNNERS)

    assert outcomes["done"] == 5
    assert posted_and_held(customer) == (0, 0)
    # The running balance was written from a stale look, and the examination sees that too.
    assert {fault.invariant.name for fault in verify_books(at=timezone.now(), is_full=True)} == {
        "running_balance_is_unbroken"
    }


@ENGINES
def test_one_key_has_one_effect(engine: LedgerEngine):
    customer = customer_with(500)
    order = spend(customer, 500, key="once")
    answers = []

    outcomes = race(lambda _number: answers.append(engine.post(order)), RUNNERS)

    assert outcomes == {"done": RUNNERS}
    assert len({answer.journal_id for answer in answers}) == 1
    assert sorted(answer.is_replay for answer in answers) == [False] + [True] * (RUNNERS - 1)
    assert posted_and_held(customer) == (0, 0)


@ENGINES
def test_crossing_transfers_do_not_deadlock(engine: LedgerEngine):
    left, right = customer_with(100_000), customer_with(100_000)

    def back_and_forth(number: int) -> None:
        giver, taker = (left, right) if number % 2 else (right, left)
        for _ in range(10):
            legs = (Leg(wallet(giver), wallet(taker), Money(7, "MXN")),)
            engine.post(Transfer("test", uuid4().hex, JournalKind.TRANSFER, legs))

    assert race(back_and_forth, RUNNERS) == {"done": RUNNERS}
    assert posted_and_held(left) == posted_and_held(right) == (100_000, 0)


@ENGINES
def test_accounts_open_once(engine: LedgerEngine):
    customer = customer_with(1_000)
    fees = AccountKey.house(AccountKind.FEES, "MXN")

    def pay_a_fee(_number: int) -> None:
        engine.post(
            Transfer("test", uuid4().hex, JournalKind.TRANSFER, (Leg(wallet(customer), fees, Money(1, "MXN")),))
        )

    assert race(pay_a_fee, RUNNERS) == {"done": RUNNERS}
    assert Account.objects.filter(kind=AccountKind.FEES).count() == 1
    assert balance_of(fees) == Money(RUNNERS, "MXN")


def test_a_hold_is_captured_by_one_of_many():
    customer = customer_with(1_000)
    hold = set_aside(customer, 600)

    outcomes = race(lambda number: capture_hold(hold_id=hold, key=str(number)), RUNNERS)

    assert outcomes == {"done": 1, "hold_not_active": RUNNERS - 1}
    assert posted_and_held(customer) == (400, 0)


def test_capture_and_release_have_one_winner():
    customer = customer_with(10_000)
    for _ in range(10):
        hold = set_aside(customer, 100)

        def act(number: int, hold=hold) -> None:
            if number % 2:
                release_hold(hold_id=hold)
            else:
                capture_hold(hold_id=hold, key=str(number))

        outcomes = race(act, 4)

        captured = Hold.objects.get(pk=hold).state == Hold.State.CAPTURED
        # Releasing twice is harmless, capturing twice is not.
        assert outcomes == ({"done": 1, "hold_not_active": 3} if captured else {"done": 2, "hold_not_active": 2})
    assert posted_and_held(customer)[1] == 0


def test_capture_against_expiry_is_never_both():
    for _ in range(25):
        customer = customer_with(1_000)
        hold = set_aside(customer, 1_000, lasts=timedelta(milliseconds=40))

        def act(number: int, customer=customer, hold=hold) -> None:
            time.sleep(0.037)
            if number:
                capture_hold(hold_id=hold, key="")
                return
            for attempt in range(50):
                try:
                    post_transfer(
                        scope="test", key=f"{hold}", kind=JournalKind.ORDER_PAYMENT, legs=spend(customer, 1_000).legs
                    )
                except DomainError:
                    if attempt == 49 or Hold.objects.get(pk=hold).state == Hold.State.CAPTURED:
                        raise
                    time.sleep(0.001)
                else:
                    return

        outcomes = race(act, 2)

        assert outcomes["done"] == 1
        assert posted_and_held(customer) == (0, 0)
    assert balance_of(ESCROW) == Money(25 * 1_000, "MXN")


def test_rolling_up_under_load_loses_nothing():
    customers = [customer_with(1_000) for _ in range(RUNNERS - 2)]

    def act(number: int) -> None:
        if number >= len(customers):
            for _ in range(15):
                roll_up_deltas(batch=7)
            return
        for _ in range(20):
            PostgresEngine().post(spend(customers[number], 10))

    assert race(act, RUNNERS) == {"done": RUNNERS}
    assert balance_of(ESCROW) == Money(len(customers) * 200, "MXN")
    roll_up_deltas()
    assert AccountDelta.objects.count() == 0
    assert balance_of(ESCROW) == Money(len(customers) * 200, "MXN")


def test_a_busy_house_account_is_never_locked():
    first, second = customer_with(100), customer_with(100)
    PostgresEngine().post(spend(first, 10))
    escrow = Account.objects.get(kind=AccountKind.ESCROW)

    def act(_number: int) -> None:
        PostgresEngine().post(spend(second, 10))

    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM funds_account WHERE id = %s FOR UPDATE", [escrow.pk])
        outcomes = race(act, 1)
        cursor.execute("ROLLBACK")

    assert outcomes == {"done": 1}


@ENGINES
def test_one_batch_at_once_has_one_effect(engine: LedgerEngine):
    customers = [customer_with(100) for _ in range(3)]
    batch = [spend(customer, 100, f"key-{number}") for number, customer in enumerate(customers)]
    answers = []

    outcomes = race(lambda _number: answers.append(engine.post_many(batch)), RUNNERS)

    assert outcomes == {"done": RUNNERS}
    assert len({posted.journal_id for answer in answers for posted in answer}) == 3
    assert sum(not posted.is_replay for answer in answers for posted in answer) == 3
    assert [posted_and_held(customer) for customer in customers] == [(0, 0)] * 3


@ENGINES
def test_batches_that_cross_do_not_block_each_other_for_good(engine: LedgerEngine):
    customers = [customer_with(10_000) for _ in range(6)]

    def act(number: int) -> None:
        for _ in range(5):
            order = customers[number % 6 :] + customers[: number % 6]
            engine.post_many([give(payer, payee, 1) for payer, payee in pairwise(order)])

    outcomes = race(act, RUNNERS)

    assert outcomes == {"done": RUNNERS}
    assert sum(posted_and_held(customer)[0] for customer in customers) == 60_000


@ENGINES
def test_batches_of_lazy_accounts_meet_at_their_keys(engine: LedgerEngine):
    # Nothing is locked here, so both find their keys unused and meet when they write them.
    house = AccountKey.house(AccountKind.EQUITY, "MXN")
    engine.post(move(house, ESCROW, 1, "open"))
    answers = []

    def act(number: int) -> None:
        minor = 1 + number % 2
        batch = [move(house, ESCROW, 5, f"own-{number}"), *(move(house, ESCROW, minor, f"key-{n}") for n in range(20))]
        answers.append(engine.post_many(batch))

    outcomes = race(act, RUNNERS)

    assert outcomes == {"done": RUNNERS // 2, "ledger_key_reused": RUNNERS // 2}
    assert sum(not posted.is_replay for answer in answers for posted in answer[1:]) == 20
    minor = Posting.objects.get(journal__idem_key="key-0").amount
    assert balance_of(ESCROW) == Money(1 + 5 * RUNNERS // 2 + 20 * minor, "MXN")


def test_the_books_balance_whenever_one_looks():
    customer = customer_with(100_000)
    looks: list[bool] = []
    over = threading.Event()

    def act(number: int) -> None:
        if number == 0:
            while not over.is_set():
                looks.append(trial_balance().is_balanced)
            return
        for _ in range(100):
            PostgresEngine().post(spend(customer, 1))
            roll_up_deltas()
        over.set()

    outcomes = race(act, 3)

    assert outcomes == {"done": 3}
    assert len(looks) > 10
    assert all(looks)


def give(payer, payee, minor: int) -> Transfer:
    return move(wallet(payer), wallet(payee), minor, uuid4().hex)


def move(debit: AccountKey, credit: AccountKey, minor: int, key: str) -> Transfer:
    return Transfer("test", key, JournalKind.TRANSFER, (Leg(debit, credit, Money(minor, "MXN")),))

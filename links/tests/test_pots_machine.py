"""Contributions, claims, closings, purchases and what becomes of gifts, in any order (Hypothesis): after each step pots
and ledger say the same, nobody is charged twice, and what has ended is empty.

Short unless told otherwise: POTS_MACHINE_EXAMPLES histories of POTS_MACHINE_STEPS steps each. A failure names its seed,
which POTS_MACHINE_SEED gives again.
"""

import os
import random
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from funds.facade import InsufficientFundsError, pot_balances, verify_books
from links.gift_lists.errors import GiftClaimedError, GiftListClosedError, GiftNotWantedError
from links.gift_lists.models import Gift, GiftList
from links.gift_lists.services.buying import return_to_pots, take_from_pots
from links.gift_lists.services.claims import claim_gift, release_claim
from links.gift_lists.services.gifts import (
    mark_gift_received,
    mark_gift_wanted,
    receive_gift,
    remove_gift,
)
from links.gift_lists.services.giving import give_to_person, give_towards_gift, give_towards_list
from links.gift_lists.services.lists import close_list
from links.gift_lists.tests.factories import giving, make_gift, make_list, mxn, ordering, person, purse
from links.models import Contribution, PotUse
from links.pots.errors import GiftFundedError
from links.pots.verification import pots_in_balance

EXAMPLES = int(os.environ.get("POTS_MACHINE_EXAMPLES", "2"))
STEPS = int(os.environ.get("POTS_MACHINE_STEPS", "60"))
SEED = int(os.environ.get("POTS_MACHINE_SEED", str(random.SystemRandom().randrange(2**32))))
OPENING = 40_000
NUMBERS = st.integers(0, 10**6)
REFUSALS = (
    GiftClaimedError, GiftFundedError, GiftListClosedError, GiftNotWantedError, InsufficientFundsError,
)  # fmt: skip


class PotsMachine(RuleBasedStateMachine):
    """Two owners with lists of every kind, three givers."""

    def __init__(self) -> None:
        super().__init__()
        # Each call inside stays a transaction of its own to the lock order, as below Django's TestCase.
        self.outer = transaction.atomic()
        self.outer._from_testcase = True  # type: ignore[attr-defined]
        self.outer.__enter__()
        self.owners = [person(OPENING), person(OPENING)]
        self.givers = [person(OPENING) for _ in range(3)]
        terms = [(on_close, over) for on_close in ("refund", "to_wallet") for over in ("refuse", "to_list")]
        self.lists = [
            make_list(self.owners[number % 2], on_close=on_close, overfunding=over)
            for number, (on_close, over) in enumerate(terms)
        ]
        prices = (3_000, None, 9_001)
        self.gifts = [make_gift(gift_list, price=price) for gift_list in self.lists for price in prices]
        self.purchases: list[tuple[str, Gift]] = []
        self.claims: list[Any] = []
        self.given: list[tuple[Callable[[], Any], list[Any]]] = []

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)

    # --- steps

    @rule(who=NUMBERS, which=NUMBERS, minor=st.integers(1, 6_000))
    def give_to_a_gift(self, who: int, which: int, minor: int) -> None:
        giver, gift = self.pick([*self.givers, *self.owners], who), self.pick(self.gifts, which)
        words = giving(giver)
        self.give(giver, minor, lambda: give_towards_gift(giving=words, gift_id=gift.pk, amount=mxn(minor)))

    @rule(who=NUMBERS, which=NUMBERS, minor=st.integers(1, 6_000))
    def give_to_a_list(self, who: int, which: int, minor: int) -> None:
        giver, gift_list = self.pick([*self.givers, *self.owners], who), self.pick(self.lists, which)
        words = giving(giver)
        self.give(giver, minor, lambda: give_towards_list(giving=words, gift_list_id=gift_list.pk, amount=mxn(minor)))

    @rule(who=NUMBERS, which=NUMBERS, minor=st.integers(1, 6_000))
    def give_to_an_owner(self, who: int, which: int, minor: int) -> None:
        giver, gift_list = self.pick(self.givers, who), self.pick(self.lists, which)
        words = giving(giver)
        self.give(giver, minor, lambda: give_to_person(giving=words, gift_list_id=gift_list.pk, amount=mxn(minor)))

    @rule(which=NUMBERS)
    def give_again(self, which: int) -> None:
        """The same key: the same contributions, and nobody is charged."""
        if self.given:
            again, rows = self.pick(self.given, which)
            before = self.purses()
            assert again() == rows
            assert self.purses() == before

    @rule(who=NUMBERS, which=NUMBERS)
    def claim(self, who: int, which: int) -> None:
        gift, claimer = self.pick(self.gifts, which), self.pick(self.givers, who)
        made = self.attempt(lambda: claim_gift(gift_id=gift.pk, claimer_id=claimer.pk, guest_name=""))
        if made is not None:
            self.claims.append(made[0])

    @rule(which=NUMBERS)
    def take_the_claim_back(self, which: int) -> None:
        if self.claims:
            release_claim(claim=self.pick(self.claims, which), at=timezone.now())

    @rule(which=NUMBERS, minor=st.integers(1, 12_000))
    def buy(self, which: int, minor: int) -> None:
        """As an automatic purchase does: the gift is ordered, pots give what they have, once."""
        gift, key = self.pick(self.gifts, which), uuid4().hex
        if self.attempt(lambda: [ordering(gift)]):
            owner = self.owner_of(gift)
            there = self.balance(gift.pk) + self.balance(gift.gift_list_id)
            before = purse(owner)
            shares = [take_from_pots(gift_id=gift.pk, amount=mxn(minor), key=key) for _again in range(2)]
            taken = min(minor, there)
            assert [share.amount.minor for share in shares] == ([taken] * 2)
            assert purse(owner) == before + taken
            self.purchases.append((key, gift))

    @rule(which=NUMBERS, part=st.one_of(st.none(), st.integers(1, 8_000)))
    def give_back(self, which: int, part: int | None) -> None:
        """The purchase came to nothing, or cost less."""
        if self.purchases:
            key, gift = self.pick(self.purchases, which)
            self.attempt(lambda: return_to_pots(key=key, amount=None if part is None else mxn(part)) or True)
            if part is None:
                mark_gift_wanted(gift_id=gift.pk)

    @rule(which=NUMBERS, by_hand=st.booleans())
    def receive(self, which: int, by_hand: bool) -> None:
        gift = self.pick(self.gifts, which)
        if by_hand and Gift.objects.get(pk=gift.pk).state != Gift.State.REMOVED:
            receive_gift(gift_id=gift.pk, expected_version=None, at=timezone.now())
        else:
            mark_gift_received(gift_id=gift.pk, at=timezone.now())

    @rule(which=NUMBERS)
    def remove(self, which: int) -> None:
        gift = self.pick(self.gifts, which)
        if Gift.objects.get(pk=gift.pk).state != Gift.State.REMOVED:
            self.attempt(lambda: remove_gift(gift_id=gift.pk, expected_version=None, is_owner=True))

    @rule(which=NUMBERS)
    def wish(self, which: int) -> None:
        gift_list = self.pick(self.lists, which)
        gift = self.attempt(lambda: make_gift(gift_list, price=5_000))
        if gift is not None:
            self.gifts.append(gift)

    @rule(which=NUMBERS, really=st.integers(0, 5))
    def close(self, which: int, really: int) -> None:
        """Seldom, so that something happens before; then twice."""
        if really == 0:
            for _again in range(2):
                close_list(gift_list_id=self.pick(self.lists, which).pk, at=timezone.now())

    # --- what always holds

    @invariant()
    def pots_and_ledger_say_the_same(self) -> None:
        assert pots_in_balance() == []
        assert verify_books(at=timezone.now(), is_full=False) == []

    @invariant()
    def no_money_comes_or_goes(self) -> None:
        in_pots = sum(balance.minor for balance in pot_balances().values())
        assert sum(self.purses()) + in_pots == OPENING * 5

    @invariant()
    def what_has_ended_is_empty(self) -> None:
        balances = pot_balances()
        closed = GiftList.objects.filter(state=GiftList.State.CLOSED)
        over = Gift.objects.filter(Q(gift_list__in=closed) | Q(state__in=["received", "removed"]))
        ended = {*closed.values_list("pk", flat=True), *over.values_list("pk", flat=True)}
        assert not any(balances[pot].minor for pot in ended & balances.keys())

    @invariant()
    def contributions_went_where_the_list_had_promised(self) -> None:
        for row in Contribution.objects.filter(beneficiary__isnull=True).select_related("gift_list", "gift__gift_list"):
            gift_list = row.gift_list or row.gift.gift_list  # type: ignore[union-attr]
            wrong = row.moved_minor if gift_list.on_close == GiftList.OnClose.REFUND else row.refunded_minor
            assert wrong == 0

    @invariant()
    def uses_took_what_their_shares_say(self) -> None:
        for use in PotUse.objects.all():
            assert sum(use.shares.values()) == use.amount_minor

    # --- tools

    def give(self, giver: Any, minor: int, work: Callable[[], Any]) -> None:
        """Charged exactly once, or refused and not at all. Who gives to their own wallet does not exist here."""
        before = purse(giver)
        rows = self.attempt(work)
        if rows is not None:
            self.given.append((work, rows))
        assert purse(giver) == before - (0 if rows is None else minor)

    def attempt(self, work: Callable[[], Any]) -> Any:
        """None when it was refused, and then nothing has changed."""
        before = self.snapshot()
        try:
            with transaction.atomic():
                return work()
        except REFUSALS:
            assert self.snapshot() == before
            return None

    def snapshot(self) -> Any:
        columns = ("pk", "used_minor", "refunded_minor", "moved_minor")
        return (
            list(Contribution.objects.order_by("pk").values_list(*columns)),
            list(PotUse.objects.order_by("pk").values_list("pk", "returned_minor")),
            list(Gift.objects.order_by("pk").values_list("pk", "state")),
            pot_balances(),
            self.purses(),
        )

    def purses(self) -> list[int]:
        return [purse(user) for user in (*self.owners, *self.givers)]

    def balance(self, pot: Any) -> int:
        found = pot_balances([pot])
        return found[pot].minor if pot in found else 0

    def owner_of(self, gift: Gift) -> Any:
        return next(owner for owner in self.owners if owner.pk == gift.gift_list.owner_id)

    @staticmethod
    def pick(things: list[Any], number: int) -> Any:
        return things[number % len(things)]


@pytest.mark.django_db
@pytest.mark.slow
def test_whatever_happens_to_pots_they_and_the_ledger_agree():
    how = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )

    try:
        run_state_machine_as_test(seed(SEED)(PotsMachine), settings=how)
    except BaseException as failure:
        failure.add_note(f"POTS_MACHINE_SEED={SEED}")
        raise

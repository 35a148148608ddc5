"""Plans, schedules, the engine, answers, staff, friends' money and closings in any order (Hypothesis): after each step
pots and ledger reconcile, and every wallet holds exactly what came in less what its owner has really paid for.

Short unless told otherwise: AUTOBUY_MACHINE_EXAMPLES histories of AUTOBUY_MACHINE_STEPS steps each. A failure names its
seed, which AUTOBUY_MACHINE_SEED gives again.
"""

import os
import random
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Count, F, Sum
from django.utils import timezone
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from funds.facade import verify_books, wallets_of
from funds.ledger.models import Hold
from links.gift_lists.services.claims import claim_gift, release_claim
from links.gift_lists.services.lists import close_list
from links.gift_lists.tests.factories import make_list
from links.models import Contribution, Page, PotUse
from links.pots.verification import pots_in_balance
from marketplace.core.errors import DomainError
from promotions.flash.tests.factories import make_variant
from purchases.autobuy import services
from purchases.autobuy.models import AutoPurchase, Plan, PurchaseTicket, Schedule
from purchases.autobuy.services.schedules import Trigger
from purchases.checkout.tests.factories import mxn, shopper
from purchases.models import Order
from purchases.orders.services import cancel_order
from users.accounts.tests.factories import AdministratorFactory

from .factories import buyer, catalogue_gift, contribute, give_more, outside_gift, run, schedule, wake

EXAMPLES = int(os.environ.get("AUTOBUY_MACHINE_EXAMPLES", "2"))
STEPS = int(os.environ.get("AUTOBUY_MACHINE_STEPS", "40"))
SEED = int(os.environ.get("AUTOBUY_MACHINE_SEED", str(random.SystemRandom().randrange(2**32))))
OPENING = 120_000
NUMBERS = st.integers(0, 10**6)
LIVE = AutoPurchase.LIVE


class AutobuyMachine(RuleBasedStateMachine):
    """Two owners, each with three wishes in other shops and one of the catalogue; two friends; a clerk."""

    def __init__(self) -> None:
        super().__init__()
        # Each call inside stays a transaction of its own to the lock order, as below Django's TestCase.
        self.outer = transaction.atomic()
        self.outer._from_testcase = True  # type: ignore[attr-defined]
        self.outer.__enter__()
        self.owners = [buyer(OPENING), buyer(OPENING)]
        self.friends = [shopper(OPENING), shopper(OPENING)]
        self.came_in = dict.fromkeys((person.pk for person in (*self.owners, *self.friends)), OPENING)
        self.clerk = AdministratorFactory.create()
        self.lists = [
            make_list(owner, on_close=on_close, overfunding="to_list")
            for owner, on_close in zip(self.owners, ("refund", "to_wallet"), strict=True)
        ]
        self.gifts = [
            gift
            for wishes in self.lists
            for gift in (
                *(outside_gift(wishes, minor) for minor in (20_001, 35_000, 70_000)),
                catalogue_gift(wishes, make_variant(on_hand=2)),
            )
        ]
        self.claims: list[Any] = []
        for wishes in self.lists:
            schedule(wishes)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)

    # --- steps

    @rule(who=NUMBERS, which=NUMBERS, minor=st.integers(1, 30_000), to_list=st.booleans())
    def give(self, who: int, which: int, minor: int, to_list: bool) -> None:
        subject = self.pick(self.lists, which) if to_list else self.pick(self.gifts, which)
        self.attempt(lambda: contribute(self.pick(self.friends, who), subject, minor))

    @rule(who=NUMBERS, minor=st.integers(1, 50_000))
    def top_up(self, who: int, minor: int) -> None:
        owner = self.pick(self.owners, who)
        give_more(owner, minor)
        self.came_in[owner.pk] += minor
        wake(owner)

    @rule(who=NUMBERS, which=NUMBERS)
    def claim(self, who: int, which: int) -> None:
        gift, friend = self.pick(self.gifts, which), self.pick(self.friends, who)
        made = self.attempt(lambda: claim_gift(gift_id=gift.pk, claimer_id=friend.pk, guest_name=""))
        if made is not None:
            self.claims.append(made[0])

    @rule(which=NUMBERS)
    def take_the_claim_back(self, which: int) -> None:
        if self.claims:
            release_claim(claim=self.pick(self.claims, which), at=timezone.now())

    @rule(which=NUMBERS, of_list=st.booleans(), at_most=st.one_of(st.none(), st.integers(10_000, 80_000)))
    def plan(self, which: int, of_list: bool, at_most: int | None) -> None:
        kind = Schedule.Kind.BALANCE if at_most is None else Schedule.Kind.TARGET_PRICE
        trigger = Trigger(kind=kind, target=None if at_most is None else mxn(at_most))
        subject = self.pick(self.lists, which) if of_list else self.pick(self.gifts, which)
        self.attempt(lambda: schedule(subject, trigger))

    @rule(who=NUMBERS, is_enabled=st.booleans(), ask_hours=st.sampled_from([None, 24]))
    def change_plan(self, who: int, is_enabled: bool, ask_hours: int | None) -> None:
        changes = {"is_enabled": is_enabled, "ask_hours": ask_hours}
        services.change_plan(customer_id=self.pick(self.owners, who).pk, changes=changes, at=timezone.now())

    @rule(which=NUMBERS, minor=st.integers(10_000, 90_000))
    def price_moves(self, which: int, minor: int) -> None:
        page = self.pick(list(Page.objects.order_by("pk")), which)
        Page.objects.filter(pk=page.pk).update(price_minor=minor, read_at=timezone.now())
        for owner in self.owners:
            wake(owner)

    @rule()
    def engine(self) -> None:
        run()

    @rule(which=NUMBERS)
    def buy_by_hand(self, which: int) -> None:
        gift = self.pick(self.gifts, which)
        owner_id = gift.gift_list.owner_id
        self.attempt(lambda: services.buy_now(customer_id=owner_id, gift_id=gift.pk, at=timezone.now()))

    @rule(which=NUMBERS, says_yes=st.booleans())
    def answer(self, which: int, says_yes: bool) -> None:
        asked = list(AutoPurchase.objects.filter(state="asked").order_by("pk"))
        if asked:
            purchase = self.pick(asked, which)
            reply = services.approve if says_yes else services.decline
            who = {"purchase_id": purchase.pk, "customer_id": purchase.customer_id}
            self.attempt(lambda: reply(**who, at=timezone.now()))

    @rule(which=NUMBERS, percent=st.integers(1, 120))
    def staff_buy(self, which: int, percent: int) -> None:
        """At any cost: more than was set aside is refused."""
        for ticket in self.tickets(which):
            ids = {"ticket_id": ticket.pk, "actor_id": self.clerk.pk}
            cost = mxn(max(1, ticket.purchase.held_minor * percent // 100))
            services.claim(**ids)
            if self.attempt(partial(services.record_bought, **ids, cost=cost, at=timezone.now())) is None:
                services.put_back(**ids)

    @rule(which=NUMBERS)
    def staff_give_up(self, which: int) -> None:
        for ticket in self.tickets(which):
            services.claim(ticket_id=ticket.pk, actor_id=self.clerk.pk)
            gone = {"ticket_id": ticket.pk, "actor_id": self.clerk.pk, "at": timezone.now()}
            services.give_up(**gone, reason="Sold out there.")

    @rule(which=NUMBERS)
    def order_is_called_off(self, which: int) -> None:
        orders = list(Order.objects.filter(source="autobuy", state="paid").order_by("pk"))
        if orders:
            order = self.pick(orders, which)
            cancel_order(order_id=order.pk, actor_id=None, at=timezone.now(), customer_id=order.customer_id)
            services.follow_order(order_id=order.pk, at=timezone.now())

    @rule(which=NUMBERS, really=st.integers(0, 7))
    def close(self, which: int, really: int) -> None:
        """Seldom, so that something happens before."""
        if really == 0:
            close_list(gift_list_id=self.pick(self.lists, which).pk, at=timezone.now())

    # --- what always holds

    @invariant()
    def pots_and_ledger_say_the_same(self) -> None:
        assert pots_in_balance() == []
        assert verify_books(at=timezone.now(), is_full=False) == []

    @invariant()
    def nobody_is_charged_twice(self) -> None:
        """A gift has one live purchase; what is set aside is what purchases under way say, and no more."""
        twice = AutoPurchase.objects.filter(state__in=LIVE).values("gift").annotate(live=Count("pk")).filter(live__gt=1)
        assert not twice.exists()
        held = Hold.objects.filter(state="active").aggregate(total=Sum("amount"))["total"] or 0
        under_way = AutoPurchase.objects.filter(state="queued").aggregate(total=Sum("held_minor"))["total"] or 0
        assert held == under_way

    @invariant()
    def wallets_hold_what_they_should(self) -> None:
        for person_id, came_in in self.came_in.items():
            assert self.in_wallet(person_id) == came_in - self.given_by(person_id) + self.from_pots(person_id) - (
                self.paid_by(person_id)
            )

    # --- tools

    def tickets(self, which: int) -> list[PurchaseTicket]:
        """One of those that are open, if any is."""
        found = list(PurchaseTicket.objects.filter(state="open").select_related("purchase").order_by("pk"))
        return [self.pick(found, which)] if found else []

    def attempt(self, work: Callable[[], Any]) -> Any:
        """None when it was refused, and then no wallet, no pot and no purchase has changed."""
        before = self.snapshot()
        try:
            with transaction.atomic():
                return work() or True
        except DomainError:
            assert self.snapshot() == before
            return None

    def snapshot(self) -> Any:
        return (
            [self.in_wallet(person_id) for person_id in self.came_in],
            list(PotUse.objects.order_by("pk").values_list("pk", "returned_minor")),
            list(AutoPurchase.objects.order_by("pk").values_list("pk", "state", "hold_id")),
            list(Plan.objects.order_by("pk").values_list("pk", "is_enabled")),
        )

    @staticmethod
    def in_wallet(person_id: Any) -> int:
        return sum(wallet.available.minor + wallet.held.minor for wallet in wallets_of(person_id))

    @staticmethod
    def given_by(person_id: Any) -> int:
        mine = Contribution.objects.filter(contributor=person_id)
        return mine.aggregate(total=Sum(F("amount_minor") - F("refunded_minor")))["total"] or 0

    @staticmethod
    def from_pots(person_id: Any) -> int:
        used = PotUse.objects.filter(gift__gift_list__owner=person_id)
        moved = Contribution.objects.filter(gift_list__owner=person_id).aggregate(total=Sum("moved_minor"))["total"]
        of_gifts = Contribution.objects.filter(gift__gift_list__owner=person_id).aggregate(total=Sum("moved_minor"))
        took = used.aggregate(total=Sum(F("amount_minor") - F("returned_minor")))["total"]
        return (took or 0) + (moved or 0) + (of_gifts["total"] or 0)

    @staticmethod
    def paid_by(person_id: Any) -> int:
        bought = AutoPurchase.objects.filter(customer=person_id, state="bought", order=None)
        orders = Order.objects.filter(customer=person_id, state="paid").aggregate(total=Sum("total_minor"))["total"]
        return (bought.aggregate(total=Sum("cost_minor"))["total"] or 0) + (orders or 0)

    @staticmethod
    def pick(things: list[Any], number: int) -> Any:
        return things[number % len(things)]


@pytest.mark.django_db
@pytest.mark.slow
@pytest.mark.served
def test_whatever_happens_everybody_pays_once_for_what_was_bought():
    how = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )

    try:
        run_state_machine_as_test(seed(SEED)(AutobuyMachine), settings=how)
    except BaseException as failure:
        failure.add_note(f"AUTOBUY_MACHINE_SEED={SEED}")
        raise

"""Two engines, an engine and a person, two of the staff at once: one purchase, and no money that nobody knows of."""

from datetime import timedelta

import pytest
from django.utils import timezone

from funds.ledger.tests.factories import posted_and_held
from links.gift_lists.tests.factories import make_list
from marketplace.core.clock import platform_day
from marketplace.core.errors import DomainError
from promotions.flash.tests.factories import make_variant
from purchases.autobuy.models import AutoPurchase, Plan, PurchaseTicket
from purchases.autobuy.services import buy_now, buying, engine, give_up, record_bought, run_due_plans
from purchases.autobuy.services import claim as claim_ticket
from purchases.autobuy.services.schedules import Trigger
from purchases.checkout.tests.factories import everything_reconciles, mxn, shelf
from purchases.models import Order
from users.accounts.tests.factories import AdministratorFactory

from .factories import buyer, catalogue_gift, outside_gift, queued, schedule

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ENGINES = 6


def nothing_but_refusals(answers):
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, DomainError):
            raise answer
    return [type(answer).__name__ for answer in answers if isinstance(answer, DomainError)]


def without_leases(monkeypatch):
    """As if the lease had been lost: every engine takes the plan."""

    def take(at, _lease, limit):
        return list(Plan.objects.filter(is_enabled=True, due_at__lte=at)[:limit])

    monkeypatch.setattr(engine, "_take", take)


def monthly(customer):
    """Two things that fit, and a schedule that may buy one of them."""
    wishes = make_list(customer)
    first, second = catalogue_gift(wishes), catalogue_gift(wishes)
    schedule(wishes, Trigger(kind="interval", starts_on=platform_day(timezone.now()), every_days=30))
    return first, second


def test_engines_share_what_is_due(together):
    customers = [buyer() for _ in range(8)]
    for customer in customers:
        monthly(customer)

    looked = together(lambda _number: run_due_plans(at=timezone.now(), limit=3), ENGINES)

    assert nothing_but_refusals(looked) == []
    assert sum(looked) + run_due_plans(at=timezone.now()) == len(customers)
    assert Order.objects.count() == AutoPurchase.objects.count() == len(customers)
    everything_reconciles()


def test_engines_with_the_same_plan_in_hand_buy_once(together, monkeypatch):
    customer = buyer()
    first, second = monthly(customer)
    without_leases(monkeypatch)

    nothing_but_refusals(together(lambda _number: run_due_plans(at=timezone.now()), ENGINES))

    assert Order.objects.count() == AutoPurchase.objects.count() == 1
    assert [shelf(first.variant), shelf(second.variant)] == [(19, 0), (20, 0)]
    everything_reconciles()


def test_without_the_look_at_the_plan_they_buy_more(together, monkeypatch):
    """The control: the plan's version under its lock is what stops the second one."""
    customer = buyer()
    monthly(customer)
    without_leases(monkeypatch)
    monkeypatch.setattr(buying, "take_as_read", lambda plan: None)
    monkeypatch.setattr(buying, "_as_decided", lambda verdict, at: verdict.wish)

    together(lambda _number: run_due_plans(at=timezone.now()), ENGINES)

    # Never the same gift twice, though: that is the constraint's.
    assert AutoPurchase.objects.count() == 2
    assert AutoPurchase.objects.values("gift").distinct().count() == 2


def test_an_engine_and_clicks_on_one_gift_buy_it_once(together):
    customer = buyer()
    gift = catalogue_gift(make_list(customer), make_variant(on_hand=5))
    schedule(gift)

    def act(number):
        if number % 2:
            return run_due_plans(at=timezone.now())
        return buy_now(customer_id=customer.pk, gift_id=gift.pk, at=timezone.now())

    answers = together(act, ENGINES)

    assert set(nothing_but_refusals(answers)) <= {"PurchaseUnderWayError"}
    assert AutoPurchase.objects.count() == Order.objects.count() == 1
    assert shelf(gift.variant) == (4, 0)
    everything_reconciles()


def test_who_claims_later_is_told():
    ticket, first, second = queued(), AdministratorFactory.create(), AdministratorFactory.create()
    claim_ticket(ticket_id=ticket.pk, actor_id=first.pk)

    with pytest.raises(DomainError, match="not at that step"):
        claim_ticket(ticket_id=ticket.pk, actor_id=second.pk)


def test_many_claims_at_once_have_one_winner(together):
    ticket = queued()
    staff = [AdministratorFactory.create() for _ in range(ENGINES)]

    answers = together(lambda number: claim_ticket(ticket_id=ticket.pk, actor_id=staff[number].pk), ENGINES)

    assert nothing_but_refusals(answers) == ["TicketStateError"] * (ENGINES - 1)
    assert PurchaseTicket.objects.get().claimed_by in staff


def test_bought_and_given_up_at_once_it_ends_one_way(together):
    ticket, clerk = queued(50_000, wallet=100_000), AdministratorFactory.create()
    customer = ticket.purchase.customer
    claim_ticket(ticket_id=ticket.pk, actor_id=clerk.pk)

    def act(number):
        if number % 2:
            return record_bought(ticket_id=ticket.pk, actor_id=clerk.pk, cost=mxn(51_000), at=timezone.now())
        return give_up(ticket_id=ticket.pk, actor_id=clerk.pk, reason="Gone.", at=timezone.now())

    answers = together(act, 4)

    assert nothing_but_refusals(answers) == ["TicketStateError"] * 3
    ticket.refresh_from_db()
    expected = {"bought": (49_000, 0), "given_up": (100_000, 0)}
    assert posted_and_held(customer.pk) == expected[ticket.state]
    everything_reconciles()


def test_a_limit_holds_against_engines_without_leases(together, monkeypatch):
    customer = buyer(130_000)
    wishes = make_list(customer)
    gifts = [outside_gift(wishes, 50_000) for _ in range(4)]
    schedule(wishes)
    without_leases(monkeypatch)

    nothing_but_refusals(together(lambda _number: run_due_plans(at=timezone.now()), ENGINES))

    assert AutoPurchase.objects.filter(gift__in=gifts).count() == 2
    assert posted_and_held(customer.pk) == (130_000, 115_000)
    assert AutoPurchase.objects.filter(created_at__gt=timezone.now() - timedelta(minutes=5)).count() == 2
    everything_reconciles()

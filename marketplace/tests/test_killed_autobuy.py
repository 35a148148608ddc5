"""kill -9 at each step of an automatic purchase: before its commit nothing has happened, after it it stands once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from funds.ledger.tests.factories import posted_and_held
from links.gift_lists.tests.factories import make_list
from links.models import Contribution, Gift
from purchases.autobuy.models import AutoPurchase, Plan, PurchaseTicket
from purchases.autobuy.services import claim, engine, give_lapsed_up
from purchases.autobuy.tests.factories import (
    buyer,
    catalogue_gift,
    contribute,
    due_at,
    outside_gift,
    queued,
    run,
    schedule,
)
from purchases.checkout.tests.factories import everything_reconciles, shelf, shopper
from purchases.models import Order
from users.accounts.tests.factories import AdministratorFactory

from .killing import killed_calling

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ENGINE = "purchases.autobuy.tasks:run_plans"
BUYING = "purchases.autobuy.services.buying"
OF_AN_ORDER = [
    *("purchases.autobuy.services.engine:_take", "purchases.autobuy.services.engine:views_of"),
    *(f"{BUYING}:{name}" for name in ("take_as_read", "links.locked_gift", "links.take_from_pots")),
    *("purchases.checkout.services:_take_goods", "purchases.checkout.services:write_order"),
    *(f"{BUYING}:{name}" for name in ("funds.pay_order_automatically", "_insert")),
    *(f"{BUYING}:{name}" for name in ("links.mark_gift_ordered", "publish", "_use_turn")),
]
OF_A_TICKET = [
    *(f"{BUYING}:{name}" for name in ("funds.hold_for_purchase", "_write", "PurchaseTicket.objects.create")),
    f"{BUYING}:links.mark_gift_ordered",
]


def let_the_lease_end() -> None:
    Plan.objects.filter(due_at__gt=timezone.now()).update(due_at=timezone.now())


@pytest.mark.parametrize("step", OF_AN_ORDER)
def test_killed_before_the_commit_nothing_is_bought_and_the_next_engine_buys_it_once(step):
    customer = buyer(100_000)
    gift = catalogue_gift(make_list(customer))
    given = contribute(shopper(10_000), gift, 10_000)
    schedule(gift)

    killed_calling(ENGINE, after=step)

    assert not AutoPurchase.objects.exists()
    assert not Order.objects.exists()
    assert posted_and_held(customer.pk) == (100_000, 0)
    assert shelf(gift.variant) == (20, 0)
    assert Contribution.objects.get().used_minor == 0
    everything_reconciles()
    let_the_lease_end()
    run()
    given.refresh_from_db()
    order = Order.objects.get()
    assert AutoPurchase.objects.get().order_id == order.pk
    assert given.used_minor == 10_000
    assert posted_and_held(customer.pk) == (110_000 - order.total_minor, 0)
    assert shelf(gift.variant) == (19, 0)
    everything_reconciles()


@pytest.mark.parametrize("step", OF_A_TICKET)
def test_killed_between_hold_and_ticket_there_is_neither(step):
    customer = buyer(100_000)
    schedule(outside_gift(make_list(customer)))

    killed_calling(ENGINE, after=step)

    assert not AutoPurchase.objects.exists()
    assert not PurchaseTicket.objects.exists()
    assert posted_and_held(customer.pk) == (100_000, 0)
    let_the_lease_end()
    run()
    assert PurchaseTicket.objects.count() == 1
    assert posted_and_held(customer.pk) == (100_000, 57_500)
    everything_reconciles()


def test_killed_after_the_purchase_before_the_record_it_stands_and_is_not_bought_again():
    customer = buyer(200_000)
    wishes = make_list(customer)
    outside_gift(wishes)
    schedule(wishes)

    killed_calling(ENGINE, after="purchases.autobuy.services.engine:_look_at")

    assert AutoPurchase.objects.count() == 1
    assert posted_and_held(customer.pk) == (200_000, 57_500)
    assert due_at() > timezone.now() + engine.LEASE - timedelta(minutes=1)
    let_the_lease_end()
    run()
    assert AutoPurchase.objects.count() == PurchaseTicket.objects.count() == 1
    assert Gift.objects.get().state == "ordered"
    everything_reconciles()


TICKETS = "purchases.autobuy.services.tickets"


@pytest.mark.parametrize(
    "step", [f"{TICKETS}:{name}" for name in ("funds.release_hold", "links.return_to_pots", "release", "_end")]
)
def test_killed_while_a_lapsed_ticket_is_given_up_it_is_given_up_later(step):
    ticket = queued(pot=30_000)
    customer = ticket.purchase.customer
    claim(ticket_id=ticket.pk, actor_id=AdministratorFactory.create().pk)
    PurchaseTicket.objects.update(held_until=timezone.now() - timedelta(seconds=1))

    killed_calling(ENGINE, after=step)

    ticket.refresh_from_db()
    assert ticket.state == "claimed"
    assert posted_and_held(customer.pk) == (130_000, 57_500)
    assert give_lapsed_up(at=timezone.now()) == 1
    assert Contribution.objects.get().used_minor == 0
    assert posted_and_held(customer.pk) == (100_000, 0)
    everything_reconciles()

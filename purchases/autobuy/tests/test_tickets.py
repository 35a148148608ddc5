"""The staff queue: the money at each way out of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from funds.ledger.models import AccountKind, Hold
from funds.ledger.selectors import balance_of
from funds.ledger.terms import AccountKey
from funds.ledger.tests.factories import posted_and_held
from links.gift_lists.tests.factories import make_list
from links.models import Contribution, Gift
from marketplace.core.clock import read_db_now
from marketplace.core.errors import DomainError
from marketplace.core.money import CurrencyMismatchError, Money
from marketplace.core.outbox.models import OutboxEvent
from purchases.autobuy.errors import CostExceedsHeldError, NotYourTicketError, TicketStateError
from purchases.autobuy.models import AutoPurchase, Plan, PurchaseTicket, Schedule
from purchases.autobuy.services import (
    approve,
    ask_again,
    claim,
    give_lapsed_up,
    give_up,
    put_back,
    record_bought,
)
from purchases.checkout.tests.factories import everything_reconciles, mxn, shopper
from users.accounts.tests.factories import AdministratorFactory

from .factories import contribute, queued

pytestmark = pytest.mark.django_db


def claimed(minor=50_000, **values):
    ticket, clerk = queued(minor, **values), AdministratorFactory.create()
    return claim(ticket_id=ticket.pk, actor_id=clerk.pk), clerk


def outside():
    return balance_of(AccountKey.house(AccountKind.OUTSIDE, "MXN")).minor


def test_bought_the_real_cost_is_taken_and_the_rest_is_free():
    ticket, clerk = claimed()

    record_bought(
        ticket_id=ticket.pk,
        actor_id=clerk.pk,
        cost=mxn(52_345),
        at=timezone.now(),
        shop_reference="A-1",
        tracking="DHL 1",
    )

    ticket = PurchaseTicket.objects.get()
    purchase = ticket.purchase
    assert (ticket.state, ticket.real_cost_minor, ticket.shop_reference, ticket.tracking) == (
        *("bought", 52_345),
        *("A-1", "DHL 1"),
    )
    assert (purchase.state, purchase.cost, purchase.ended_at is not None) == ("bought", mxn(52_345), True)
    assert posted_and_held(purchase.customer_id) == (47_655, 0)
    assert outside() == 52_345
    assert Gift.objects.get().state == "ordered"
    told = OutboxEvent.objects.get(wire_name="purchases.auto_purchase_ended").payload
    assert told["state"] == "bought"
    everything_reconciles()


@pytest.mark.parametrize(
    ("cost", "pot", "wallet", "back"), [(52_500, 30_000, 95_000, 5_000), (20_000, 30_000, 107_500, 30_000)]
)
def test_the_difference_goes_to_the_pots_first(cost, pot, wallet, back):
    ticket, clerk = claimed(pot=pot)
    assert posted_and_held(ticket.purchase.customer_id) == (130_000, 57_500)

    record_bought(ticket_id=ticket.pk, actor_id=clerk.pk, cost=mxn(cost), at=timezone.now())

    given = Contribution.objects.get()
    assert given.used_minor == pot - back
    assert posted_and_held(ticket.purchase.customer_id) == (130_000 - cost - back, 0)
    assert balance_of(AccountKey.pot(ticket.purchase.gift_id, "MXN")).minor == back
    everything_reconciles()


def test_given_up_everything_is_as_before_and_the_customer_reads_why():
    ticket, clerk = claimed(pot=30_000)

    give_up(ticket_id=ticket.pk, actor_id=clerk.pk, reason="They do not send to Mexico.", at=timezone.now())

    ticket = PurchaseTicket.objects.get()
    assert (ticket.state, ticket.reason) == ("given_up", "They do not send to Mexico.")
    assert (ticket.purchase.state, ticket.purchase.reason) == ("released", "given_up")
    assert posted_and_held(ticket.purchase.customer_id) == (100_000, 0)
    assert Contribution.objects.get().used_minor == 0
    assert Gift.objects.get().state == "wanted"
    assert outside() == 0
    everything_reconciles()


def test_asked_again_at_a_higher_price_and_approved_it_is_in_the_queue_at_that_price():
    ticket, clerk = claimed(wallet=200_000)

    asked = ask_again(
        ticket_id=ticket.pk, actor_id=clerk.pk, price=mxn(80_000), reason="It went up.", at=timezone.now()
    )

    customer = ticket.purchase.customer
    assert (asked.state, asked.reason, asked.price) == ("asked", "costs_more", mxn(80_000))
    assert posted_and_held(customer.pk) == (200_000, 0)
    approve(purchase_id=asked.pk, customer_id=customer.pk, at=timezone.now())
    asked.refresh_from_db()
    assert (asked.state, asked.held) == ("queued", mxn(92_000))
    assert PurchaseTicket.objects.filter(state="open").count() == 1
    everything_reconciles()


def test_asked_again_a_days_turn_stays_used_so_that_it_does_not_buy_something_else_as_well():
    ticket, clerk = claimed()
    Schedule.objects.update(kind="on_date", starts_on=timezone.now().date(), next_at=None)

    ask_again(ticket_id=ticket.pk, actor_id=clerk.pk, price=mxn(80_000), reason="It went up.", at=timezone.now())

    assert Schedule.objects.get().next_at is None


def test_a_lapsed_hold_gives_the_ticket_up_by_itself_and_a_day_has_its_turn_again():
    ticket, clerk = claimed(pot=30_000)
    past = read_db_now() - timedelta(seconds=1)
    Hold.objects.update(expires_at=past)
    PurchaseTicket.objects.update(held_until=past)
    Schedule.objects.update(kind="on_date", starts_on=timezone.now().date(), next_at=None)

    with pytest.raises(DomainError) as refusal:
        record_bought(ticket_id=ticket.pk, actor_id=clerk.pk, cost=mxn(50_000), at=timezone.now())
    assert refusal.value.code == "hold_not_active"
    assert give_lapsed_up(at=timezone.now()) == 1
    assert give_lapsed_up(at=timezone.now()) == 0

    purchase = AutoPurchase.objects.get()
    assert (purchase.state, purchase.reason) == ("released", "hold_lapsed")
    assert posted_and_held(purchase.customer_id) == (100_000, 0)
    assert Contribution.objects.get().used_minor == 0
    assert Schedule.objects.get().next_at is not None
    assert Plan.objects.get().due_at is not None
    everything_reconciles()


def test_the_money_outlives_the_ticket_so_that_the_pot_has_its_own_back_first():
    ticket, _clerk = claimed(pot=30_000)

    assert ticket.held_until is not None
    PurchaseTicket.objects.update(held_until=read_db_now() - timedelta(seconds=1))
    assert Hold.objects.get().expires_at - ticket.held_until >= timedelta(minutes=30)
    assert give_lapsed_up(at=timezone.now()) == 1
    assert posted_and_held(ticket.purchase.customer_id) == (100_000, 0)
    assert balance_of(AccountKey.pot(ticket.purchase.gift_id, "MXN")).minor == 30_000


def test_an_owner_who_has_spent_a_lapsed_holds_money_gives_back_what_there_is_and_keeps_nobody_waiting():
    spent, other = claimed(pot=30_000)[0], claimed(pot=10_000)[0]
    past = read_db_now() - timedelta(seconds=1)
    Hold.objects.update(expires_at=past)
    PurchaseTicket.objects.update(held_until=past)
    contribute(spent.purchase.customer, make_list(shopper(0)), 110_000)

    assert give_lapsed_up(at=timezone.now()) == 2

    assert {state for (state,) in PurchaseTicket.objects.values_list("state")} == {"given_up"}
    assert posted_and_held(spent.purchase.customer_id) == (0, 0)
    assert balance_of(AccountKey.pot(spent.purchase.gift_id, "MXN")).minor == 20_000
    assert balance_of(AccountKey.pot(other.purchase.gift_id, "MXN")).minor == 10_000
    everything_reconciles()


@pytest.mark.parametrize("cost", [57_501, 10**9])
def test_more_than_is_set_aside_is_refused_and_nothing_changes(cost):
    ticket, clerk = claimed()

    with pytest.raises(CostExceedsHeldError):
        record_bought(ticket_id=ticket.pk, actor_id=clerk.pk, cost=mxn(cost), at=timezone.now())

    assert PurchaseTicket.objects.get().state == "claimed"
    assert posted_and_held(ticket.purchase.customer_id) == (100_000, 57_500)


def test_another_currency_is_refused():
    ticket, clerk = claimed()

    with pytest.raises(CurrencyMismatchError):
        record_bought(ticket_id=ticket.pk, actor_id=clerk.pk, cost=Money(1_000, "USD"), at=timezone.now())


def test_only_whoever_has_claimed_it_finishes_it_and_anybody_puts_it_back():
    ticket, clerk = claimed()
    other = AdministratorFactory.create()
    with pytest.raises(NotYourTicketError):
        give_up(ticket_id=ticket.pk, actor_id=other.pk, reason="Mine.", at=timezone.now())

    put_back(ticket_id=ticket.pk, actor_id=other.pk)

    with pytest.raises(TicketStateError):
        record_bought(ticket_id=ticket.pk, actor_id=clerk.pk, cost=mxn(1_000), at=timezone.now())
    assert claim(ticket_id=ticket.pk, actor_id=other.pk).claimed_by_id == other.pk


def test_bought_twice_is_bought_once():
    ticket, clerk = claimed()
    record_bought(ticket_id=ticket.pk, actor_id=clerk.pk, cost=mxn(50_000), at=timezone.now())

    with pytest.raises(TicketStateError):
        record_bought(ticket_id=ticket.pk, actor_id=clerk.pk, cost=mxn(50_000), at=timezone.now())

    assert outside() == 50_000

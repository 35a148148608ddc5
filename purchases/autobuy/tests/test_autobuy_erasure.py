"""Erasure of a person with a plan."""

import pytest
from django.db import transaction
from django.utils import timezone

from links.models import Contribution
from purchases.autobuy.errors import PurchaseUnderWayErasureError
from purchases.autobuy.models import AutoPurchase, Plan, PurchaseTicket, Run, Schedule
from purchases.autobuy.services import claim, record_bought
from purchases.checkout.tests.factories import mxn
from purchases.privacy import forget_person, refuse_while_something_is_under_way
from users.accounts.tests.factories import AdministratorFactory

from .factories import queued

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_waits_while_staff_buy_something():
    ticket = queued()

    with pytest.raises(PurchaseUnderWayErasureError):
        refuse_while_something_is_under_way(ticket.purchase.customer_id)


def test_who_gave_for_it_waits_as_long_as_it_may_come_back():
    ticket, clerk = queued(pot=30_000), AdministratorFactory.create()
    giver = Contribution.objects.get().contributor_id

    with pytest.raises(PurchaseUnderWayErasureError):
        refuse_while_something_is_under_way(giver)

    claim(ticket_id=ticket.pk, actor_id=clerk.pk)
    record_bought(ticket_id=ticket.pk, actor_id=clerk.pk, cost=mxn(57_500), at=timezone.now())
    refuse_while_something_is_under_way(giver)


def test_the_sums_stay_and_nothing_says_what_it_was_or_where_it_went():
    ticket, clerk = queued(), AdministratorFactory.create()
    customer = ticket.purchase.customer
    claim(ticket_id=ticket.pk, actor_id=clerk.pk)
    record_bought(ticket_id=ticket.pk, actor_id=clerk.pk, cost=mxn(50_000), at=timezone.now(), tracking="DHL 1")

    refuse_while_something_is_under_way(customer.pk)
    with transaction.atomic():
        forget_person(customer.pk)

    ticket, purchase = PurchaseTicket.objects.get(), AutoPurchase.objects.get()
    assert (ticket.url, ticket.ship_to, ticket.tracking, ticket.real_cost_minor) == ("", {}, "", 50_000)
    assert (purchase.title, purchase.cost_minor) == ("", 50_000)
    assert [model.objects.count() for model in (Plan, Schedule, Run)] == [0, 0, 0]

"""Orders, parcels and returns: customers are told what becomes of theirs, the store's people what they have to do."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.utils import timezone

from marketplace.core.outbox.relay import drain
from notifications.inbox.models import InboxItem
from notifications.inbox.rendering import render
from purchases.checkout.tests.factories import bought, shopper
from purchases.checkout.values import PaymentPlan
from purchases.models import Order, OrderReturn
from purchases.orders.services import (
    approve_return,
    cancel_order,
    expire_due_orders,
    receive_return,
    refuse_return,
    request_return,
)
from purchases.shipments.services import lose_shipment, ship_shipment
from purchases.shipments.tests.factories import packed, take_to
from stores.merchants.models import StoreMember
from users.accounts.tests.factories import StaffFactory, UserFactory

pytestmark = pytest.mark.django_db


def told(person: Any) -> list[str]:
    """What the person was told, oldest first."""
    drain()
    items = InboxItem.objects.filter(customer=person.pk).order_by("pk")
    return [kind for kind in items.values_list("message__kind", flat=True) if not kind.startswith("deposit")]


def last_words(person: Any) -> str:
    item = InboxItem.objects.filter(customer=person.pk).select_related("message").latest("pk")
    words = render(item.message, "en")
    return f"{words.title} {words.body}"


def waiting(customer: Any) -> Order:
    return bought(customer, 1, plan=PaymentPlan(provider="sandbox"))


def asked(order: Order) -> OrderReturn:
    return request_return(
        order_id=order.pk,
        customer_id=order.customer_id,
        quantities={line.pk: 1 for line in order.lines.all()},
        reason="Too small",
        within=timedelta(days=30),
        at=timezone.now(),
    )


def delivered(customer: Any) -> Order:
    order = bought(customer, 1)
    take_to(order, "packed", "shipped", "delivered")
    return order


def call_off(order: Order) -> None:
    cancel_order(order_id=order.pk, actor_id=None, at=timezone.now())


def test_an_order_that_is_paid_at_once_is_one_message():
    customer = shopper()
    bought(customer, 1)

    assert told(customer) == ["order_paid"]


def test_an_order_that_waits_for_its_money_says_so_and_then_that_it_is_paid():
    customer = shopper(0)
    waiting(customer)

    assert told(customer) == ["order_placed", "order_paid"]


def test_an_order_that_is_not_paid_in_time_is_told():
    customer = shopper(0)
    order = waiting(customer)
    Order.objects.filter(pk=order.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    expire_due_orders(at=timezone.now())

    assert "order_expired" in told(customer)


@pytest.mark.parametrize("is_paid", [True, False])
def test_whoever_cancels_is_told_what_becomes_of_the_money(is_paid):
    customer = shopper()
    order = bought(customer, 1) if is_paid else waiting(customer)
    call_off(order)

    kinds = told(customer)

    assert kinds[-1:] == ["order_cancelled_paid" if is_paid else "order_cancelled"]
    assert ("go back" in last_words(customer)) == is_paid
    mails = [sent for sent in mail.outbox if order.number in sent.subject]
    assert len(mails) == (2 if is_paid else 0)


def test_a_parcel_on_its_way_and_a_lost_one_are_told():
    customer = shopper()
    shipment = packed(bought(customer, 2))
    by: dict[str, Any] = {"shipment_id": shipment.pk, "actor_id": None, "at": timezone.now()}
    ship_shipment(carrier="Estafeta", tracking="8055", **by)

    assert told(customer)[-1] == "shipment_shipped"
    assert "Estafeta" in last_words(customer)
    assert "8055" in last_words(customer)
    assert "8055" in mail.outbox[-1].body
    lose_shipment(**by)
    assert told(customer)[-1] == "shipment_lost"


def test_a_return_is_told_step_by_step():
    customer = shopper()
    first, second = asked(delivered(customer)), asked(delivered(customer))
    approve_return(return_id=first.pk, actor_id=None, answer="Send it.")
    refuse_return(return_id=second.pk, actor_id=None, answer="Worn.")

    decided = told(customer)[-2:]
    refusal = last_words(customer)
    fates = {row.line_id: "restock" for row in first.lines.all()}
    receive_return(return_id=first.pk, fates=fates, actor_id=None, at=timezone.now())

    assert decided == ["return_approved", "return_refused"]
    assert "Worn." in refusal
    assert told(customer)[-1] == "return_refunded"
    assert "349.00 MXN" in last_words(customer)


def test_the_stores_people_and_the_house_learn_of_orders_to_pack_and_returns_to_decide():
    order = bought(shopper(), 1)
    member, stranger, clerk, mover = UserFactory(), UserFactory(), StaffFactory(), StaffFactory()
    StoreMember.objects.create(store=order.parts.get().store, user=member)
    mover.user_permissions.add(Permission.objects.get(codename="change_order"))

    assert [told(person) for person in (member, mover)] == [["order_to_pack"]] * 2
    take_to(order, "packed", "shipped", "delivered")
    asked(order)

    assert [told(person) for person in (member, mover)] == [["order_to_pack", "return_requested"]] * 2
    assert [told(person) for person in (stranger, clerk)] == [[], []]
    assert mover.email not in [address for sent in mail.outbox for address in sent.to]

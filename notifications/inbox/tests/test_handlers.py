"""Events of the other contexts become messages, once."""

from uuid import UUID

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.db import transaction
from django.utils import timezone

from funds.events import DepositCredited, PaymentTaskParked, PayoutSettled
from marketplace.core.erasure import erase_person
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.core.outbox.handlers import all_handlers
from marketplace.core.outbox.models import EventDelivery
from marketplace.core.outbox.publishing import publish
from marketplace.core.outbox.relay import drain
from notifications.inbox.models import InboxItem, Message
from notifications.inbox.services import forget_customer
from notifications.inbox.tests.factories import InboxItemFactory
from notifications.kinds.table import KINDS
from purchases.events import OrderPaid
from purchases.orders.tests.factories import OrderFactory
from users.accounts.tests.factories import AdministratorFactory, StaffFactory, UserFactory
from users.events import EmailVerified

pytestmark = pytest.mark.django_db


def publish_now(*events) -> None:
    with transaction.atomic():
        publish(*events)
    drain()


def deposit(customer_id: UUID) -> DepositCredited:
    return DepositCredited(deposit_id=uuid7(), customer_id=customer_id, amount=Money(50000, "MXN"))


def test_event_becomes_one_inbox_row_for_its_customer():
    customer = UserFactory()

    publish_now(deposit(customer.pk))

    item = InboxItem.objects.select_related("message").get(customer=customer.pk)
    assert item.message.kind == "deposit_credited"
    assert item.message.params["amount"] == {"minor": 50000, "currency": "MXN"}
    assert item.message.recipient == customer.pk
    assert item.cap_day is None


def test_what_needs_a_person_is_told_to_those_who_may_decide_and_to_nobody_else():
    administrator, clerk, treasurer = AdministratorFactory(), StaffFactory(), StaffFactory()
    treasurer.user_permissions.add(Permission.objects.get(codename="add_decision"))
    UserFactory()

    for _ in range(2):
        publish_now(PaymentTaskParked(task_id=UUID(int=7), kind="payout", attempts=8))

    told = set(InboxItem.objects.filter(message__kind="payment_parked").values_list("customer", flat=True))
    assert told == {administrator.pk, treasurer.pk}
    assert clerk.pk not in told
    assert len(mail.outbox) == 2


def test_a_stores_payout_is_told_to_no_customer():
    publish_now(PayoutSettled(payout_id=uuid7(), customer_id=None, store_id=uuid7(), amount=Money(1, "MXN")))

    assert InboxItem.objects.count() == 0


def test_same_fact_published_or_delivered_twice_is_told_once():
    customer = UserFactory()
    event = deposit(customer.pk)

    publish_now(event)
    publish_now(event, event)
    EventDelivery.objects.update(state=EventDelivery.State.PENDING, due_at="2026-01-01T00:00:00Z")
    drain()

    assert Message.objects.filter(kind="deposit_credited").count() == 1
    assert InboxItem.objects.filter(customer=customer.pk).count() == 1


def test_two_facts_of_one_kind_are_two_messages():
    customer = UserFactory()

    publish_now(deposit(customer.pk), deposit(customer.pk), EmailVerified(user_id=customer.pk))

    assert InboxItem.objects.filter(customer=customer.pk).count() == 3


def test_buyer_is_told_and_gets_one_mail_when_the_order_is_paid():
    order = OrderFactory()
    paid = OrderPaid(
        order_id=order.pk, customer_id=order.customer_id, store_ids=(), total=order.total, paid_at=timezone.now()
    )

    publish_now(paid)
    publish_now(paid)

    item = InboxItem.objects.select_related("message").get(customer=order.customer_id)
    assert (item.message.kind, item.message.params["number"]) == ("order_paid", order.number)
    assert [sent.to for sent in mail.outbox] == [[order.customer.email]]
    assert order.number in mail.outbox[0].subject
    assert "100.00 MXN" in mail.outbox[0].body


def test_every_cause_in_the_table_has_its_handler():
    names = {handler.name for handler in all_handlers()}

    assert {f"notifications.tell_{kind.code}" for kind in KINDS.values() if kind.cause} <= names


def test_erasure_forgets_the_inbox_and_what_was_said_to_that_person_alone():
    leaver, stayer = UserFactory(), UserFactory()
    publish_now(deposit(leaver.pk), deposit(stayer.pk))
    shared = InboxItemFactory(customer=leaver.pk).message
    InboxItemFactory(customer=stayer.pk, message=shared)

    forget_customer(leaver.pk)

    assert not InboxItem.objects.filter(customer=leaver.pk).exists()
    assert not Message.objects.filter(recipient=leaver.pk).exists()
    assert InboxItem.objects.filter(customer=stayer.pk).count() == 2


def test_erasure_is_registered():
    leaver = UserFactory()
    publish_now(deposit(leaver.pk))

    erase_person(leaver.pk)

    assert not InboxItem.objects.filter(customer=leaver.pk).exists()

"""The delivery queue: once, in the recipient's language, failures kept apart, nothing lost."""

from datetime import timedelta
from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.utils import timezone

from marketplace.core.audit import AuditEntry
from marketplace.core.ids import uuid7
from marketplace.core.jobs import take_lease
from marketplace.core.outbox.publishing import publish
from marketplace.core.outbox.relay import drain
from notifications.delivery import by_mail, services
from notifications.delivery.errors import DeliveryNotParkedError
from notifications.delivery.mail import mail_for
from notifications.delivery.models import Delivery
from notifications.delivery.tasks import send_due
from notifications.delivery.tests.factories import DeliveryFactory
from notifications.events import MailRequested
from notifications.inbox.tests.factories import InboxItemFactory, MessageFactory
from users.accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PAID = {"order": "o1", "number": "K7P2", "item": "Coffee", "total": {"minor": 49900, "currency": "MXN"}}


def readers(count: int, message=None):
    users = sorted((UserFactory() for _ in range(count)), key=lambda user: user.pk)
    message = message or MessageFactory()
    for user in users:
        InboxItemFactory(customer=user.pk, message=message)
    return users, message


def batch(users, message, **values) -> Delivery:
    return DeliveryFactory(message=message, from_customer=users[0].pk, to_customer=users[-1].pk, **values)


def make_due() -> None:
    Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))


class Failing(EmailBackend):
    """A server that refuses or drops what the test says."""

    refuses: frozenset[str] = frozenset()
    drops: frozenset[str] = frozenset()

    def send_messages(self, messages):
        address = messages[0].to[0]
        if address in self.refuses:
            raise SMTPRecipientsRefused({address: (550, b"unknown")})
        if address in self.drops:
            raise ConnectionResetError("connection reset")
        return super().send_messages(messages)


@pytest.fixture
def server(settings):
    settings.EMAIL_BACKEND = f"{__name__}.Failing"
    yield Failing
    Failing.refuses = Failing.drops = frozenset()


def test_requested_mail_goes_out_at_once_in_the_recipients_language_and_once():
    users, message = readers(1, MessageFactory(kind="order_paid", params=PAID))
    request = MailRequested(message_id=message.pk, from_customer=users[0].pk, to_customer=users[0].pk)

    for _ in range(2):
        with transaction.atomic():
            publish(request)
        drain()
    send_due()

    assert [sent.to for sent in mail.outbox] == [[users[0].email]]
    assert mail.outbox[0].subject == "Tu pedido K7P2 está pagado"
    assert "499.00 MXN" in mail.outbox[0].body
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.sent_count, delivery.attempts) == ("done", 1, 1)


def test_mail_about_an_erased_message_is_dropped():
    with transaction.atomic():
        publish(MailRequested(message_id=999_999, from_customer=uuid7(), to_customer=uuid7()))
    drain()

    assert mail.outbox == []
    assert Delivery.objects.count() == 0


def test_refused_address_does_not_keep_the_others_waiting(server):
    users, message = readers(3)
    delivery = batch(users, message)
    server.refuses = frozenset({users[1].email})

    send_due()

    delivery.refresh_from_db()
    assert [sent.to[0] for sent in mail.outbox] == [users[0].email, users[2].email]
    assert (delivery.state, delivery.sent_count, delivery.refused_count) == ("done", 2, 1)


def test_broken_connection_keeps_what_was_sent_and_the_rest_goes_later(server):
    users, message = readers(3)
    delivery = batch(users, message)
    server.drops = frozenset({users[1].email})
    send_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.sent_count, delivery.attempts) == ("pending", 1, 1)
    assert "connection reset" in delivery.last_error
    assert delivery.due_at > timezone.now()

    send_due()  # not due yet
    server.drops = frozenset()
    make_due()
    send_due()

    delivery.refresh_from_db()
    assert [sent.to[0] for sent in mail.outbox] == [user.email for user in users]
    assert (delivery.state, delivery.sent_count) == ("done", 3)


def test_batch_that_always_fails_is_parked_and_can_be_tried_again(server):
    users, message = readers(1)
    delivery = batch(users, message)
    server.drops = frozenset({users[0].email})

    for _ in range(7):
        make_due()
        send_due()

    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("parked", Delivery.MAX_ATTEMPTS)
    server.drops = frozenset()
    services.requeue_delivery(delivery=delivery, actor_id=users[0].pk)
    make_due()
    send_due()
    delivery.refresh_from_db()
    assert delivery.state == "done"
    assert AuditEntry.objects.filter(action="notifications.requeue_delivery").count() == 1


def test_only_parked_batches_can_be_requeued():
    users, message = readers(1)
    delivery = batch(users, message, state=Delivery.State.DONE)

    with pytest.raises(DeliveryNotParkedError):
        services.requeue_delivery(delivery=delivery, actor_id=users[0].pk)

    delivery.refresh_from_db()
    assert delivery.state == "done"


def test_worker_killed_in_the_middle_is_taken_over_without_doubles(monkeypatch):
    users, message = readers(4)
    delivery = batch(users, message)
    build, left = mail_for, iter([True, True, False])

    def dying(*args):
        if not next(left):
            raise SystemExit
        return build(*args)

    monkeypatch.setattr(by_mail, "mail_for", dying)
    with pytest.raises(SystemExit):
        services.send_due()
    monkeypatch.undo()
    assert services.send_due() == 0  # the dead worker's lease on the batch still runs

    make_due()
    services.send_due()

    delivery.refresh_from_db()
    assert [sent.to[0] for sent in mail.outbox] == [user.email for user in users]
    assert delivery.state == "done"


def test_batch_that_kills_every_worker_is_parked():
    users, message = readers(1)
    delivery = batch(users, message, attempts=Delivery.MAX_ATTEMPTS)

    send_due()

    delivery.refresh_from_db()
    assert delivery.state == "parked"
    assert mail.outbox == []


def test_two_ticks_at_once_are_one():
    users, message = readers(1)
    batch(users, message)
    take_lease(services.JOB, timedelta(minutes=1))

    assert services.send_due() == 0
    assert mail.outbox == []


def test_title_with_a_line_break_makes_no_header():
    users, message = readers(1, MessageFactory(params={"title": "Hello\nBcc: all@example.com", "body": "x"}))
    batch(users, message)

    send_due()

    assert mail.outbox[0].subject == "Hello Bcc: all@example.com"
    assert mail.outbox[0].bcc == []


@pytest.mark.parametrize("count", [5, 60])
def test_page_costs_the_same_however_many_are_on_it(count, django_assert_num_queries):
    users, message = readers(count)
    delivery = batch(users, message)

    # Claim, read, rate; a page of keys; the clock, who wants it, addresses, suppressed ones, quiet hours; progress; the
    # page behind it; done.
    with django_assert_num_queries(12):
        services.send_delivery(delivery.pk)

    assert len(mail.outbox) == count

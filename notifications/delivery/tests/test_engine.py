"""The engine: rechecks at the moment of sending, quiet hours, stragglers, turns, leases."""

from datetime import UTC, datetime, timedelta
from smtplib import SMTPDataError, SMTPServerDisconnected
from uuid import UUID

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.utils import timezone

from marketplace.core.ids import uuid7
from marketplace.core.outbox.models import OutboxEvent
from marketplace.core.outbox.publishing import publish
from marketplace.core.outbox.relay import drain
from notifications.delivery import services
from notifications.delivery.cursors import Cursor, Note
from notifications.delivery.errors import NothingGivenUpError
from notifications.delivery.models import Delivery, Straggler, Suppression
from notifications.delivery.services import batches
from notifications.delivery.services.suppression import suppress_address
from notifications.delivery.tests.factories import DeliveryFactory, past
from notifications.events import InboxFilled
from notifications.inbox.models import InboxItem
from notifications.inbox.tests.factories import InboxItemFactory, MessageFactory
from notifications.preferences.models import Preference, QuietHours
from notifications.rates.models import SendingRate
from notifications.rates.services import set_rate
from users.accounts.tests.factories import UserFactory
from users.customers.tests.factories import make_customer
from users.models import User

pytestmark = pytest.mark.django_db


class Server(EmailBackend):
    """Says to each address what the test wants."""

    answers: dict[str, Exception] = {}
    thief: UUID | None = None

    def send_messages(self, messages):
        if self.thief:
            Delivery.objects.update(holder=self.thief)
        answer = self.answers.get(messages[0].to[0])
        if answer is not None:
            raise answer
        return super().send_messages(messages)


@pytest.fixture
def answers(settings):
    settings.EMAIL_BACKEND = f"{__name__}.Server"
    Server.answers = {}
    return Server.answers


def told(count=1, **message):
    """So many people with an unread message, and the batch that mails it to them."""
    users = sorted((make_customer() for _ in range(count)), key=lambda user: user.pk)
    row = MessageFactory(**message)
    for user in users:
        InboxItemFactory(customer=user.pk, message=row)
    return users, DeliveryFactory(message=row, from_customer=users[0].pk, to_customer=users[-1].pk)


def reached() -> list[str]:
    return [sent.to[0] for sent in mail.outbox]


def make_due() -> None:
    past = timezone.now() - timedelta(seconds=1)
    Delivery.objects.update(due_at=past)
    Straggler.objects.update(due_at=past)


def test_what_changed_meanwhile_counts():
    users, delivery = told(7)
    plain, opted_out, reader, disabled, unproven, bounced, quit_all = users
    Preference.objects.create(customer=opted_out.pk, kind="announcement", channel="email", is_on=False)
    InboxItem.objects.filter(customer=reader.pk).update(read_at=timezone.now())
    User.objects.filter(pk=disabled.pk).update(is_active=False)
    User.objects.filter(pk=unproven.pk).update(email_verified_at=None)
    suppress_address(address=bounced.email.upper(), reason=Suppression.Reason.BOUNCED)
    suppress_address(address=quit_all.email, reason=Suppression.Reason.UNSUBSCRIBED)

    services.send_due()

    assert reached() == [plain.email]
    delivery.refresh_from_db()
    assert (delivery.state, delivery.sent_count) == ("done", 1)
    assert Straggler.objects.count() == 0


def test_required_mail_reaches_who_unsubscribed_but_no_dead_address():
    users, _delivery = told(2, kind="withdrawal_refused", params={"amount": {"minor": 100, "currency": "MXN"}})
    suppress_address(address=users[0].email, reason=Suppression.Reason.UNSUBSCRIBED)
    suppress_address(address=users[1].email, reason=Suppression.Reason.BOUNCED)

    services.send_due()

    assert reached() == [users[0].email]


def test_kind_that_nobody_gets_by_mail_reaches_those_who_asked(django_assert_max_num_queries):
    users, delivery = told(30, kind="welcome", params={})
    Preference.objects.create(customer=users[11].pk, kind="welcome", channel="email", is_on=True)
    Preference.objects.create(customer=uuid7(), kind="welcome", channel="email", is_on=True)

    with django_assert_max_num_queries(14):
        services.send_delivery(delivery.pk)

    assert reached() == [users[11].email]


def test_flash_promotion_that_is_over_is_told_to_nobody():
    users, delivery = told(1, kind="flash_started", params={"promo": str(uuid7())})
    Preference.objects.create(customer=users[0].pk, kind="flash_started", channel="email", is_on=True)

    services.send_due()

    delivery.refresh_from_db()
    assert (reached(), delivery.state) == ([], "done")


def test_quiet_hours_delay_the_mail_and_never_the_inbox():
    users, delivery = told(2)
    now = datetime.now(UTC)
    local = now - timedelta(hours=6)  # Mexico City has no summer time
    begins, ends = (local - timedelta(hours=1)).time(), (local + timedelta(hours=1)).time()
    QuietHours.objects.create(customer=users[0].pk, quiet_from=begins, quiet_until=ends)

    services.send_due()

    row = Straggler.objects.get()
    assert reached() == [users[1].email]
    assert (row.customer, row.reason, row.attempts) == (users[0].pk, "quiet", 0)
    assert timedelta(minutes=59) < row.due_at - now <= timedelta(hours=1)
    make_due()
    services.send_due()  # by the clock it is still quiet
    row.refresh_from_db()
    assert (len(reached()), row.reason, row.attempts) == (1, "quiet", 0)
    QuietHours.objects.update(quiet_from=None, quiet_until=None)
    make_due()
    services.send_due()
    assert reached() == [users[1].email, users[0].email]
    assert Straggler.objects.count() == 0
    delivery.refresh_from_db()
    assert delivery.sent_count == 2


def test_failure_of_one_becomes_a_straggler_with_growing_pauses_and_is_given_up_after_five(answers):
    users, delivery = told(3)
    answers[users[1].email] = SMTPDataError(451, b"later, ana@example.com")

    services.send_due()

    row = Straggler.objects.get()
    assert reached() == [users[0].email, users[2].email]
    assert (row.customer, row.state, row.reason, row.attempts) == (users[1].pk, "waiting", "failed", 1)
    assert row.last_error == "SMTPDataError 451"
    pauses = []
    for _ in range(6):
        make_due()
        services.send_due()
        row.refresh_from_db()
        pauses.append(round((row.due_at - timezone.now()).total_seconds() / 30))
    assert (row.state, row.attempts) == ("given_up", 5)
    assert pauses[:3] == [2, 4, 8]
    answers.clear()
    services.requeue_stragglers(delivery=delivery, actor_id=users[0].pk)
    services.send_due()
    assert users[1].email in reached()
    with pytest.raises(NothingGivenUpError):
        services.requeue_stragglers(delivery=delivery, actor_id=users[0].pk)


def test_server_that_hangs_up_stops_the_batch_and_blames_nobody(answers):
    users, delivery = told(3)
    answers[users[1].email] = SMTPServerDisconnected("gone")

    services.send_due()

    delivery.refresh_from_db()
    assert (delivery.state, delivery.sent_count, delivery.attempts) == ("pending", 1, 1)
    assert Straggler.objects.count() == 0


def test_straggler_who_read_it_meanwhile_is_done(answers):
    users, _delivery = told(1)
    answers[users[0].email] = SMTPDataError(451, b"later")
    services.send_due()
    answers.clear()
    InboxItem.objects.update(read_at=timezone.now())

    make_due()
    services.send_due()

    assert (reached(), Straggler.objects.count()) == ([], 0)


def test_straggler_that_killed_every_worker_is_given_up():
    users, delivery = told(1)
    Delivery.objects.update(state="done")
    Straggler.objects.create(delivery=delivery, customer=users[0].pk, reason="failed", attempts=5, due_at=past())

    services.send_due_stragglers(until=float("inf"))

    assert (Straggler.objects.get().state, reached()) == ("given_up", [])


def test_batch_whose_turn_is_over_goes_on_by_an_event():
    users, delivery = told(25)

    services.send_delivery(delivery.pk, until=0)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.holder) == ("pending", 0, None)
    assert OutboxEvent.objects.filter(wire_name="notifications.delivery_left").count() == 1
    drain()
    assert sorted(reached()) == sorted(user.email for user in users)


def test_next_worker_goes_on_behind_the_last_note_of_the_one_that_died():
    users, delivery = told(4)
    Cursor(delivery).write(Note(users[2].pk, 3, 0))

    services.send_delivery(delivery.pk)

    delivery.refresh_from_db()
    assert reached() == [users[3].email]
    assert (delivery.sent_count, Cursor(delivery).read()) == (4, None)


def test_notes_of_another_databases_row_are_nothing_to_this_one():
    users, delivery = told(2)
    Cursor(Delivery(pk=delivery.pk)).write(Note(users[1].pk, 2, 0))

    services.send_delivery(delivery.pk)

    assert len(reached()) == 2


def test_worker_that_lost_the_batch_writes_nothing_more(answers, monkeypatch):
    _users, delivery = told(2)
    monkeypatch.setattr(batches, "RENEW_SECONDS", -1)  # progress is committed behind each one
    monkeypatch.setattr(Server, "thief", uuid7())

    services.send_delivery(delivery.pk)

    delivery.refresh_from_db()
    assert (delivery.holder, delivery.sent_count, delivery.state) == (Server.thief, 0, "pending")
    assert len(reached()) == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_has_the_batch(together):
    _users, delivery = told(3)

    tried = together(lambda _number: services.send_delivery(delivery.pk), 6)

    assert sorted(tried) == [False] * 5 + [True]
    assert len(reached()) == 3


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_has_each_straggler(together):
    _users, delivery = told(8)
    Delivery.objects.update(state="done")
    for user in _users:
        Straggler.objects.create(delivery=delivery, customer=user.pk, reason="failed", due_at=past())

    together(lambda _number: services.send_due_stragglers(until=float("inf")), 4)

    assert sorted(reached()) == sorted(user.email for user in _users)
    assert Straggler.objects.count() == 0


def test_one_person_gets_rows_for_the_channels_they_want_and_have_alone():
    user = UserFactory()
    message = InboxItemFactory(customer=user.pk, message__kind="announcement").message
    event = InboxFilled(
        message_id=message.pk, from_customer=user.pk, to_customer=user.pk, channels=("email", "push", "sms")
    )

    for _ in range(2):
        with transaction.atomic():
            publish(event)
        drain()

    assert list(Delivery.objects.values_list("channel", flat=True)) == ["email"]
    assert reached() == [user.email]


def test_batch_waits_for_tokens_and_takes_no_more_than_are_there(monkeypatch):
    set_rate(channel="email", per_second=1, burst=3, actor_id=None)
    SendingRate.objects.update(tokens=3)
    _users, delivery = told(5)
    pauses = []

    def fill(_seconds):
        pauses.append(len(reached()))
        SendingRate.objects.update(tokens=3)

    monkeypatch.setattr(batches, "sleep", fill)
    services.send_delivery(delivery.pk)

    assert len(reached()) == 5
    assert pauses == [3]

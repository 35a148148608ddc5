"""Tickets: what opens a socket, once, and what does not."""

import asyncio
import hashlib
from datetime import timedelta

import pytest
from django.db import connection
from django.test import override_settings

from marketplace.core import erasure
from marketplace.core.clock import read_db_now
from marketplace.core.ids import uuid7
from marketplace.core.sockets.protocol import CloseCode
from marketplace.core.tests.sockets import Client, aside
from notifications.inbox.cursors import InboxCursor
from notifications.inbox.tests.factories import InboxItemFactory
from notifications.sockets import services
from notifications.sockets.models import SocketTicket
from notifications.sockets.services import issue_ticket, redeem_ticket
from notifications.sockets.tasks import forget_old
from users.accounts.services.administration import change_account
from users.accounts.services.sessions import log_out_everywhere
from users.accounts.tests.factories import AdministratorFactory, UnverifiedUserFactory, UserFactory

URL = "/api/v1/notifications/ws-ticket/"


@pytest.mark.django_db
@pytest.mark.parametrize("factory", [UserFactory, UnverifiedUserFactory])
def test_a_ticket_is_given_for_thirty_seconds_and_only_its_hash_is_kept(api, factory):
    user = factory()
    item = InboxItemFactory(customer=user.pk)
    api.force_authenticate(user)

    before = read_db_now()
    answer = api.post(URL)

    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    row = SocketTicket.objects.get()
    assert row.ticket_hash == hashlib.sha256(body["ticket"].encode()).hexdigest()
    assert before <= row.expires_at - timedelta(seconds=30) <= read_db_now()
    assert body["path"] == "/ws/notifications/"
    assert body["cursor"] == str(InboxCursor(item.pk, row.expires_at - timedelta(seconds=30)))


@pytest.mark.django_db
def test_nobody_anonymous_gets_one_and_nobody_reads_them(api):
    assert api.post(URL).status_code == 401
    assert SocketTicket.objects.count() == 0
    api.force_authenticate(UserFactory())
    assert api.get(URL).status_code == 405
    assert api.get("/api/v1/notifications/ws-ticket/x/").status_code == 404


@pytest.mark.django_db
@override_settings(THROTTLE_RATES={"sockets": "2/hour"})
def test_asking_for_many_is_throttled(api):
    api.force_authenticate(UserFactory())

    statuses = [api.post(URL).status_code for _ in range(4)]

    assert statuses == [201, 201, 429, 429]
    assert SocketTicket.objects.count() == 2


@pytest.mark.django_db
def test_it_says_who_and_works_once():
    user = UserFactory()
    ticket = issue_ticket(customer_id=user.pk, generation=user.token_version).ticket

    first, second = redeem_ticket(ticket=ticket), redeem_ticket(ticket=ticket)

    assert first is not None
    assert (first.customer_id, first.generation, first.language) == (user.pk, user.token_version, "es")
    assert second is None
    assert SocketTicket.objects.count() == 0


@pytest.mark.django_db
def test_it_is_too_old_by_the_databases_clock():
    user = UserFactory()
    ticket = issue_ticket(customer_id=user.pk, generation=user.token_version).ticket
    SocketTicket.objects.update(expires_at=read_db_now() - timedelta(milliseconds=1))

    assert redeem_ticket(ticket=ticket) is None
    assert SocketTicket.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("ticket", ["", "x", "x" * 65, "é", "\x00", "\ud800"])
def test_what_is_no_ticket_opens_nothing(ticket):
    user = UserFactory()
    issue_ticket(customer_id=user.pk, generation=user.token_version)

    assert redeem_ticket(ticket=ticket) is None
    assert SocketTicket.objects.count() == 1


@pytest.mark.django_db
def test_a_ticket_of_somebody_disabled_or_logged_out_meanwhile_opens_nothing():
    disabled, logged_out, staff = UserFactory(), UserFactory(), AdministratorFactory()
    tickets = [issue_ticket(customer_id=user.pk, generation=user.token_version) for user in (disabled, logged_out)]

    change_account(actor=staff, account_id=disabled.pk, is_active=False)
    log_out_everywhere(user_id=logged_out.pk)

    assert [redeem_ticket(ticket=each.ticket) for each in tickets] == [None, None]


@pytest.mark.django_db
def test_old_ones_are_tidied_and_a_persons_are_erased():
    kept, leaving = UserFactory(), UserFactory()
    issue_ticket(customer_id=kept.pk, generation=1)
    SocketTicket.objects.create(ticket_hash="old", customer=uuid7(), expires_at=read_db_now() - timedelta(seconds=1))
    issue_ticket(customer_id=leaving.pk, generation=1)

    forget_old()
    erasure.erase_person(leaving.pk)

    assert list(SocketTicket.objects.values_list("customer", flat=True)) == [kept.pk]


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_come_with_one_ticket_one_comes_in(together):
    user = UserFactory()
    for _round in range(5):
        ticket = issue_ticket(customer_id=user.pk, generation=user.token_version).ticket

        answers = together(lambda _number, ticket=ticket: redeem_ticket(ticket=ticket), 8)

        assert [answer for answer in answers if isinstance(answer, Exception)] == []
        assert len([answer for answer in answers if answer is not None]) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_without_the_conditional_delete_several_come_in(together, monkeypatch):
    """The guard removed: looking before deleting lets several in, and the test above sees such a thing."""
    user = UserFactory()

    def redeem_carelessly(ticket: str) -> bool:
        is_there = SocketTicket.objects.filter(pk=services._hashed(ticket)).exists()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.05)")
        SocketTicket.objects.filter(pk=services._hashed(ticket)).delete()
        return is_there

    ticket = issue_ticket(customer_id=user.pk, generation=user.token_version).ticket

    assert sum(together(lambda _number: redeem_carelessly(ticket), 8)) > 1


@pytest.mark.usefixtures("socket_threads")
def test_the_handshake_refuses_with_a_code_of_ours():
    user = UserFactory()
    ticket = issue_ticket(customer_id=user.pk, generation=user.token_version).ticket

    async def code_of(query: str) -> int:
        client = Client(f"/ws/notifications/{query}")
        assert await client.connect() == "websocket.accept"
        return await client.closed()

    async def scenario() -> list[int]:
        opened = Client(f"/ws/notifications/?ticket={ticket}")
        await opened.connect()
        await opened.hear("unread")
        queries = ["", "?ticket=", "?ticket=x", f"?ticket={ticket}", f"?ticket={ticket}&ticket={ticket}", "?ticket=%ff"]
        codes = [await code_of(query) for query in queries]
        await opened.leave()
        return codes

    assert set(asyncio.run(scenario())) == {CloseCode.UNAUTHORIZED}
    assert asyncio.run(aside(SocketTicket.objects.count)) == 0

"""`/ws/notifications/` from a client's side: what it gets when it comes back, and what comes while it is there."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from marketplace.core.clock import read_db_now
from marketplace.core.ids import NIL, uuid7
from marketplace.core.outbox.publishing import publish
from marketplace.core.outbox.relay import drain
from marketplace.core.sockets import connection as connection_module
from marketplace.core.sockets.protocol import CloseCode
from marketplace.core.tests.sockets import Client, aside, asked_by_sockets
from notifications.audiences.reach import LAST_KEY
from notifications.events import InboxFilled
from notifications.inbox.cursors import InboxCursor
from notifications.inbox.models import InboxItem
from notifications.inbox.services import tell_customer
from notifications.inbox.tests.factories import InboxItemFactory, MessageFactory
from notifications.sockets import room, selectors
from notifications.sockets.connection import InboxConnection
from notifications.sockets.services import issue_ticket
from users.accounts.services.administration import change_account
from users.accounts.services.sessions import log_out_everywhere
from users.accounts.tests.factories import AdministratorFactory, UserFactory
from users.models import User

pytestmark = pytest.mark.usefixtures("socket_threads")

PAID = {"order": "o1", "number": "K7P2", "item": "Coffee", "total": {"minor": 49900, "currency": "MXN"}}
LONG_AGO = timedelta(hours=1)


def address_for(user: User, **query: Any) -> str:
    """Where the user's next socket opens."""
    ticket = issue_ticket(customer_id=user.pk, generation=user.token_version).ticket
    return "&".join([f"/ws/notifications/?ticket={ticket}", *(f"{name}={value}" for name, value in query.items())])


async def connected(user: User, **query: Any) -> Client:
    """A socket that has been let in."""
    client = Client(await aside(address_for, user, **query))
    assert await client.connect() == "websocket.accept"
    return client


async def settled(user: User, **query: Any) -> Client:
    """A socket that has caught up: the unread ones come last."""
    client = await connected(user, **query)
    await client.hear("unread")
    return client


def tell(user: User, number: str = "1") -> None:
    """Tell one person something, and have everybody who listens hear of it."""
    params = {**PAID, "number": number}
    tell_customer(
        kind="order_paid", customer_id=user.pk, params=params, dedupe_key=f"order_paid:{number}", at=timezone.now()
    )
    drain()


def tell_range(users: list[User]) -> None:
    """The same message for many at once, as a chunk of an audience writes it."""
    message = MessageFactory()
    with transaction.atomic():
        InboxItem.objects.bulk_create(
            InboxItem(customer=user.pk, message=message, created_at=timezone.now()) for user in users
        )
        publish(InboxFilled(message_id=message.pk, from_customer=NIL, to_customer=LAST_KEY))
    drain()


def shown_by_the_api(user: User, item_id: str, **headers: str) -> Any:
    api = APIClient()
    api.force_authenticate(user)
    return api.get(f"/api/v1/notifications/{item_id}/", headers=headers).json()


def test_what_comes_while_idle_is_delivered_exactly_as_the_api_shows_it():
    user = UserFactory()

    async def scenario() -> tuple[Any, Any]:
        client = await settled(user)
        await asyncio.sleep(0.2)
        await aside(tell, user)
        message, unread = await client.hear("notification"), await client.hear("unread")
        await client.leave()
        return message, unread

    message, unread = asyncio.run(scenario())

    notification = message["notification"]
    assert notification == shown_by_the_api(user, notification["id"])
    assert message["cursor"] == notification["cursor"]
    assert notification["title"] == "Tu pedido 1 está pagado"
    assert unread == {"type": "unread", "unread_count": 1, "is_capped": False}


@pytest.mark.parametrize(("wanted", "title"), [("en", "Order 1 is paid"), ("xx", "Tu pedido 1 está pagado")])
def test_the_language_is_the_wanted_one_or_else_the_profiles(wanted, title):
    user = UserFactory()

    async def scenario() -> Any:
        client = await settled(user, language=wanted)
        await aside(tell, user)
        message = await client.hear("notification")
        await client.leave()
        return message["notification"]["title"]

    assert asyncio.run(scenario()) == title


def test_nobody_gets_what_is_somebody_elses():
    user, other = UserFactory(), UserFactory()

    async def scenario() -> bool:
        mine, theirs = await settled(user), await settled(other)
        await aside(tell, other)
        await theirs.hear("notification")
        is_quiet = await mine.is_quiet("notification")
        await mine.leave()
        await theirs.leave()
        return is_quiet

    assert asyncio.run(scenario())


def test_catching_up_goes_page_by_page_and_overlaps(monkeypatch):
    monkeypatch.setattr(selectors, "PAGE", 3)
    user, now = UserFactory(), read_db_now()
    old = InboxItemFactory(customer=user.pk, created_at=now - LONG_AGO)
    late = InboxItemFactory(customer=user.pk, created_at=now - timedelta(seconds=50))
    known = InboxItemFactory(customer=user.pk, created_at=now)
    new = [InboxItemFactory(customer=user.pk) for _ in range(7)]
    InboxItemFactory()

    async def scenario() -> list[str]:
        client = await connected(user, after=InboxCursor(known.pk, known.created_at))
        got = [(await client.hear())["notification"]["id"] for _ in range(len(new) + 2)]
        assert (await client.hear())["type"] == "unread"
        await client.leave()
        return got

    got = asyncio.run(scenario())

    assert got == [str(item.pk) for item in [late, known, *new]]
    assert str(old.pk) not in got


def test_going_on_from_any_cursor_loses_nothing_and_repeats_only_the_overlap():
    user, now = UserFactory(), read_db_now()
    items = [InboxItemFactory(customer=user.pk, created_at=now - LONG_AGO + timedelta(minutes=2 * n)) for n in range(5)]

    async def scenario(after: InboxCursor, expected: int) -> list[str]:
        client = await connected(user, after=after)
        got = [(await client.hear("notification"))["notification"]["id"] for _ in range(expected)]
        assert await client.is_quiet("notification")
        await client.leave()
        return got

    for position, item in enumerate(items):
        got = asyncio.run(scenario(InboxCursor(item.pk, item.created_at), len(items) - position))
        assert got == [str(each.pk) for each in items[position:]]


def test_a_message_for_a_range_costs_one_query_whatever_the_number_of_customers(monkeypatch):
    monkeypatch.setattr(room, "UNREAD_AFTER_SECONDS", 60)
    users, other = UserFactory.create_batch(12), UserFactory()

    async def scenario(statements: list[str]) -> tuple[list[str], bool]:
        clients = [await settled(user) for user in users]
        outside = await settled(other)
        statements.clear()
        await aside(tell_range, users)
        for client in clients:
            await client.hear("notification")
        is_quiet = await outside.is_quiet("notification")
        asked = list(statements)
        for client in [*clients, outside]:
            await client.leave()
        return asked, is_quiet

    with asked_by_sockets() as statements:
        asked, is_quiet = asyncio.run(scenario(statements))

    assert len(asked) == 1, asked
    assert is_quiet


def test_a_burst_is_read_together(monkeypatch):
    monkeypatch.setattr(room, "UNREAD_AFTER_SECONDS", 60)
    monkeypatch.setattr(room, "GATHER_SECONDS", 1.0)
    user = UserFactory()

    def burst() -> None:
        for number in range(15):
            tell(user, str(number))

    async def scenario(statements: list[str]) -> tuple[set[str], list[str]]:
        client = await settled(user)
        statements.clear()
        await aside(burst)
        got = {(await client.hear("notification"))["notification"]["id"] for _ in range(15)}
        await client.leave()
        return got, list(statements)

    with asked_by_sockets() as statements:
        got, asked = asyncio.run(scenario(statements))

    assert len(got) == 15
    assert len(asked) < 15, asked


def test_what_the_layer_did_not_say_is_found_by_looking(settings):
    settings.SOCKET_LOOK_SECONDS = 0.3
    users = UserFactory.create_batch(3)

    def write_unheard() -> None:
        for user in users:
            InboxItemFactory(customer=user.pk)

    async def scenario(statements: list[str]) -> list[str]:
        clients = [await settled(user) for user in users]
        await asyncio.sleep(0.5)
        await aside(write_unheard)
        for client in clients:
            await client.hear("notification")
        assert await clients[0].is_quiet("notification", 1.0)
        for client in clients:
            await client.leave()
        return [sql for sql in statements if "INNER JOIN" in sql and " IN (" in sql]

    with asked_by_sockets() as statements:
        asked = asyncio.run(scenario(statements))

    assert asked
    assert all(sql.count("%s") == 1 + len(users) for sql in asked)


def test_what_comes_while_catching_up_waits_and_comes_once(monkeypatch):
    monkeypatch.setattr(selectors, "PAGE", 2)
    user, now = UserFactory(), read_db_now()
    for _ in range(20):
        InboxItemFactory(customer=user.pk, created_at=now)

    async def scenario() -> list[str]:
        client = await connected(user, after=InboxCursor(0, now))
        await aside(tell, user)
        got = []
        while (message := await client.hear())["type"] == "notification":
            got.append(message["notification"]["id"])
        while not await client.is_quiet("notification"):
            raise AssertionError("it came again")
        await client.leave()
        return got

    got = asyncio.run(scenario())

    assert len(got) == len(set(got))


def test_reading_over_the_socket_changes_the_number_on_all_of_ones_sockets():
    user = UserFactory()
    item, theirs = InboxItemFactory(customer=user.pk), InboxItemFactory()

    async def scenario() -> tuple[Any, Any]:
        one, two = await settled(user), await settled(user)
        await one.say({"type": "read", "id": str(theirs.pk)})
        await one.say({"type": "read", "id": str(item.pk)})
        counts = (await one.hear("unread"), await two.hear("unread"))
        await one.leave()
        await two.leave()
        return counts

    counts = asyncio.run(scenario())

    assert [count["unread_count"] for count in counts] == [0, 0]
    item.refresh_from_db()
    theirs.refresh_from_db()
    assert item.read_at is not None
    assert theirs.read_at is None


def test_reading_over_http_changes_the_number_too():
    user = UserFactory()
    InboxItemFactory(customer=user.pk)
    api = APIClient()
    api.force_authenticate(user)

    async def scenario() -> Any:
        client = await settled(user)
        await aside(api.post, "/api/v1/notifications/read-all/")
        count = await client.hear("unread")
        await client.leave()
        return count

    assert asyncio.run(scenario())["unread_count"] == 0


@pytest.mark.parametrize("ends_by_event", [True, False])
def test_sockets_of_a_disabled_account_close(ends_by_event):
    user, other, staff = UserFactory(), UserFactory(), AdministratorFactory()

    def disable() -> None:
        change_account(actor=staff, account_id=user.pk, is_active=False)
        if ends_by_event:
            drain()

    async def scenario() -> tuple[int, bool]:
        mine, theirs = await settled(user), await settled(other)
        await aside(disable)
        code = await mine.closed()
        is_open = await theirs.is_quiet("notification")
        await theirs.leave()
        return code, is_open

    assert asyncio.run(scenario()) == (CloseCode.SIGNED_OUT, True)


def test_logging_out_everywhere_closes_the_sockets_and_a_new_ticket_opens_one():
    user = UserFactory()

    async def scenario() -> tuple[int, str]:
        client = await settled(user)
        await aside(log_out_everywhere, user_id=user.pk)
        code = await client.closed()
        await aside(user.refresh_from_db)
        again = await settled(user)
        await asyncio.sleep(room.DENIED_EVERY + 0.5)
        still_open = "quiet" if await again.is_quiet("notification") else "not"
        await again.leave()
        return code, still_open

    assert asyncio.run(scenario()) == (CloseCode.SIGNED_OUT, "quiet")


def test_a_disabled_account_cannot_write_through_an_open_socket(monkeypatch):
    monkeypatch.setattr(room, "DENIED_EVERY", 60)
    user, staff = UserFactory(), AdministratorFactory()
    item = InboxItemFactory(customer=user.pk)

    async def scenario() -> int:
        client = await settled(user)
        await aside(change_account, actor=staff, account_id=user.pk, is_active=False)
        await client.say({"type": "read", "id": str(item.pk)})
        return await client.closed()

    assert asyncio.run(scenario()) == CloseCode.SIGNED_OUT
    item.refresh_from_db()
    assert item.read_at is None


def test_what_is_no_message_and_what_is_no_cursor_of_ours_close_it():
    user = UserFactory()

    async def scenario() -> list[int]:
        client = await settled(user)
        await client.say({"type": "later", "id": 5})
        await client.say({"type": "read", "id": "x"})
        return [await client.closed(), await (await connected(user, after="x")).closed()]

    assert asyncio.run(scenario()) == [CloseCode.BAD_REQUEST, CloseCode.BAD_REQUEST]


def test_one_person_has_so_many_sockets_and_no_more(monkeypatch):
    monkeypatch.setattr(room, "MAX_PER_CUSTOMER", 2)
    user = UserFactory()

    async def scenario() -> int:
        clients = [await settled(user) for _ in range(2)]
        code = await (await connected(user)).closed()
        for client in clients:
            await client.leave()
        return code

    assert asyncio.run(scenario()) == CloseCode.TRY_LATER


@pytest.mark.django_db
def test_unread_ones_are_counted_up_to_the_cap_and_no_further(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(selectors, "UNREAD_CAP", 3)
    many, few, none = uuid7(), uuid7(), uuid7()
    for customer_id, number in ((many, 5), (few, 2)):
        for _ in range(number):
            InboxItemFactory(customer=customer_id)
    InboxItemFactory(customer=few, read_at=timezone.now())

    with django_assert_num_queries(1) as queries:
        counts = selectors.unread_counts([many, few, none])

    assert counts == {many: 3, few: 2, none: 0}
    assert "LIMIT 3" in queries[0]["sql"]
    assert selectors.unread_counts([]) == {}


def test_a_socket_lives_so_long_and_a_new_ticket_opens_the_next(monkeypatch, settings):
    monkeypatch.setattr(connection_module, "PING_SECONDS", 0.1)
    monkeypatch.setattr(InboxConnection, "needs_pong", False)
    settings.SOCKET_LIFETIME_MINUTES = 0.001
    user = UserFactory()

    async def scenario() -> tuple[int, Any]:
        client = await connected(user)
        code = await client.closed()
        settings.SOCKET_LIFETIME_MINUTES = 60.0
        later = await connected(user)
        for _ in range(3):
            await later.hear("ping")
        await aside(tell, user)
        message = await later.hear("notification")
        await later.leave()
        return code, message["notification"]["kind"]

    assert asyncio.run(scenario()) == (CloseCode.UNAUTHORIZED, "order_paid")

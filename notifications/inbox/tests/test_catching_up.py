"""`GET notifications/?after=`: what came since, for whoever has no socket."""

from datetime import UTC, datetime, timedelta

import pytest

from marketplace.core.clock import read_db_now
from notifications.inbox.cursors import InboxCursor, UnreadableCursorError, read_cursor
from notifications.inbox.tests.factories import InboxItemFactory
from users.accounts.tests.factories import UserFactory

URL = "/api/v1/notifications/"


@pytest.fixture
def customer(api):
    user = UserFactory()
    api.force_authenticate(user)
    return user


def test_a_cursor_reads_as_it_was_written():
    cursor = InboxCursor(5120, datetime(2026, 3, 1, 18, 0, 0, 412001, tzinfo=UTC))

    assert read_cursor(str(cursor)) == cursor
    assert str(cursor).isascii()


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "W10", "WzFd", "WzEsMiwzXQ", "WzEuNSwxXQ", "Wy0xLDFd", "WzEsLTFd", "WyIxIiwxXQ", "W3RydWUsMV0"),
        *("{}", "٣", "a" * 101, "WzEsOTk5OTk5OTk5OTk5OTk5OTk5OV0", "WzEsMV0!", "é", "\x00"),
    ],
)
def test_what_is_no_cursor_is_refused(text):
    with pytest.raises(UnreadableCursorError):
        read_cursor(text)


@pytest.mark.django_db
def test_what_came_after_comes_in_the_order_of_writing_page_by_page(api, customer):
    now = read_db_now()
    old = InboxItemFactory(customer=customer.pk, created_at=now - timedelta(hours=1))
    known = InboxItemFactory(customer=customer.pk, created_at=now - timedelta(minutes=30))
    new = [InboxItemFactory(customer=customer.pk, created_at=now) for _ in range(5)]
    InboxItemFactory()

    cursor = api.get(f"{URL}{known.pk}/").json()["cursor"]
    pages = [api.get(URL, {"after": cursor, "page_size": 4}).json()]
    while pages[-1]["next"]:
        pages.append(api.get(pages[-1]["next"]).json())

    got = [row["id"] for page in pages for row in page["results"]]
    assert got == [str(item.pk) for item in [known, *new]]
    assert str(old.pk) not in got
    assert len(pages) == 2


@pytest.mark.django_db
def test_what_was_written_shortly_before_the_cursor_comes_again(api, customer):
    """A row with a lower id may be committed later: without the overlap it would never be seen."""
    now = read_db_now()
    committed_late = InboxItemFactory(customer=customer.pk, created_at=now - timedelta(seconds=59))
    long_ago = InboxItemFactory(customer=customer.pk, created_at=now - timedelta(seconds=61))
    known = InboxItemFactory(customer=customer.pk, created_at=now)

    results = api.get(URL, {"after": str(InboxCursor(known.pk, known.created_at))}).json()["results"]

    assert [row["id"] for row in results] == [str(committed_late.pk), str(known.pk)]
    assert str(long_ago.pk) not in [row["id"] for row in results]


@pytest.mark.django_db
def test_catching_up_costs_two_queries(api, customer, django_assert_max_num_queries):
    for _ in range(10):
        InboxItemFactory(customer=customer.pk)
    cursor = str(InboxCursor(0, read_db_now()))

    with django_assert_max_num_queries(2):
        answer = api.get(URL, {"after": cursor})

    assert len(answer.json()["results"]) == 10


@pytest.mark.django_db
@pytest.mark.parametrize("after", ["", "x", "\x00", "WzEsMl0x"])
def test_a_bad_cursor_is_400(api, customer, after):
    answer = api.get(URL, {"after": after})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "after"

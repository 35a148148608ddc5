"""The notification centre: the bell counts, what is read is read, and everybody has their own."""

from typing import Any

import pytest

from notifications.inbox.tests.factories import InboxItemFactory, MessageFactory
from notifications.models import InboxItem, SocketTicket

from .people import HTMX, make_shopper, signed_in, text_of

pytestmark = pytest.mark.django_db


def told(person: Any, title: str, **values: Any) -> Any:
    message = MessageFactory.create(params={"title": title, "body": "At three."})
    return InboxItemFactory.create(customer=person.pk, message=message, **values)


def test_the_bell_counts_and_knows_the_latest():
    person = make_shopper(0)
    told(person, "First")
    latest = told(person, "Second <b>")
    browser = signed_in(person)

    bell = text_of(browser.get("/notifications/bell/"))

    assert "data-unread>2<" in bell
    assert f'data-newest="{latest.pk}"' in bell
    assert 'data-title="Second &lt;b&gt;"' in bell
    assert browser.get("/notifications/bell/", {"seen": f"2.{latest.pk}"}).status_code == 204
    assert "data-unread>2<" in text_of(browser.get("/"))


def test_nobody_counts_on_for_ever():
    person = make_shopper(0)
    for number in range(101):
        told(person, f"No. {number}")

    assert "data-unread>99+<" in text_of(signed_in(person).get("/notifications/bell/"))


def test_one_is_read_and_then_all():
    person = make_shopper(0)
    items = [told(person, f"No. {number}") for number in range(3)]
    browser = signed_in(person)

    one = browser.post(f"/notifications/{items[0].pk}/read/", **HTMX)
    assert [item.read_at is not None for item in InboxItem.objects.order_by("pk")] == [True, False, False]
    everything = browser.post("/notifications/read-all/", {"size": "page"}, **HTMX)

    assert "data-unread>2<" in text_of(one)
    assert "data-unread hidden>0<" in text_of(everything)
    assert not InboxItem.objects.filter(read_at__isnull=True).exists()


def test_the_latest_come_first_and_the_page_has_more():
    person = make_shopper(0)
    for number in range(22):
        told(person, f"Message {number:02}")
    browser = signed_in(person)

    drop_down, page = (text_of(browser.get(url)) for url in ("/notifications/latest/", "/notifications/"))

    assert drop_down.index("Message 21") < drop_down.index("Message 20")
    assert "Message 00" not in drop_down
    assert "Message 00" in page


def test_somebody_elses_stays_unread():
    theirs = told(make_shopper(0), "Private")
    browser = signed_in(make_shopper(0))

    assert browser.post(f"/notifications/{theirs.pk}/read/", **HTMX).status_code == 404
    browser.post("/notifications/read-all/", **HTMX)

    assert InboxItem.objects.get().read_at is None
    assert "Private" not in text_of(browser.get("/notifications/"))


def test_without_scripts_reading_leads_back():
    person = make_shopper(0)
    item = told(person, "Hello")

    answer = signed_in(person).post(f"/notifications/{item.pk}/read/")

    assert (answer.status_code, answer["Location"]) == (302, "/notifications/")


def test_the_inbox_costs_few_queries(django_assert_max_num_queries):
    person = make_shopper(0)
    for number in range(5):
        told(person, f"No. {number}")
    browser = signed_in(person)

    with django_assert_max_num_queries(3):
        browser.get("/notifications/latest/")
    with django_assert_max_num_queries(4):
        browser.get("/notifications/bell/")


def test_a_ticket_opens_the_customers_own_socket():
    person = make_shopper(0)
    browser = signed_in(person)

    answer = browser.post("/notifications/ticket/")

    assert (answer.status_code, answer.json()["path"]) == (200, "/ws/notifications/")
    assert SocketTicket.objects.get().customer == person.pk
    assert browser.get("/notifications/ticket/").status_code == 405


def test_tickets_are_counted_with_those_of_the_api(settings):
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "sockets": "2/day"}
    browser = signed_in(make_shopper(0))

    answers = [browser.post("/notifications/ticket/").status_code for _ in range(3)]

    assert answers == [200, 200, 429]
    assert SocketTicket.objects.count() == 2

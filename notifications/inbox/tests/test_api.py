"""The inbox over HTTP."""

from datetime import UTC, datetime

import pytest

from marketplace.core.audit import AuditEntry
from marketplace.core.ids import uuid7
from notifications.inbox.models import InboxItem, Message
from notifications.inbox.selectors import UNREAD_CAP
from notifications.inbox.tests.factories import InboxItemFactory, MessageFactory
from users.accounts.tests.factories import UserFactory

URL = "/api/v1/notifications/"
PAID = {"order": "o1", "number": "K7P2", "item": "Coffee", "total": {"minor": 49900, "currency": "MXN"}}

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(api):
    user = UserFactory()
    api.force_authenticate(user)
    return user


@pytest.fixture
def staff(api):
    user = UserFactory(is_staff=True)
    api.force_authenticate(user)
    return user


def test_list_shows_my_own_newest_first_page_by_page(api, customer):
    mine = [InboxItemFactory(customer=customer.pk) for _ in range(5)]
    InboxItemFactory()

    first = api.get(URL, {"page_size": 3}).json()
    second = api.get(first["next"]).json()

    ids = [row["id"] for row in first["results"] + second["results"]]
    assert ids == [str(item.pk) for item in reversed(mine)]
    assert second["next"] is None


@pytest.mark.parametrize("size", [1, 20])
def test_list_costs_two_queries_whatever_its_length(api, customer, size, django_assert_max_num_queries):
    for _ in range(size):
        InboxItemFactory(customer=customer.pk)

    with django_assert_max_num_queries(2):
        assert len(api.get(URL).json()["results"]) == size


def test_words_follow_accept_language_and_else_the_profile(api, customer):
    InboxItemFactory(customer=customer.pk, message__kind="order_paid", message__params=PAID)

    english = api.get(URL, headers={"Accept-Language": "en-GB,en;q=0.8"}).json()["results"][0]
    by_profile = api.get(URL).json()["results"][0]

    assert english["title"] == "Order K7P2 is paid"
    assert by_profile["title"] == "Tu pedido K7P2 está pagado"
    assert by_profile["params"]["total"] == {"amount": "499.00", "currency": "MXN"}


def test_read_state_is_filtered_set_and_unset(api, customer):
    old = InboxItemFactory(customer=customer.pk, read_at=datetime(2026, 3, 1, tzinfo=UTC))
    new = InboxItemFactory(customer=customer.pk)

    unread = api.get(URL, {"is_read": "false"}).json()["results"]
    marked = api.patch(f"{URL}{new.pk}/", {"is_read": True}, format="json")
    unmarked = api.patch(f"{URL}{old.pk}/", {"is_read": False}, format="json")

    assert [row["id"] for row in unread] == [str(new.pk)]
    assert marked.status_code == 200
    assert marked.json()["is_read"] is True
    assert unmarked.json()["read_at"] is None
    assert [row["id"] for row in api.get(URL, {"is_read": "true"}).json()["results"]] == [str(new.pk)]


def test_first_moment_of_reading_is_kept(api, customer):
    item = InboxItemFactory(customer=customer.pk, read_at=datetime(2026, 3, 1, tzinfo=UTC))

    api.patch(f"{URL}{item.pk}/", {"is_read": True}, format="json")

    item.refresh_from_db()
    assert item.read_at == datetime(2026, 3, 1, tzinfo=UTC)


def test_read_all_and_unread_count_concern_only_me(api, customer):
    for _ in range(3):
        InboxItemFactory(customer=customer.pk)
    other = InboxItemFactory()

    before = api.get(f"{URL}unread-count/").json()
    marked = api.post(f"{URL}read-all/").json()
    after = api.get(f"{URL}unread-count/").json()

    assert before == {"unread_count": 3, "is_capped": False}
    assert marked == {"marked_count": 3}
    assert after == {"unread_count": 0, "is_capped": False}
    other.refresh_from_db()
    assert other.read_at is None


def test_unread_count_stops_at_its_cap(api, customer, django_assert_num_queries):
    messages = [MessageFactory() for _ in range(UNREAD_CAP + 5)]
    InboxItem.objects.bulk_create(
        InboxItem(customer=customer.pk, message=message, created_at=message.created_at) for message in messages
    )

    with django_assert_num_queries(1):
        answer = api.get(f"{URL}unread-count/").json()

    assert answer == {"unread_count": UNREAD_CAP, "is_capped": True}


@pytest.mark.parametrize("ident", ["0", "x", "-1", "9" * 19, "9" * 400, "١٢", "%00", "1.0", "null"])
def test_ids_that_lead_nowhere_are_404(api, customer, ident):
    assert api.get(f"{URL}{ident}/").status_code == 404
    assert api.patch(f"{URL}{ident}/", {"is_read": True}, format="json").status_code == 404


def test_rows_of_others_do_not_exist_for_me(api, customer):
    other = InboxItemFactory()

    assert api.get(f"{URL}{other.pk}/").status_code == 404
    assert api.patch(f"{URL}{other.pk}/", {"is_read": True}, format="json").status_code == 404
    other.refresh_from_db()
    assert other.read_at is None


@pytest.mark.parametrize("body", [{}, {"is_read": "yes"}, {"is_read": None}, {"is_read": 1}, [], "text"])
def test_bad_read_state_is_refused_and_changes_nothing(api, customer, body):
    item = InboxItemFactory(customer=customer.pk)

    answer = api.patch(f"{URL}{item.pk}/", body, format="json")

    assert answer.status_code == 400
    item.refresh_from_db()
    assert item.read_at is None


@pytest.mark.parametrize("query", [{"is_read": "perhaps"}, {"cursor": "zzz"}, {"page_size": "0"}, {"cursor": "\x00"}])
def test_bad_query_is_400(api, customer, query):
    assert api.get(URL, query).status_code == 400


def test_nobody_anonymous_comes_in(api):
    for method, path in [("get", URL), ("post", URL), ("get", f"{URL}unread-count/"), ("post", f"{URL}read-all/")]:
        assert getattr(api, method)(path).status_code == 401


def test_staff_tell_one_or_several_people(api, staff):
    one, two = UserFactory(), UserFactory()
    words = {"title": "We close early", "body": "At three."}

    single = api.post(URL, {"customer": str(one.pk), **words}, format="json")
    both = api.post(URL, {"customers": [str(one.pk), str(two.pk), str(one.pk)], **words}, format="json")

    assert single.status_code == both.status_code == 201
    assert single.json()["recipients_count"] == 1
    assert both.json()["recipients_count"] == 2
    assert InboxItem.objects.filter(customer=one.pk).count() == 2
    assert AuditEntry.objects.filter(action="notifications.send_announcement", actor_id=staff.pk).count() == 2
    api.force_authenticate(two)
    assert api.get(URL).json()["results"][0]["title"] == "We close early"


def test_customers_tell_nobody(api, customer):
    answer = api.post(URL, {"customer": str(customer.pk), "title": "a", "body": "b"}, format="json")

    assert answer.status_code == 403
    assert Message.objects.count() == 0


@pytest.mark.parametrize(
    "body",
    [
        {"title": "a", "body": "b"},
        {"customers": [], "title": "a", "body": "b"},
        {"customers": ["x"], "title": "a", "body": "b"},
        {"customers": "x", "title": "a", "body": "b"},
        {"customer": 5, "title": "a", "body": "b"},
        {"title": "a" * 121, "body": "b"},
        {"title": "", "body": "b"},
        {"title": 5, "body": "b"},
        {"body": "b"},
        [],
    ],
)
def test_bad_announcement_is_refused_and_tells_nobody(api, staff, body):
    if isinstance(body, dict) and "title" in body and body["title"] != "a":
        body = {**body, "customer": str(staff.pk)}

    answer = api.post(URL, body, format="json")

    assert answer.status_code == 400
    assert Message.objects.count() == 0
    assert InboxItem.objects.count() == 0


def test_announcement_to_somebody_unknown_tells_nobody(api, staff):
    known, unknown = UserFactory(), uuid7()

    answer = api.post(URL, {"customers": [str(known.pk), str(unknown)], "title": "a", "body": "b"}, format="json")

    assert answer.status_code == 400
    assert answer.json()["code"] == "unknown_recipients"
    assert Message.objects.count() == 0
    assert InboxItem.objects.count() == 0

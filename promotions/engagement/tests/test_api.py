"""Events over HTTP."""

import json
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from marketplace.core.ids import uuid7
from promotions.engagement.actors import actor_of_session
from promotions.engagement.models import EngagementEvent, EventBatch, EventKind
from promotions.engagement.products import known_products
from promotions.engagement.services.draining import drain_events
from users import facade as users
from users.customers.tests.factories import make_customer

from .factories import make_product, wire_event

pytestmark = pytest.mark.django_db
EVENT, BATCH = "/api/v1/events/", "/api/v1/events/batch/"
EMPTY = {"accepted": 0, "duplicates_in_batch": 0, "rejected": []}


@pytest.fixture
def product():
    return make_product()


def view(product, **members):
    return wire_event(product.pk, at=timezone.now(), **members)


def test_an_event_is_in_the_inbox_when_it_is_accepted(api, product):
    said = view(
        product, type="click", session_id="s-1", exposure_id=str(uuid7()), position=2, metadata={"page": "home"}
    )

    answer = api.post(EVENT, said, format="json")

    assert (answer.status_code, answer.json()) == (202, {**EMPTY, "accepted": 1})
    batch = EventBatch.objects.get()
    assert (batch.actor, batch.customer_id, batch.is_suspect, batch.events_count) == (
        actor_of_session("s-1"), None, False, 1,
    )  # fmt: skip
    drain_events(at=timezone.now())
    event = EngagementEvent.objects.get()
    assert (str(event.event_id), event.kind, event.position) == (said["event_id"], EventKind.CLICK, 2)
    assert (event.product_id, str(event.exposure_id)) == (product.pk, said["exposure_id"])


def test_of_a_batch_each_event_is_judged_alone(api, product):
    archived = make_product(archived_at=timezone.now())
    good = view(product)
    old = wire_event(product.pk, at=timezone.now() - timedelta(days=4))
    said = [good, view(archived), good, {"type": "view"}, old, wire_event(uuid4(), at=timezone.now()), view(product)]

    answer = api.post(BATCH, {"events": said}, format="json")

    assert answer.status_code == 202
    assert answer.json() == {
        "accepted": 2,
        "duplicates_in_batch": 1,
        "rejected": [
            {"index": 1, "event_id": said[1]["event_id"], "code": "unknown_product"},
            {"index": 3, "event_id": None, "code": "invalid"},
            {"index": 4, "event_id": old["event_id"], "code": "too_old"},
            {"index": 5, "event_id": said[5]["event_id"], "code": "unknown_product"},
        ],
    }
    assert EventBatch.objects.get().events_count == 2


def test_nothing_is_stored_where_nothing_is_accepted(api):
    answer = api.post(EVENT, wire_event(uuid4(), at=timezone.now()), format="json")

    assert (answer.status_code, answer.json()["accepted"]) == (202, 0)
    assert not EventBatch.objects.exists()


def test_events_of_several_sessions_are_several_actors(api, product):
    said = [view(product, session_id=name) for name in ("a", "b", "a")] + [view(product)]

    api.post(BATCH, {"events": said}, format="json", headers={"X-Session-Id": "c"})

    assert dict(EventBatch.objects.values_list("actor", "events_count")) == {
        actor_of_session("a"): 2,
        actor_of_session("b"): 1,
        actor_of_session("c"): 1,
    }


def test_a_signed_in_person_is_one_actor(api, product):
    customer = make_customer()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {users.access_token(customer.pk)}")

    api.post(BATCH, {"events": [view(product, session_id=name) for name in ("a", "b")]}, format="json")

    batch = EventBatch.objects.get()
    assert (batch.actor, batch.customer_id, batch.events_count) == (customer.pk, customer.pk, 2)


def test_beacons_come_as_text(client, product):
    raw = json.dumps({"events": [view(product)]})

    answer = client.post(BATCH, raw, content_type="text/plain;charset=UTF-8")

    assert (answer.status_code, answer.json()) == (202, {**EMPTY, "accepted": 1})


@pytest.mark.parametrize("kind", ["text/html", "multipart/form-data; boundary=x", "application/json; charset=latin-1"])
def test_other_types_are_415(client, kind):
    assert client.post(EVENT, b"{}", content_type=kind).status_code == 415


def test_a_body_past_the_limit_is_413_and_not_read_on(client):
    answer = client.post(BATCH, b" " * (256 * 1024 + 1), content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"a": 1, "a": 2}', b'{"a": NaN}', b'"\\ud800"', b"\xff"])
def test_what_is_no_event_is_400(client, raw):
    for path in (EVENT, BATCH):
        answer = client.post(path, raw, content_type="application/json")
        assert answer.status_code == 400
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert not EventBatch.objects.exists()


def test_a_single_event_that_is_wrong_is_400_with_its_field(api, product):
    answer = api.post(EVENT, view(product, type="stare"), format="json")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "type")


def test_crawlers_are_answered_and_nothing_is_stored(api, product):
    answer = api.post(
        BATCH,
        {"events": [view(product)]},
        format="json",
        headers={"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
    )

    assert (answer.status_code, answer.json()) == (202, EMPTY)
    assert not EventBatch.objects.exists()


def test_a_burst_of_one_actor_is_kept_as_suspect(api, product, settings):
    settings.EVENTS_BURST = 5

    for session, count in (("a", 3), ("a", 2), ("a", 1), ("b", 1)):
        api.post(BATCH, {"events": [view(product, session_id=session) for _ in range(count)]}, format="json")

    assert list(EventBatch.objects.order_by("pk").values_list("events_count", "is_suspect")) == [
        (3, False),
        (2, False),
        (1, True),
        (1, False),
    ]


@pytest.mark.parametrize("scope", ["events", "events_address"])
def test_too_many_requests_are_429(api, product, settings, scope):
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, scope: "2/day"}
    answers = [api.post(EVENT, view(product, session_id="a"), format="json") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert (answers[2].json()["code"], answers[2].headers["Content-Type"]) == ("throttled", "application/problem+json")
    assert 0 < int(answers[2].headers["Retry-After"]) <= 86_400 + 1
    assert EventBatch.objects.count() == 2


def test_sessions_have_rates_of_their_own_and_an_address_has_one(api, product, settings):
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "events": "1/day", "events_address": "3/day"}

    codes = [
        api.post(EVENT, view(product), format="json", headers={"X-Session-Id": name}).status_code
        for name in ("a", "a", "b", "c")
    ]

    assert codes == [202, 429, 202, 429]


def test_a_forged_token_is_401(api, product):
    api.credentials(HTTP_AUTHORIZATION="Bearer forged")

    assert api.post(EVENT, view(product), format="json").status_code == 401
    assert not EventBatch.objects.exists()


def test_a_batch_costs_two_statements_and_the_next_one_one(api, product, django_assert_num_queries):
    for queries in (2, 1):
        with django_assert_num_queries(queries):
            api.post(BATCH, {"events": [view(product) for _ in range(50)]}, format="json")


def test_a_product_is_known_from_its_first_moment(product):
    new = uuid4()

    assert known_products.missing({product.pk, new}) == {new}
    make_product(id=new)
    assert known_products.missing({product.pk, new}) == set()


def test_who_names_no_session_is_known_by_address_and_program_under_a_secret(api, product, settings):
    for agent, secret in (("A", "one"), ("A", "one"), ("B", "one"), ("A", "two")):
        settings.SECRET_KEY = secret
        api.post(EVENT, view(product), format="json", headers={"User-Agent": agent})

    first, again, other, elsewhere = EventBatch.objects.order_by("pk").values_list("actor", flat=True)
    assert first == again
    assert len({first, other, elsewhere}) == 3
    assert all(isinstance(each, UUID) for each in (first, other))

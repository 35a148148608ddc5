"""Alerts set, judged and told, through the API and the facts."""

from typing import Any
from unittest.mock import ANY

import pytest
from django.utils import timezone

from links.alerts import selectors, services
from links.alerts.models import PriceAlert
from links.alerts.selectors import alerts_on_page
from links.events import PageRead
from links.product_links.models import Page
from marketplace.core import erasure
from marketplace.core.http.fields import money_json
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.core.outbox.models import OutboxEvent
from marketplace.core.outbox.publishing import publish
from marketplace.core.outbox.relay import drain
from promotions.flash.tests.factories import make_variant
from stores.catalog.services import change_variant
from users.accounts.tests.factories import UserFactory

from .factories import LinkFactory, PriceAlertFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/price-alerts/"


def mxn(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "MXN"}


def read(page: Page, minor: int | None, currency: str = "MXN") -> None:
    """The page was read and says so; everybody who listens has heard."""
    before = page.price
    Page.objects.filter(pk=page.pk).update(
        price_minor=minor, currency=currency if minor else "", may_be_bought=bool(minor)
    )
    page.refresh_from_db()
    publish(
        PageRead(
            page_id=page.pk,
            before=before,
            price=page.price,
            availability=page.availability,
            may_be_bought=page.may_be_bought,
            read_at=timezone.now(),
        )
    )
    drain()


def raised() -> list[dict[str, Any]]:
    """What was told, money as the API writes it."""
    told = OutboxEvent.objects.filter(wire_name="links.price_alert_raised").order_by("pk")
    return [{name: _shown(value) for name, value in row.payload.items()} for row in told]


def _shown(value: Any) -> Any:
    return money_json(Money(**value)) if isinstance(value, dict) else value


@pytest.fixture
def customer(api):
    user = UserFactory.create()
    api.force_authenticate(user)
    return user


# --- setting


def test_an_alert_on_a_link(api, customer, django_assert_num_queries):
    link = LinkFactory.create(customer=customer)

    made = api.post(URL, {"product_link": str(link.pk), "target": mxn("999.00")}, format="json")

    assert made.status_code == 201, made.content
    assert made.json() == {
        "id": ANY,
        "product_link": str(link.pk),
        "variant": None,
        "title": "Cafetera de goteo",
        "direction": "down",
        "target": mxn("999.00"),
        "percent": None,
        "reference": mxn("1299.00"),
        "price": mxn("1299.00"),
        "is_enabled": True,
        "is_armed": True,
        "told_at": None,
        "created_at": ANY,
        "updated_at": ANY,
    }
    assert api.get(f"{URL}{made.json()['id']}/").json() == made.json()
    for _ in range(5):
        PriceAlertFactory.create(customer=customer)
    PriceAlertFactory.create()
    with django_assert_num_queries(1):
        page = api.get(URL)
    assert len(page.json()["results"]) == 6


def test_an_alert_on_a_variant_by_percent(api, customer):
    variant = make_variant()

    made = api.post(URL, {"variant": str(variant.pk), "direction": "both", "percent": 10}, format="json").json()

    assert (made["title"], made["price"], made["reference"]) == (
        variant.product.name,
        mxn("349.00"),
        mxn("349.00"),
    )
    assert [row["id"] for row in api.get(URL, {"variant": str(variant.pk)}).json()["results"]] == [made["id"]]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid"),
        ({"target": mxn("999.00"), "percent": 5}, 400, "invalid"),
        ({"target": mxn("999.00"), "direction": "both"}, 400, "invalid"),
        ({"target": mxn("0.00")}, 400, "invalid"),
        ({"target": mxn("-1.00")}, 400, "invalid"),
        ({"target": {"amount": "10.00", "currency": "USD"}}, 409, "alert_currency"),
        ({"percent": 0}, 400, "invalid"),
        ({"percent": 100}, 400, "invalid"),
        ({"percent": 100, "direction": "both"}, 400, "invalid"),
        ({"percent": 1001, "direction": "up"}, 400, "invalid"),
        ({"percent": "5"}, 400, "invalid"),
        ({"percent": 5, "direction": "sideways"}, 400, "invalid"),
        ({"percent": 5, "variant": str(uuid7())}, 400, "invalid"),
        ({"percent": 5, "product_link": None}, 400, "invalid"),
        ({"percent": 5, "product_link": str(uuid7())}, 404, "watched_not_found"),
        ({"percent": 5, "product_link": None, "variant": str(uuid7())}, 404, "watched_not_found"),
    ],
    ids=[
        *("neither", "both", "target both ways", "zero", "negative", "currency", "0 %", "100 %", "100 % both ways"),
        *("1001 %", "text", "sideways", "two things", "nothing", "unknown link", "unknown variant"),
    ],
)
def test_refused_input_changes_nothing(api, customer, body, status, code):
    link = LinkFactory.create(customer=customer)

    answer = api.post(URL, {"product_link": str(link.pk), **body}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not PriceAlert.objects.exists()
    assert not OutboxEvent.objects.exists()


def test_only_ones_own_links_and_what_is_sold_can_be_watched(api, customer):
    hidden = make_variant(product__is_published=False)
    foreign = LinkFactory.create()
    archived = LinkFactory.create(customer=customer, archived_at=timezone.now())

    for body in ({"product_link": str(foreign.pk)}, {"product_link": str(archived.pk)}, {"variant": str(hidden.pk)}):
        answer = api.post(URL, {**body, "percent": 5}, format="json")
        assert (answer.status_code, answer.json()["code"]) == (404, "watched_not_found")
    assert not PriceAlert.objects.exists()


def test_there_is_a_limit(api, customer, settings):
    settings.PRICE_ALERTS_PER_CUSTOMER = 1
    alert = PriceAlertFactory.create(customer=customer)

    answer = api.post(URL, {"product_link": str(alert.link_id), "percent": 5}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_price_alerts")
    assert PriceAlert.objects.count() == 1


# --- changing


def test_a_moved_line_begins_afresh(api, customer):
    alert = PriceAlertFactory.create(customer=customer, is_armed=False, told_at=timezone.now())

    answer = api.patch(f"{URL}{alert.pk}/", {"percent": 20, "direction": "both"}, format="json")

    assert answer.status_code == 200, answer.content
    changed = answer.json()
    assert (changed["target"], changed["percent"], changed["direction"]) == (None, 20, "both")
    assert (changed["is_armed"], changed["told_at"]) == (True, None)


def test_saying_the_same_again_does_not_tell_again(api, customer):
    alert = PriceAlertFactory.create(customer=customer, is_armed=False, told_at=timezone.now())
    read(alert.link.page, 90_000)

    api.patch(f"{URL}{alert.pk}/", {"target": mxn("999.00"), "is_enabled": True}, format="json")
    drain()

    assert raised() == []
    alert.refresh_from_db()
    assert not alert.is_armed


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"direction": "both"}, 400),
        ({"percent": 0}, 400),
        ({"target": {"amount": "5.00", "currency": "USD"}}, 409),
        ({"is_enabled": "yes"}, 400),
    ],
    ids=["direction", "percent", "currency", "switch"],
)
def test_a_refused_change_changes_nothing(api, customer, body, status):
    alert = PriceAlertFactory.create(customer=customer)
    before = PriceAlert.objects.values().get()

    assert api.patch(f"{URL}{alert.pk}/", body, format="json").status_code == status

    assert PriceAlert.objects.values().get() == before


def test_nobody_elses(api, customer):
    alert = PriceAlertFactory.create()

    assert api.get(f"{URL}{alert.pk}/").status_code == 404
    assert api.patch(f"{URL}{alert.pk}/", {"percent": 3}, format="json").status_code == 404
    assert api.delete(f"{URL}{alert.pk}/").status_code == 404
    assert PriceAlert.objects.filter(pk=alert.pk, percent=None).exists()


def test_removed(api, customer):
    alert = PriceAlertFactory.create(customer=customer)

    assert api.delete(f"{URL}{alert.pk}/").status_code == 204

    read(alert.link.page, 10_000)
    assert raised() == []


# --- judging


def test_a_target_tells_once_and_again_after_the_price_was_back():
    alert = PriceAlertFactory.create()
    page = alert.link.page

    for minor in (110_000, 99_900, 99_000, 100_100, 99_900, None, 50_000):
        read(page, minor)

    told = raised()
    assert len(told) == 1
    assert told[0]["customer_id"] == str(alert.customer_id)
    assert (told[0]["direction"], told[0]["price"], told[0]["reference"]) == ("down", mxn("999.00"), mxn("999.00"))
    read(page, 120_000)
    read(page, 99_000)
    assert len(raised()) == 2


def test_a_percentage_tells_each_step_both_ways():
    alert = PriceAlertFactory.create(target_minor=None, percent=10, direction="both")

    for minor in (120_000, 116_910, 130_000, 128_000):
        read(alert.link.page, minor)

    assert [(row["direction"], row["price"], row["reference"]) for row in raised()] == [
        ("down", mxn("1169.10"), mxn("1299.00")),
        ("up", mxn("1300.00"), mxn("1169.10")),
    ]
    alert.refresh_from_db()
    assert alert.reference_minor == 130_000


def test_another_currency_disarms_without_a_word():
    alert = PriceAlertFactory.create()

    read(alert.link.page, 5_000, "USD")

    alert.refresh_from_db()
    assert (alert.is_armed, alert.currency, raised()) == (False, "MXN", [])


def test_a_line_that_is_crossed_when_it_is_drawn_tells_at_once(api, customer):
    link = LinkFactory.create(customer=customer)

    api.post(URL, {"product_link": str(link.pk), "target": mxn("1500.00")}, format="json")
    drain()

    assert [row["price"] for row in raised()] == [mxn("1299.00")]


@pytest.mark.parametrize("off", ["alert", "link", "archived"])
def test_what_is_off_tells_nobody(off):
    alert = PriceAlertFactory.create(is_enabled=off != "alert")
    alert.link.is_enabled, alert.link.archived_at = off != "link", timezone.now() if off == "archived" else None
    alert.link.save()

    read(alert.link.page, 10_000)

    assert raised() == []


def test_a_variants_new_price_tells():
    variant = make_variant()
    alert = PriceAlertFactory.create(link=None, variant=variant, target_minor=30_000)

    change_variant(variant=variant, expected_version=None, changes={"price": Money(29_900, "MXN")}, actor_id=None)
    drain()

    assert [(row["alert_id"], row["price"]) for row in raised()] == [(str(alert.pk), mxn("299.00"))]


def test_everybody_on_a_page_is_judged_by_few_queries(django_assert_max_num_queries, monkeypatch):
    monkeypatch.setattr(services, "CHUNK", 20)
    page = PriceAlertFactory.create(target_minor=1).link.page
    for _ in range(29):
        PriceAlertFactory.create(link=LinkFactory.create(page=page), target_minor=1)

    with django_assert_max_num_queries(6):
        assert services.settle_alerts(alerts=alerts_on_page(page.pk), at=timezone.now()) == 0


def test_two_judges_of_what_both_have_read_tell_once(monkeypatch):
    """The second judge acts between the first one's reading and its writing."""
    alert = PriceAlertFactory.create()
    Page.objects.filter(pk=alert.link.page_id).update(price_minor=90_000)
    rivals: list[int] = []

    def rival_first(rows):
        prices = selectors.prices_watched(rows)
        if not rivals:
            rivals.append(0)
            rivals[0] = services.settle_alerts(alerts=PriceAlert.objects.all(), at=timezone.now())
        return prices

    monkeypatch.setattr("links.alerts.services.prices_watched", rival_first)

    assert services.settle_alerts(alerts=PriceAlert.objects.all(), at=timezone.now()) == 0
    assert rivals == [1]
    assert len(raised()) == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_judges_at_the_same_moment_tell_once(together):
    alert = PriceAlertFactory.create()
    Page.objects.filter(pk=alert.link.page_id).update(price_minor=90_000)

    told = together(lambda _n: services.settle_alerts(alerts=PriceAlert.objects.all(), at=timezone.now()), 6)

    assert sorted(told) == [0, 0, 0, 0, 0, 1]
    assert len(raised()) == 1


def test_erasing_a_person_forgets_their_alerts():
    alert, other = PriceAlertFactory.create(), PriceAlertFactory.create()

    services.forget_alerts(alert.customer_id)

    assert list(PriceAlert.objects.all()) == [other]
    assert "links" in erasure.registered_contexts()

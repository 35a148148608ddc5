"""Shipping rates: what sending costs, and who keeps the rates."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from marketplace.core.audit import AuditEntry
from marketplace.core.money import Money
from purchases.shipments.errors import RateNotFoundError
from purchases.shipments.models import ShippingRate
from purchases.shipments.selectors import shipping_prices
from stores.merchants.models import Store, StoreMember
from stores.merchants.tests.factories import StoreFactory
from users.accounts.tests.factories import AdministratorFactory, StaffFactory, UserFactory
from users.staff.tests.factories import DepartmentMemberFactory

from .factories import ShippingRateFactory

pytestmark = pytest.mark.django_db

RATES = "/api/v1/shipping-rates/"


def pesos(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "MXN"}


def price_of(store: Store, goods: int, **chosen: Any) -> tuple[str, int]:
    rate, price = shipping_prices({store.pk: Money(goods, store.currency)}, **chosen)[store.pk]
    return "" if rate is None else rate.name, price.minor


def everything() -> list[Any]:
    return [list(model._default_manager.order_by("pk").values_list()) for model in (ShippingRate, AuditEntry)]


@pytest.fixture
def store():
    return StoreFactory()


@pytest.fixture
def merchant(api, store):
    """Runs the store, and is signed in."""
    user = UserFactory()
    StoreMember.objects.create(store=store, user=user)
    api.force_authenticate(user)
    return user


def test_a_store_without_a_rate_sends_for_nothing(store):
    ShippingRateFactory()
    ShippingRateFactory(store=store, is_active=False)
    ShippingRateFactory(store=store, currency="USD")

    assert price_of(store, 100_000) == ("", 0)


def test_the_cheapest_rate_for_these_goods_applies(store):
    ShippingRateFactory(store=store, name="Express", price_minor=15_000, free_from_minor=50_000)
    ShippingRateFactory(store=store, name="Ground", price_minor=9_900)
    ShippingRateFactory(store=store, name="Another", price_minor=9_900)

    assert price_of(store, 49_999) == ("Another", 9_900)
    assert price_of(store, 50_000) == ("Express", 0)


def test_a_customer_may_choose_another(store):
    ShippingRateFactory(store=store, price_minor=0)
    express = ShippingRateFactory(store=store, name="Express", price_minor=15_000)

    assert price_of(store, 1, chosen={store.pk: express.pk}) == ("Express", 15_000)


def test_what_the_store_does_not_offer_cannot_be_chosen(store):
    off, foreign = ShippingRateFactory(store=store, is_active=False), ShippingRateFactory()

    for rate_id in (off.pk, foreign.pk, uuid4()):
        with pytest.raises(RateNotFoundError):
            price_of(store, 1, chosen={store.pk: rate_id})


def test_many_stores_cost_one_query(django_assert_num_queries):
    rates = [ShippingRateFactory(price_minor=100 * number) for number in range(5)]

    with django_assert_num_queries(1):
        prices = shipping_prices({rate.store_id: Money(1, "MXN") for rate in rates})

    assert [prices[rate.store_id][1].minor for rate in rates] == [0, 100, 200, 300, 400]


def test_anyone_reads_what_can_be_chosen(api, store):
    shown = ShippingRateFactory(store=store, free_from_minor=99_900)
    hidden = ShippingRateFactory(store=store, is_active=False)
    ShippingRateFactory()

    listed = api.get(f"{RATES}?store={store.pk}").json()["results"]

    assert [(row["id"], row["price"], row["free_from"]) for row in listed] == [
        (str(shown.pk), pesos("99.00"), pesos("999.00"))
    ]
    assert api.get(f"{RATES}{shown.pk}/")["ETag"] == '"1"'
    assert api.get(f"{RATES}{hidden.pk}/").status_code == 404


def test_a_merchant_keeps_the_stores_rates(api, store, merchant):
    body = {"store": str(store.pk), "name": " Paquetería ", "price": pesos("99.00"), "free_from": pesos("999.00")}
    made = api.post(RATES, body, format="json")
    url = f"{RATES}{made.json()['id']}/"

    changed = api.patch(url, {"price": pesos("0.00"), "free_from": None}, format="json", headers={"If-Match": '"1"'})
    stale = api.patch(url, {"is_active": False}, format="json", headers={"If-Match": '"1"'})
    kept = api.delete(url, headers={"If-Match": '"1"'})
    listed = api.get(RATES).json()["results"]
    deleted = api.delete(url, headers={"If-Match": '"2"'})

    assert (made.status_code, made.json()["name"], made.json()["is_active"]) == (201, "Paquetería", True)
    assert (changed.status_code, changed.json()["price"], changed.json()["free_from"]) == (200, pesos("0.00"), None)
    assert (stale.status_code, kept.status_code, stale.json()["current"]["is_active"]) == (412, 412, True)
    assert [row["price"] for row in listed] == [pesos("0.00")]
    assert deleted.status_code == 204
    assert not ShippingRate.objects.exists()
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == [
        "purchases.add_rate",
        "purchases.change_rate",
        "purchases.delete_rate",
    ]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"price": {"amount": "1.00", "currency": "USD"}}, 409, "currency_mismatch"),
        ({"free_from": {"amount": "1.00", "currency": "USD"}}, 409, "currency_mismatch"),
        ({"name": "Taken"}, 409, "rate_name_taken"),
        ({"name": "   "}, 400, "invalid"),
        ({"name": "x" * 81}, 400, "invalid"),
        ({"price": pesos("-1.00")}, 400, "invalid"),
        ({"price": None}, 400, "invalid"),
        ({"free_from": pesos("0.00")}, 400, "invalid"),
        ({"is_active": "yes"}, 400, "invalid"),
    ],
)
def test_bad_values_are_refused_on_adding_and_changing(api, store, merchant, change, status, code):
    ShippingRateFactory(store=store, name="Taken")
    rate = ShippingRateFactory(store=store)
    body = {"store": str(store.pk), "name": "Express", "price": pesos("99.00")}
    before = everything()

    answers = [
        api.post(RATES, body | change, format="json"),
        api.patch(f"{RATES}{rate.pk}/", change, format="json"),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(status, code)] * 2
    assert everything() == before


def test_a_store_has_so_many_rates(api, store, merchant):
    ShippingRateFactory.create_batch(20, store=store)

    answer = api.post(RATES, {"store": str(store.pk), "name": "One", "price": pesos("1.00")}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_rates")
    assert ShippingRate.objects.count() == 20


def test_rates_of_other_stores_are_not_there_to_change(api, merchant):
    rate = ShippingRateFactory()
    before = everything()
    body = {"store": str(rate.store_id), "name": "Mine", "price": pesos("1.00")}

    def tries() -> list[int]:
        return [
            api.post(RATES, body, format="json").status_code,
            api.post(RATES, body | {"store": str(uuid4())}, format="json").status_code,
            api.patch(f"{RATES}{rate.pk}/", {"name": "Mine"}, format="json").status_code,
            api.delete(f"{RATES}{rate.pk}/").status_code,
        ]

    assert tries() == [404] * 4
    api.force_authenticate(DepartmentMemberFactory(keys=["catalog:write"]).user)
    assert tries() == [404] * 4
    api.force_authenticate(UserFactory())
    assert tries() == [403] * 4
    api.force_authenticate(None)
    assert tries() == [401] * 4
    assert everything() == before


@pytest.mark.once
def test_the_back_office_adds_changes_and_deletes_by_the_same_services(store):
    user, client = AdministratorFactory(), Client()
    client.force_login(user)
    add = reverse("admin:purchases_shippingrate_add")

    client.post(add, {"store": store.pk, "name": "Ground", "price": "99.00", "free_from": "999", "is_active": "on"})
    rate = ShippingRate.objects.get()
    change = reverse("admin:purchases_shippingrate_change", args=[rate.pk])
    posted = {"name": "Ground", "price": "120", "free_from": "", "expected_version": rate.version, "is_active": "on"}
    client.post(change, posted)
    refused = client.post(change, posted | {"price": "1.005"})
    rate.refresh_from_db()

    assert (rate.price_minor, rate.free_from_minor, rate.version, rate.currency) == (12_000, None, 2, "MXN")
    assert refused.status_code == 200
    client.post(reverse("admin:purchases_shippingrate_delete", args=[rate.pk]), {"post": "yes"})
    assert not ShippingRate.objects.exists()
    assert AuditEntry.objects.filter(object_id=str(rate.pk)).count() == 3


@pytest.mark.once
def test_a_merchant_of_the_house_sees_only_their_stores_in_the_back_office(store):
    user, client = StaffFactory(), Client()
    StoreMember.objects.create(store=store, user=user)
    mine, other = ShippingRateFactory(store=store), ShippingRateFactory()
    client.force_login(user)

    page = client.get(reverse("admin:purchases_shippingrate_changelist")).content.decode()
    form = client.get(reverse("admin:purchases_shippingrate_add")).content.decode()

    assert mine.name in page
    assert other.name not in page
    assert str(store.pk) in form
    assert str(other.store_id) not in form

"""Barcodes, the history of prices, promoted prices, and lists that are right at once."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from marketplace.core.errors import InvalidInputError
from marketplace.core.money import Money
from promotions.flash.services import planning
from promotions.flash.tests.factories import make_promo, offer_of
from stores import facade
from stores.catalog import listings, services
from stores.catalog.barcodes import is_barcode
from stores.catalog.errors import BarcodeTakenError
from stores.catalog.models import Listing, PriceChange, Product, PublicPrice, Variant
from stores.catalog.repricing import PriceRule, planned
from stores.contracts import ProductRow, PromotedPrice, VariantRow
from stores.inventory.tests.factories import stocked
from stores.merchants.tests.factories import StoreFactory

from .factories import CategoryFactory, ProductFactory, VariantFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/market/products/"
EAN = "7501055300075"
PRICE = {"amount": "349.00", "currency": "MXN"}


def all_right() -> bool:
    return listings.adrift(list(Product.objects.values_list("pk", flat=True))) == []


@pytest.mark.parametrize("text", [EAN, "73513537", "036000291452", "00012345600012"])
def test_barcodes_of_every_length_are_taken(text):
    assert is_barcode(text)


@pytest.mark.parametrize(
    "text", ["7501055300076", "735135370", "7501055300075 ", "７５０１０５５３０００７５", "abcdefgh", "750105530007X"]
)
def test_other_barcodes_are_refused_and_change_nothing(api, administrator, text):
    variant = VariantFactory()
    api.force_authenticate(administrator)
    url = f"{URL}{variant.product_id}/variants/"

    answers = [
        api.post(url, {"sku": "A", "price": PRICE, "barcode": text}, format="json"),
        api.patch(f"{url}{variant.pk}/", {"barcode": text}, format="json"),
    ]

    assert {answer.status_code for answer in answers} <= {400} or text.endswith(" ")
    assert not is_barcode(text)
    with pytest.raises(InvalidInputError):
        services.change_variant(variant=variant, expected_version=None, changes={"barcode": text}, actor_id=None)
    assert not Variant.objects.filter(barcode=text).exists()


def test_a_barcode_names_one_variant_of_a_store(api, administrator):
    taken = VariantFactory(barcode=EAN)
    other = VariantFactory(product=taken.product)
    elsewhere = VariantFactory()
    api.force_authenticate(administrator)
    url = f"{URL}{taken.product_id}/variants/"

    answers = [
        api.post(url, {"sku": "B", "price": PRICE, "barcode": EAN}, format="json"),
        api.patch(f"{url}{other.pk}/", {"barcode": EAN}, format="json"),
    ]
    row = ProductRow(
        taken.store.slug, "x", "X", taken.product.category.slug, (VariantRow("X", Money(1, "MXN"), barcode=EAN),)
    )
    with pytest.raises(BarcodeTakenError):
        facade.add_catalog([row])

    assert [(a.status_code, a.json()["code"]) for a in answers] == [(409, "barcode_taken")] * 2
    assert list(Variant.objects.filter(barcode=EAN)) == [taken]
    assert not Product.objects.filter(slug="x").exists()
    theirs = api.patch(f"{URL}{elsewhere.product_id}/variants/{elsewhere.pk}/", {"barcode": EAN}, format="json")
    assert theirs.json()["barcode"] == EAN
    api.delete(f"{url}{taken.pk}/")
    assert api.patch(f"{url}{other.pk}/", {"barcode": EAN}, format="json").status_code == 200


def test_every_price_makes_history(api, clerk_of):
    product = ProductFactory()
    clerk = clerk_of(product.category.department)
    api.force_authenticate(clerk)
    url = f"{URL}{product.pk}/variants/"

    made = api.post(url, {"sku": "A", "price": PRICE}, format="json").json()
    mine = f"{url}{made['id']}/"
    api.patch(mine, {"price": {"amount": "300.00", "currency": "MXN"}}, format="json")
    api.patch(mine, {"cost": {"amount": "100.00", "currency": "MXN"}}, format="json")
    api.patch(mine, {"price": {"amount": "300.00", "currency": "MXN"}, "options": {"color": "azul"}}, format="json")

    rows = api.get(f"{mine}prices/").json()["results"]
    assert [(row["price"]["amount"], row["cost"] and row["cost"]["amount"]) for row in rows] == [
        ("300.00", "100.00"),
        ("300.00", None),
        ("349.00", None),
    ]
    assert {(row["cause"], row["actor"]) for row in rows} == {("edit", str(clerk.pk))}
    api.force_authenticate(None)
    assert api.get(f"{mine}prices/").status_code == 401
    api.force_authenticate(clerk_of(CategoryFactory().department))
    assert api.get(f"{mine}prices/").status_code == 404


def test_history_begins_with_bulk_rows_and_is_never_changed():
    store, category = StoreFactory(), CategoryFactory()
    facade.add_catalog([ProductRow(store.slug, "x", "X", category.slug, (VariantRow("X", Money(700, "MXN")),))])

    change = PriceChange.objects.get()
    assert (change.price_minor, change.cause) == (700, "bulk")
    with pytest.raises(DatabaseError), transaction.atomic():
        PriceChange.objects.update(price_minor=1)


@pytest.mark.parametrize(
    ("rule", "after"),
    [
        (PriceRule(percent=Decimal(10)), 10_989),
        (PriceRule(percent=Decimal("-12.5")), 8_741),
        (PriceRule(percent=Decimal(10), step=Decimal(1)), 11_000),
        (PriceRule(percent=Decimal(10), step=Decimal("0.5")), 11_000),
        (PriceRule(amount=Decimal("-5.5")), 9_440),
        (PriceRule(amount=Decimal(-5), step=Decimal(10)), 9_000),
        (PriceRule(percent=Decimal(-100)), None),
        (PriceRule(amount=Decimal("-99.90")), None),
        (PriceRule(percent=Decimal(10) ** 15), None),
    ],
)
def test_rules_of_price(rule, after):
    new = rule.price_of(Money(9_990, "MXN"))

    assert new == (None if after is None else Money(after, "MXN"))


def test_planned_prices_are_set_as_they_were_seen_and_no_others(administrator):
    seen, moved, foreign = VariantFactory(), VariantFactory(), VariantFactory()
    plan = [planned(row, PriceRule(percent=Decimal(10))) for row in (seen, moved, foreign)]
    services.change_variant(variant=moved, expected_version=None, changes={"price": Money(500, "MXN")}, actor_id=None)
    within = Variant.objects.exclude(pk=foreign.pk)
    bulk_id = seen.pk

    left = services.apply_prices(plan=plan, within=within, bulk_id=bulk_id, actor_id=administrator.pk)
    again = services.apply_prices(plan=plan, within=within, bulk_id=bulk_id, actor_id=administrator.pk)

    assert [row.variant_id for row in left] == [moved.pk, foreign.pk]
    assert len(again) == 3
    prices = dict(Variant.objects.values_list("pk", "price_minor"))
    assert prices == {seen.pk: 38_390, moved.pk: 500, foreign.pk: 34_900}
    change = PriceChange.objects.get(cause=f"bulk:{bulk_id}")
    assert (change.variant_id, change.price_minor, change.actor_id) == (seen.pk, 38_390, administrator.pk)
    assert all_right()


def test_price_filter_looks_at_variants_where_the_range_lies_between(api):
    variant = VariantFactory(price_minor=1_000)
    VariantFactory(product=variant.product, price_minor=10_000)

    found = {
        bounds: len(api.get(f"{URL}?{bounds}").json()["results"])
        for bounds in (
            *("min_price=10&max_price=20", "min_price=50&max_price=100", "min_price=40&max_price=60"),
            *("min_price=101", "max_price=9.99", "min_price=5&max_price=200", "min_price=40", "max_price=60"),
        )
    }

    assert list(found.values()) == [1, 1, 0, 0, 0, 1, 1, 1]


def test_flash_promotions_show_in_lists_while_they_are_active(api):
    promo = make_promo()
    other = VariantFactory()
    url = f"{URL}{promo.variant.product_id}/"

    shown = api.get(url).json()["promotion"]

    assert shown["price"] == {"amount": "199.00", "currency": "MXN"}
    assert shown["is_conditional"] is True
    assert shown["ends_at"].startswith(promo.ends_at.isoformat()[:19])
    listed = {row["id"]: row["promotion"] for row in api.get(URL).json()["results"]}
    assert listed == {str(promo.variant.product_id): shown, str(other.product_id): None}
    for flag, product_id in (("true", promo.variant.product_id), ("false", other.product_id)):
        assert [row["id"] for row in api.get(f"{URL}?on_promotion={flag}").json()["results"]] == [str(product_id)]

    now = timezone.now()
    planning.change_promo(promo_id=promo.pk, changes={"is_active": False}, actor_id=None, at=now)
    assert api.get(url).json()["promotion"] is None
    planning.change_promo(promo_id=promo.pk, changes={"is_active": True}, actor_id=None, at=now)
    assert api.get(url).json()["promotion"] == shown
    planning.end_promo(promo_id=promo.pk, actor_id=None, at=now)
    assert api.get(url).json()["promotion"] is None
    assert not PublicPrice.objects.exists()
    assert all_right()


def test_promotions_that_are_drafts_or_have_not_begun_do_not_show(api):
    variant = VariantFactory()
    stocked(variant)
    now = timezone.now()
    draft = planning.schedule_promo(offer=offer_of(variant, is_active=False), actor_id=None, at=now)
    assert not PublicPrice.objects.exists()
    coming = planning.schedule_promo(
        offer=offer_of(variant, starts_at=now + timedelta(hours=1), ends_at=now + timedelta(hours=2)),
        actor_id=None,
        at=now,
    )

    assert api.get(f"{URL}{variant.product_id}/").json()["promotion"] is None
    planning.withdraw_promo(promo_id=draft.pk, actor_id=None)
    planning.withdraw_promo(promo_id=coming.pk, actor_id=None)
    assert not PublicPrice.objects.exists()


def test_the_lowest_of_several_sources_shows_and_each_withdraws_its_own(api):
    variant = VariantFactory()
    now = timezone.now()

    def price(minor: int) -> PromotedPrice:
        return PromotedPrice(variant.pk, Money(minor, "MXN"), False, now - timedelta(hours=1))

    facade.publish_prices(source="discount:1", prices=[price(9_900)])
    facade.publish_prices(source="discount:2", prices=[price(8_900)])
    facade.publish_prices(source="discount:2", prices=[price(7_900)])
    first = api.get(f"{URL}{variant.product_id}/").json()["promotion"]
    facade.withdraw_prices(source="discount:2")
    second = api.get(f"{URL}{variant.product_id}/").json()["promotion"]

    assert first == {"price": {"amount": "79.00", "currency": "MXN"}, "ends_at": None, "is_conditional": False}
    assert second["price"]["amount"] == "99.00"
    facade.publish_prices(source="discount:1", prices=[])
    assert api.get(f"{URL}{variant.product_id}/").json()["promotion"] is None


def test_a_sale_does_not_write_the_listing(django_assert_num_queries):
    variant = VariantFactory()
    before = list(Listing.objects.values_list())
    versions = list(Product.objects.values_list("version", "updated_at"))

    stocked(variant, 5)

    assert list(Listing.objects.values_list()) == before
    assert list(Product.objects.values_list("version", "updated_at")) == versions


def test_anonymous_lists_are_kept_until_the_catalogue_changes(
    api, settings, administrator, django_capture_on_commit_callbacks, django_assert_num_queries
):
    settings.PRODUCT_LIST_CACHE_SECONDS = 60
    variant = VariantFactory()

    first = api.get(URL)
    with django_assert_num_queries(0):
        kept = api.get(URL)
    with django_capture_on_commit_callbacks(execute=True):
        services.change_variant(
            variant=variant, expected_version=None, changes={"price": Money(500, "MXN")}, actor_id=None
        )
    fresh = api.get(URL).json()

    assert kept.content == first.content
    assert kept["Content-Type"] == "application/json"
    assert fresh["results"][0]["price_from"]["amount"] == "5.00"
    ProductFactory(is_published=False)
    api.force_authenticate(administrator)
    assert len(api.get(f"{URL}?published=false").json()["results"]) == 1
    api.force_authenticate(None)
    assert api.get(f"{URL}?published=false").json()["results"] == []


def current(answer: Any) -> tuple[Any, ...]:
    body = answer.json()
    return answer.status_code, body["code"], body["expected_version"], body["current_version"]


def test_stale_writes_are_told_both_versions_and_what_is_there_now(api, administrator):
    variant = VariantFactory(version=3, product__version=2, product__category__version=5)
    api.force_authenticate(administrator)
    urls = {
        f"{URL}{variant.product_id}/": 2,
        f"{URL}{variant.product_id}/variants/{variant.pk}/": 3,
        f"/api/v1/market/categories/{variant.product.category_id}/": 5,
    }

    for url, version in urls.items():
        for answer in (
            api.patch(url, {"name": "x", "sku": "x"}, format="json", HTTP_IF_MATCH='"1"'),
            api.delete(url, HTTP_IF_MATCH='"1"'),
        ):
            assert current(answer) == (412, "stale", 1, version)
            assert answer.json()["current"] == api.get(url).json()
        assert current(api.delete(url, HTTP_IF_MATCH='"odd"'))[2] is None


def test_what_many_variants_cost_at_a_moment(django_assert_num_queries):
    variant, newer = VariantFactory(price_minor=34_900), VariantFactory()
    PriceChange.objects.create(variant=variant, price_minor=34_900, currency="MXN", cause="edit")
    before = timezone.now()
    PriceChange.objects.create(variant=variant, price_minor=29_900, currency="MXN", cause="edit")
    PriceChange.objects.create(variant=newer, price_minor=9_900, currency="MXN", cause="edit")

    with django_assert_num_queries(1):
        found = facade.prices_on([variant.pk, newer.pk, uuid4()], before)

    assert found == {variant.pk: Money(34_900, "MXN")}

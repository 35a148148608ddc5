"""Lists show promotions of now: rules and the catalogue mark variants, a worker computes them, the clock ends them."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from marketplace.core.money import Money
from marketplace.core.outbox.relay import drain
from promotions.campaigns.services.lifecycle import deactivate_campaign
from promotions.campaigns.services.planning import change_campaign
from promotions.campaigns.tests.factories import make_campaign
from promotions.discounts.services import change_discount, delete_discount
from promotions.discounts.tests.factories import make_discount
from promotions.flash.tests.factories import make_variant
from purchases.listed_prices import services, tasks
from purchases.listed_prices.models import DuePrice, KnownRule
from purchases.pricing.selectors import quote
from purchases.pricing.values import Wanted
from stores.catalog import listings
from stores.catalog import services as catalog
from stores.catalog.models import Product, PublicPrice, Variant
from stores.catalog.tests.factories import CategoryFactory, ProductFactory, VariantFactory
from stores.facade import variant_cards

pytestmark = pytest.mark.django_db

URL = "/api/v1/market/products/"


def compute(at: datetime | None = None) -> int:
    """Everything that is due, as a worker would; how many variants."""
    computed = 0
    while done := services.compute_next(at=at or timezone.now()):
        computed += done
    return computed


def prices() -> dict[Any, list[tuple[int, bool]]]:
    """What lists show, by variant: minor units, and whether only some get it."""
    found: dict[Any, list[tuple[int, bool]]] = {}
    for row in PublicPrice.objects.order_by("-price_minor"):
        found.setdefault(row.variant_id, []).append((row.price_minor, row.is_conditional))
    return found


def in_cart(variant: Variant, at: datetime) -> int:
    """What a stranger pays for one."""
    card = variant_cards([variant.pk])[variant.pk]
    return quote([Wanted("1", card, 1)], customer_id=None, at=at, ships=False).goods_total.minor


def all_right() -> bool:
    return listings.count_adrift() == 0


def test_a_discount_shows_in_lists_and_vanishes_with_it(api):
    variant, other = VariantFactory(), VariantFactory()
    discount = make_discount(variant.product.category)

    drain()
    first, second = (api.get(f"{URL}{each.product_id}/").json() for each in (variant, other))

    assert first["promotion"] == first["promotion_for_all"]
    assert first["promotion"] == {
        "price": {"amount": "314.10", "currency": "MXN"},
        "ends_at": None,
        "is_conditional": False,
    }
    assert (second["promotion"], second["promotion_for_all"]) == (None, None)
    assert [row["id"] for row in api.get(f"{URL}?on_promotion=true").json()["results"]] == [str(variant.product_id)]
    assert in_cart(variant, timezone.now()) == 31_410
    assert not DuePrice.objects.exists()

    delete_discount(discount_id=discount.pk, actor_id=None)
    drain()

    assert api.get(f"{URL}{variant.product_id}/").json()["promotion"] is None
    assert not PublicPrice.objects.exists()
    assert not KnownRule.objects.exists()
    assert all_right()


def test_what_only_a_level_gets_stands_beside_what_everybody_gets(api):
    variant = VariantFactory()
    make_discount(variant.product.category)
    make_discount(variant.product.category, tier="gold", percent_bp=2_000)

    drain()

    shown = api.get(f"{URL}{variant.product_id}/").json()
    assert (shown["promotion"]["price"]["amount"], shown["promotion"]["is_conditional"]) == ("279.20", True)
    assert (shown["promotion_for_all"]["price"]["amount"], shown["promotion_for_all"]["is_conditional"]) == (
        "314.10",
        False,
    )


def test_a_rule_that_changes_marks_what_it_was_about_and_what_it_is_about():
    was, will_be, neither = VariantFactory(), VariantFactory(), VariantFactory()
    campaign = make_campaign(scope="product", product_ids=frozenset({was.product_id}))
    drain()
    assert prices() == {was.pk: [(31_410, False)]}

    change_campaign(
        campaign_id=campaign.pk,
        changes={"product_ids": frozenset({will_be.product_id})},
        actor_id=None,
        at=timezone.now(),
    )
    drain()

    assert prices() == {will_be.pk: [(31_410, False)]}
    assert not DuePrice.objects.filter(variant__in=[was, neither]).exists()


def test_events_in_any_order_and_twice_leave_the_same():
    variant, other = VariantFactory(), VariantFactory()
    discount = make_discount(variant.product.category)
    services.mark_rules(rule_ids=[discount.pk], at=timezone.now())
    change_discount(discount_id=discount.pk, changes={"category_id": other.product.category_id}, actor_id=None)

    for _twice in range(2):
        drain()
        services.mark_rules(rule_ids=[discount.pk], at=timezone.now())
        compute()

    assert prices() == {other.pk: [(31_410, False)]}


def test_rules_about_stores_categories_and_everything_reach_what_they_mean():
    root = CategoryFactory()
    below, elsewhere = VariantFactory(product__category=CategoryFactory(parent=root)), VariantFactory()
    make_discount(root, percent_bp=1_000)
    make_campaign(
        scope="store",
        store_ids=frozenset({elsewhere.store_id}),
        benefits_json=[{"kind": "percentage", "basis_points": 2_000}],
    )

    drain()

    assert prices() == {below.pk: [(31_410, False)], elsewhere.pk: [(27_920, False)]}


def test_rules_about_orders_and_behind_coupons_do_not_show():
    variant = VariantFactory()

    make_campaign()
    make_campaign("VERANO", scope="store", store_ids=frozenset({variant.store_id}))
    drain()

    assert prices() == {}
    assert not DuePrice.objects.exists()


def test_the_clock_begins_and_ends_what_is_shown(api):
    variant, now = VariantFactory(), timezone.now()
    begins, ends = now + timedelta(hours=1), now + timedelta(hours=2)
    make_discount(variant.product.category, starts_at=begins, ends_at=ends)
    drain()
    assert (prices(), DuePrice.objects.get().due_at) == ({}, begins)

    assert compute(begins - timedelta(microseconds=1)) == 0
    assert compute(begins) == 1
    shown = PublicPrice.objects.get()
    assert (shown.price_minor, shown.starts_at, shown.ends_at) == (31_410, begins, ends)
    assert in_cart(variant, begins) == 31_410
    # Nobody has to be there when it ends; whoever comes tidies up.
    assert DuePrice.objects.get().due_at == ends
    assert compute(ends) == 1
    assert (prices(), DuePrice.objects.count()) == ({}, 0)
    assert in_cart(variant, ends) == 34_900
    assert all_right()


def test_a_weekday_begins_and_ends_at_the_platforms_midnight(settings):
    settings.PLATFORM_TIME_ZONE = "America/Mexico_City"
    variant = VariantFactory()
    friday, saturday = datetime(2026, 3, 13, 6, tzinfo=UTC), datetime(2026, 3, 14, 6, tzinfo=UTC)
    make_discount(variant.product.category, starts_at=friday - timedelta(days=2), weekdays=frozenset({5}))
    services.mark_everything(at=friday - timedelta(days=1))

    seen = []
    for moment in (friday - timedelta(days=1), friday, saturday):
        compute(moment)
        seen.append((prices().get(variant.pk), DuePrice.objects.get().due_at))
        assert in_cart(variant, moment) == (prices().get(variant.pk) or [(34_900, False)])[0][0]

    assert seen == [(None, friday), ([(31_410, False)], saturday), (None, friday + timedelta(days=7))]


def test_a_new_price_a_new_variant_and_another_category_are_computed_again():
    category, elsewhere = CategoryFactory(), CategoryFactory()
    variant = VariantFactory(product__category=category)
    make_discount(category)
    drain()

    catalog.change_variant(
        variant=variant, expected_version=None, changes={"price": Money(10_000, "MXN")}, actor_id=None
    )
    added = catalog.create_variant(product=variant.product, sku="OTRA", price=Money(20_000, "MXN"), actor_id=None)
    drain()
    assert prices() == {variant.pk: [(9_000, False)], added.pk: [(18_000, False)]}

    product = Product.objects.get(pk=variant.product_id)
    catalog.change_product(product=product, expected_version=None, changes={"category_id": elsewhere.pk}, actor_id=None)
    drain()
    assert prices() == {}

    catalog.change_product(product=product, expected_version=None, changes={"category_id": category.pk}, actor_id=None)
    drain()
    assert prices() == {variant.pk: [(9_000, False)], added.pk: [(18_000, False)]}
    assert all_right()


def test_a_category_that_moves_takes_its_products_along():
    root = CategoryFactory()
    moved = CategoryFactory(department=root.department)
    variant = VariantFactory(product__category=CategoryFactory(parent=moved))
    make_discount(root)
    drain()
    assert prices() == {}

    catalog.change_category(category=moved, expected_version=None, changes={"parent_id": root.pk}, actor_id=None)
    drain()

    assert prices() == {variant.pk: [(31_410, False)]}


def test_without_rules_the_catalogue_marks_nothing():
    variant = VariantFactory()

    catalog.change_variant(
        variant=variant, expected_version=None, changes={"price": Money(10_000, "MXN")}, actor_id=None
    )
    drain()

    assert not DuePrice.objects.exists()


def test_an_ended_campaign_shows_no_more():
    variant = make_variant()
    campaign = make_campaign(scope="product", product_ids=frozenset({variant.product_id}))
    drain()
    assert prices() == {variant.pk: [(31_410, False)]}

    deactivate_campaign(campaign_id=campaign.pk, actor_id=None, at=timezone.now())
    drain()

    assert prices() == {}


def test_a_crash_between_chunks_leaves_the_rest_marked():
    category = CategoryFactory()
    variants = [VariantFactory(product__category=category) for _ in range(5)]
    discount = make_discount(category)
    services.mark_rules(rule_ids=[discount.pk], at=timezone.now())

    services.compute_next(at=timezone.now(), limit=2)
    after_crash = (len(prices()), DuePrice.objects.count())
    tasks.sweep_prices()

    assert after_crash == (2, 3)
    assert set(prices()) == {variant.pk for variant in variants}
    assert not DuePrice.objects.exists()


def test_any_number_of_variants_takes_the_same_statements(django_assert_max_num_queries):
    category = CategoryFactory()
    for _ in range(3):
        product = ProductFactory(category=category)
        for _ in range(3):
            VariantFactory(product=product)
    make_discount(category)
    make_discount(category, tier="gold", percent_bp=2_000, ends_at=timezone.now() + timedelta(days=1))
    drain()
    PublicPrice.objects.all().delete()

    services.mark_everything(at=timezone.now())
    with django_assert_max_num_queries(21):
        services.compute_next(at=timezone.now())
    assert len(prices()) == 9

    services.mark_everything(at=timezone.now())
    with django_assert_max_num_queries(10):  # nothing is another: nothing is written but the next moments
        services.compute_next(at=timezone.now())


def test_the_command_computes_all_or_some(capsys):
    category = CategoryFactory()
    first, second = VariantFactory(product__category=category), VariantFactory(product__category=category)
    make_discount(category)

    out = StringIO()
    call_command("reprice_listings", "--variant", str(first.pk), stdout=out)
    some = set(prices())
    call_command("reprice_listings", stdout=out)

    assert out.getvalue().splitlines() == ["1 marked, 1 computed", "2 marked, 2 computed"]
    assert (some, set(prices())) == ({first.pk}, {first.pk, second.pk})


def test_a_wake_up_is_sent_once_while_somebody_computes():
    VariantFactory()
    assert tasks.take_wake_ups() == []
    services.mark_everything(at=timezone.now())

    [holder] = tasks.take_wake_ups()
    again = tasks.take_wake_ups()
    tasks.run_here(holder)
    services.mark_everything(at=timezone.now())

    assert again == []
    assert len(tasks.take_wake_ups()) == 1

"""Discounts: what is kept, what is refused, what the rule book hears."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from marketplace.core.audit import AuditEntry
from marketplace.core.errors import InvalidInputError, StaleError
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from promotions.contracts import Benefit, BenefitKind
from promotions.discounts import services
from promotions.discounts.errors import DiscountNotFoundError
from promotions.discounts.models import TIERS, Discount
from promotions.discounts.selectors import price_rules
from promotions.facade import rule_book
from stores.catalog.tests.factories import CategoryFactory, ProductFactory
from users.models import Tier

from .factories import discount_terms, make_discount

pytestmark = pytest.mark.django_db


def test_it_is_a_rule_of_the_book():
    category = CategoryFactory.create()
    products = [ProductFactory.create(category=category) for _ in range(2)]

    discount = make_discount(
        category,
        tier="gold",
        product_ids=frozenset(product.pk for product in products),
        weekdays=frozenset({5, 6}),
        month_days=frozenset({1, 31}),
        amount=Money(2_500, "MXN"),
        priority=7,
        stack_group="verano",
    )

    [rule] = rule_book().rules
    assert (rule.rule_id, rule.kind, rule.version, rule.name) == (discount.pk, "discount", 1, "Diez por ciento")
    assert rule.benefits == (Benefit(BenefitKind.AMOUNT, minor=2_500),)
    assert (rule.currency, rule.priority, rule.is_exclusive, rule.stack_group) == ("MXN", 7, False, "verano")
    assert rule.category_ids == {category.pk}
    assert rule.product_ids == {product.pk for product in products}
    assert (rule.tiers, rule.weekdays, rule.month_days) == (frozenset({"gold"}), frozenset({5, 6}), frozenset({1, 31}))
    assert (rule.starts_at, rule.ends_at) == (discount.starts_at, None)
    assert (rule.is_about_orders, rule.needs_coupon, rule.is_limited) == (False, False, False)


def test_a_percentage_for_everybody_restricts_neither_level_nor_products():
    make_discount(percent_bp=1_550)

    [rule] = rule_book().rules
    assert rule.benefits == (Benefit(BenefitKind.PERCENTAGE, basis_points=1_550),)
    assert (rule.currency, rule.tiers, rule.product_ids) == ("", frozenset(), frozenset())


def test_what_is_switched_off_is_not_in_the_book_whatever_its_moment():
    past = timezone.now() - timedelta(days=9)
    on = make_discount(starts_at=past, ends_at=past + timedelta(days=1))
    make_discount(is_active=False)

    assert [rule.rule_id for rule in price_rules()] == [on.pk]


def test_without_the_last_selected_product_it_takes_nothing_off():
    category = CategoryFactory.create()
    discount = make_discount(category, product_ids=frozenset({ProductFactory.create(category=category).pk}))

    discount.products.clear()

    assert price_rules() == []


def test_products_may_lie_below_the_category():
    category = CategoryFactory.create()
    product = ProductFactory.create(category=CategoryFactory.create(parent=category))

    discount = make_discount(category, product_ids=frozenset({product.pk}))

    assert list(discount.products.all()) == [product]


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"name": "  "}, "name"),
        ({"percent_bp": None}, "percent_bp"),
        ({"percent_bp": 1_000, "amount": Money(100, "MXN")}, "percent_bp"),
        ({"percent_bp": 10_001}, "percent_bp"),
        ({"percent_bp": 0}, "percent_bp"),
        ({"percent_bp": None, "amount": Money(0, "MXN")}, "amount"),
        ({"percent_bp": None, "amount": Money(-5, "MXN")}, "amount"),
        ({"ends_at": timezone.now() - timedelta(days=2)}, "ends_at"),
        ({"weekdays": frozenset({0})}, "weekdays"),
        ({"weekdays": frozenset({8})}, "weekdays"),
        ({"month_days": frozenset({32})}, "month_days"),
        ({"tier": "platinum"}, "tier"),
        ({"category_id": uuid7()}, "category"),
        ({"product_ids": frozenset({uuid7()})}, "products"),
        ({"priority": 1_001}, "priority"),
        ({"stack_group": "Verano!"}, "stack_group"),
        ({"is_exclusive": True, "stack_group": "verano"}, "stack_group"),
    ],
)
def test_bad_terms_name_the_field_and_leave_nothing_behind(terms, field):
    good = make_discount()
    book = rule_book()
    wrong = replace(discount_terms(), **terms)

    with pytest.raises(InvalidInputError) as created:
        services.create_discount(terms=wrong, actor_id=None)
    with pytest.raises(InvalidInputError) as changed:
        services.change_discount(discount_id=good.pk, changes=terms, actor_id=None)

    assert field in {error.field for error in created.value.field_errors}
    assert field in {error.field for error in changed.value.field_errors}
    assert rule_book() is book
    assert Discount.objects.get().version == 1
    assert AuditEntry.objects.count() == 1


def test_a_product_of_another_category_is_refused():
    foreign = ProductFactory.create()

    with pytest.raises(InvalidInputError) as refused:
        make_discount(product_ids=frozenset({foreign.pk}))

    assert [error.field for error in refused.value.field_errors] == ["products"]
    assert not Discount.objects.exists()


def test_a_change_is_audited_by_value_and_reaches_the_book():
    discount, actor = make_discount(), uuid7()
    before = rule_book()

    services.change_discount(discount_id=discount.pk, changes={"percent_bp": 2_000, "tier": "silver"}, actor_id=actor)

    entry = AuditEntry.objects.order_by("-pk")[0]
    assert (entry.action, entry.actor_id, entry.object_id) == ("promotions.change_discount", actor, str(discount.pk))
    assert (entry.before, entry.after) == (
        {"percent_bp": 1_000, "tier": ""},
        {"percent_bp": 2_000, "tier": "silver"},
    )
    after = rule_book()
    assert after.version == before.version + 1
    assert after.rules[0].version == 2
    assert after.rules[0].benefits[0].basis_points == 2_000


def test_a_change_of_nothing_is_none():
    discount = make_discount()
    book = rule_book()

    services.change_discount(discount_id=discount.pk, changes={"percent_bp": 1_000}, actor_id=None)

    assert rule_book() is book
    assert AuditEntry.objects.count() == 1


def test_removing_is_audited_and_reaches_the_book():
    discount = make_discount()

    services.delete_discount(discount_id=discount.pk, actor_id=None, expected_version=1)

    assert rule_book().rules == ()
    entry = AuditEntry.objects.order_by("-pk")[0]
    assert (entry.action, entry.before["percent_bp"]) == ("promotions.delete_discount", 1_000)


def test_a_stale_version_and_an_unknown_discount_are_refused():
    discount = make_discount()

    with pytest.raises(StaleError):
        services.change_discount(discount_id=discount.pk, changes={"name": "X"}, actor_id=None, expected_version=9)
    with pytest.raises(StaleError):
        services.delete_discount(discount_id=discount.pk, actor_id=None, expected_version=9)
    with pytest.raises(DiscountNotFoundError):
        services.change_discount(discount_id=uuid7(), changes={"name": "X"}, actor_id=None)

    assert Discount.objects.get().name == "Diez por ciento"


@pytest.mark.parametrize(
    "columns",
    [
        {"percent_bp": None},
        {"percent_bp": 0},
        {"percent_bp": 10_001},
        {"amount_minor": 5},
        {"percent_bp": None, "amount_minor": 5},
        {"percent_bp": None, "amount_minor": 0, "currency": "MXN"},
        {"tier": "platinum"},
        {"weekday_bits": 128},
        {"priority": 5_000},
        {"is_exclusive": True, "stack_group": "verano"},
        {"ends_at": timezone.now() - timedelta(days=3)},
    ],
)
def test_the_table_refuses_what_a_service_would(columns):
    discount = make_discount()

    with pytest.raises(IntegrityError), transaction.atomic():
        Discount.objects.filter(pk=discount.pk).update(**columns)


def test_the_levels_are_those_of_customers():
    assert [value for value, _label in TIERS[1:]] == Tier.values

"""Two workers share what is due, and a mark that is set while somebody computes is not lost."""

import threading
from typing import Any

import pytest
from django.utils import timezone

from marketplace.core.money import Money
from marketplace.core.outbox.relay import drain
from promotions.discounts.services import change_discount
from promotions.discounts.tests.factories import make_discount
from purchases.listed_prices import selectors, services
from purchases.listed_prices.models import DuePrice
from stores.catalog import listings
from stores.catalog import services as catalog
from stores.catalog.models import PublicPrice, Variant
from stores.catalog.tests.factories import CategoryFactory, ProductFactory, VariantFactory

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def hold_after_reading(monkeypatch: Any) -> tuple[threading.Event, threading.Event]:
    """Whoever computes stops with everything read and nothing written: (`has_read`, `may_write`)."""
    has_read, may_write = threading.Event(), threading.Event()
    shown_now = selectors.shown_now

    def reading(*args: Any) -> Any:
        shown = shown_now(*args)
        if not has_read.is_set():
            has_read.set()
            may_write.wait(10)
        return shown

    monkeypatch.setattr(services, "shown_now", reading)
    return has_read, may_write


def test_two_workers_share_what_is_due(together):
    category = CategoryFactory()
    products = [ProductFactory(category=category) for _ in range(4)]
    variants = [VariantFactory(product=products[number % 4]) for number in range(24)]
    make_discount(category)
    services.mark_everything(at=timezone.now())

    def work(_number: int) -> int:
        computed = 0
        while done := services.compute_next(at=timezone.now(), limit=3):
            computed += done
        return computed

    answers = together(work, 2)

    assert sum(answers) == len(variants)
    assert PublicPrice.objects.filter(price_minor=31_410).count() == len(variants)
    assert not DuePrice.objects.exists()
    assert listings.count_adrift() == 0


@pytest.mark.parametrize("what", ["rule", "price"])
def test_what_changes_while_somebody_computes_is_computed_again(together, monkeypatch, what):
    variant = VariantFactory()
    discount = make_discount(variant.product.category)
    drain()
    has_read, may_write = hold_after_reading(monkeypatch)
    services.mark_everything(at=timezone.now())

    def change() -> None:
        if what == "rule":
            change_discount(discount_id=discount.pk, changes={"percent_bp": 5_000}, actor_id=None)
            threading.Timer(0.5, may_write.set).start()  # by then this one waits for the mark
            services.mark_rules(rule_ids=[discount.pk], at=timezone.now())
        else:
            row = Variant.objects.get(pk=variant.pk)
            price = {"price": Money(19_389, "MXN")}
            catalog.change_variant(variant=row, expected_version=None, changes=price, actor_id=None)
            threading.Timer(0.5, may_write.set).start()
            services.mark_products(product_ids=[variant.product_id], at=timezone.now())

    def work(number: int) -> None:
        if number == 0:
            services.compute_next(at=timezone.now())
        else:
            has_read.wait(10)
            change()

    assert together(work, 2) == [None, None]
    assert PublicPrice.objects.get().price_minor == 31_410
    assert services.compute_next(at=timezone.now()) == 1
    assert PublicPrice.objects.get().price_minor == 17_450
    assert not DuePrice.objects.exists()


def test_two_who_look_at_one_rule_remember_the_later_state(together):
    first, second = VariantFactory(), VariantFactory()
    discount = make_discount(first.product.category)
    drain()
    change_discount(discount_id=discount.pk, changes={"category_id": second.product.category_id}, actor_id=None)

    answers = together(lambda _number: services.mark_rules(rule_ids=[discount.pk], at=timezone.now()), 4)

    assert answers == [None] * 4
    assert set(DuePrice.objects.values_list("variant", flat=True)) == {first.pk, second.pk}

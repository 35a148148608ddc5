"""Since when a product is fresh: published, seen again, restocked; a hold given back is none of them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from promotions.scoring.services import compute_scores
from stores.contracts import StockLine
from stores.inventory.services import receive_stock, release_stock, reserve_stock
from stores.models import Product, StockMovement, Store, Variant

from .factories import make_offer, scores_at

pytestmark = pytest.mark.django_db
AT = timezone.now()
HOUR = timedelta(hours=1)


def test_a_new_product_is_fresh_since_it_was_made():
    old = make_offer(at=AT, age_days=50)
    compute_scores(at=AT)
    new = make_offer(at=AT + HOUR, age_days=0.01)

    found = scores_at(AT + HOUR)

    assert found[new.pk].fresh_since == new.created_at
    assert found[old.pk].fresh_since == old.created_at


def test_what_is_published_again_is_fresh_since_it_is_seen():
    product = make_offer(at=AT, age_days=50)
    Product.objects.update(is_published=False)
    compute_scores(at=AT)
    Product.objects.update(is_published=True)

    row = scores_at(AT + HOUR)[product.pk]

    assert row.fresh_since == AT + HOUR
    assert row.freshness == 1.0
    assert scores_at(AT + 2 * HOUR)[product.pk].fresh_since == AT + HOUR


def lines(product, quantity):
    """So many of its variant."""
    variant = Variant.objects.get(product=product)
    return [StockLine(variant.pk, variant.store_id, quantity)]


def test_what_was_sold_out_is_fresh_since_its_goods_came_in():
    product = make_offer(at=AT, age_days=50, on_hand=0)
    assert scores_at(AT - HOUR)[product.pk].available == 0
    receive_stock(lines=lines(product, 5), idem_key="in")

    row = scores_at(timezone.now())[product.pk]

    assert row.available == 5
    assert row.fresh_since == StockMovement.objects.get().created_at


def test_a_unit_that_was_only_held_is_no_restocking():
    product = make_offer(at=AT, age_days=50, on_hand=1)
    reserve_stock(lines=lines(product, 1), idem_key="hold")
    assert scores_at(timezone.now())[product.pk].available == 0
    release_stock(lines=lines(product, 1), idem_key="back")

    row = scores_at(timezone.now())[product.pk]

    assert (row.available, row.fresh_since) == (1, product.created_at)


def test_a_store_that_was_paused_does_not_come_back_fresh():
    product = make_offer(at=AT, age_days=50)
    Store.objects.update(state="paused")
    compute_scores(at=timezone.now())
    Store.objects.update(state="open")

    row = scores_at(timezone.now())[product.pk]

    assert (row.available, row.fresh_since) == (10, product.created_at)

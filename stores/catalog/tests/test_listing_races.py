"""Two people change two variants of one product at once: the listing ends up with both. With the guard taken away it
does not, which shows that the test would see it."""

import threading
from typing import Any

import pytest
from django.db import transaction

from marketplace.core.money import Money
from stores.catalog import listings, services
from stores.catalog.models import Listing, Variant

from .factories import VariantFactory


def change_price(variant_id: Any, minor: int) -> None:
    variant = Variant.objects.get(pk=variant_id)
    services.change_variant(
        variant=variant, expected_version=None, changes={"price": Money(minor, "MXN")}, actor_id=None
    )


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_guarded", [True, False])
def test_two_variants_are_changed_at_once(is_guarded, monkeypatch, together):
    first = VariantFactory(price_minor=1_000)
    second = VariantFactory(product=first.product, price_minor=2_000)
    if not is_guarded:
        monkeypatch.setattr(listings, "_hold", lambda _ids: None)
    written, may_commit = threading.Event(), threading.Event()

    def work(number: int) -> None:
        if number == 0:
            with transaction.atomic():
                change_price(first.pk, 700)
                written.set()
                may_commit.wait(10)
            return
        written.wait(10)
        threading.Timer(0.7, may_commit.set).start()  # by then this one has read and waits, or waits to read
        change_price(second.pk, 3_000)

    answers = together(work, 2)

    assert answers == [None, None]
    listing = Listing.objects.get(product=first.product)
    assert (listing.price_from_minor, listing.price_to_minor) == ((700, 3_000) if is_guarded else (1_000, 3_000))
    assert bool(listings.adrift([first.product_id])) is not is_guarded

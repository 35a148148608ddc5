"""Very many rows at once: the same rows as `bulk_create` makes, on both engines."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.forms.models import model_to_dict

from marketplace.core.audit import AuditEntry
from marketplace.core.ids import uuid7
from marketplace.core.inserting import insert_many
from stores.catalog.models import PublicPrice, Variant
from stores.catalog.tests.factories import ProductFactory, VariantFactory

pytestmark = pytest.mark.django_db
TEXT = '«Jarrón» "azul"\\ \n\t☕ 𝄞 \\u0041 {1,NULL} %s'


def entry(number):
    after = {"store_id": uuid7(), "at": datetime(2026, 1, 1, 12, 0, 0, 123456, UTC), "name": TEXT, "none": None}
    return AuditEntry(
        actor_id=uuid7() if number % 2 else None, action=f"core.act_{number}", object_type="core.thing",
        object_id=str(number), after=after, reason=TEXT,
    )  # fmt: skip


def columns(row, *left_out):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields} | dict.fromkeys(left_out)


def test_rows_are_those_that_bulk_create_makes_and_keys_come_back():
    entries = [entry(number) for number in range(50)]

    inserted = insert_many(entries)

    alike = AuditEntry.objects.bulk_create(
        AuditEntry(**{name: value for name, value in columns(row).items() if name != "id"}) for row in entries
    )
    kept = AuditEntry.objects.in_bulk([row.pk for row in (*inserted, *alike)])
    assert len(kept) == 100
    for one, other in zip(inserted, alike, strict=True):
        assert columns(kept[one.pk], "id", "at") == columns(kept[other.pk], "id", "at")
        assert kept[one.pk].at == one.at
        assert not one._state.adding


def test_keys_that_are_there_stay_and_moments_keep_their_microseconds():
    starts = datetime(2026, 1, 1, 12, 0, 0, 123456, UTC)
    variants = [
        Variant(
            product=product, store=product.store, sku=f"{TEXT[:20]}{number}", price_minor=2**53 + 1, currency="MXN",
            options={"color": TEXT, "size": [1, 2.5, True]},
        )
        for number, product in enumerate(ProductFactory.create_batch(2))
    ]  # fmt: skip
    keys = [row.pk for row in variants]
    prices = [
        PublicPrice(
            variant=variant, source="flash:1", price_minor=1, currency="MXN", is_conditional=True, starts_at=starts,
            ends_at=ends,
        )
        for variant, ends in zip(variants, (None, starts + timedelta(microseconds=1)), strict=True)
    ]  # fmt: skip

    insert_many(variants)
    insert_many(prices)

    assert [model_to_dict(Variant.objects.get(pk=pk)) for pk in keys] == [model_to_dict(row) for row in variants]
    assert [Variant.objects.get(pk=pk).updated_at for pk in keys] == [row.updated_at for row in variants]
    kept = [PublicPrice.objects.get(pk=row.pk) for row in prices]
    assert [(row.starts_at, row.ends_at) for row in kept] == [(starts, None), (starts, starts + timedelta(0, 0, 1))]


def test_what_the_database_refuses_is_refused_whole():
    there = VariantFactory()
    rows = [
        Variant(product=there.product, store=there.store, sku=sku, price_minor=1, currency="MXN")
        for sku in ("fresh", there.sku)
    ]

    with pytest.raises(IntegrityError), transaction.atomic():
        insert_many(rows)

    assert list(Variant.objects.all()) == [there]


def test_nothing_is_nothing():
    assert list(insert_many([])) == []

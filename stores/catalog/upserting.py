"""Adding and changing many products and variants at once (imports): a few statements, whatever their number.

What one at a time does holds here too: versions count up, prices leave their history, each object is in the audit
trail. Callers have checked the values and hold the rows of what they change.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models import Q

from marketplace.core import audit
from marketplace.core.base import VersionedModel
from marketplace.core.clock import now_sql, read_db_now
from marketplace.core.inserting import insert_many
from marketplace.core.locking import LockRank, lock

from .models import PriceChange, Product, Variant
from .repriced import tell_repriced

Changes = Mapping[UUID, Mapping[str, Any]]
"""New values by column attribute, by object."""
ResourceT = TypeVar("ResourceT", bound=VersionedModel)


def lock_products(places: Collection[tuple[UUID, str]]) -> list[Product]:
    """Hold the products of these (store, slug), deleted ones included, until the transaction ends."""
    rows = Product.objects.filter(
        store__in={store for store, _slug in places}, slug__in={slug for _store, slug in places}
    )
    return lock(LockRank.CATALOG, rows)


def lock_variants(places: Collection[tuple[UUID, str]]) -> list[Variant]:
    """Hold the variants of these (store, SKU), deleted ones included, until the transaction ends."""
    rows = Variant.objects.filter(store__in={store for store, _sku in places}, sku__in={sku for _store, sku in places})
    return lock(LockRank.CATALOG, rows)


@transaction.atomic
def insert_products(products: Sequence[Product], *, cause: str, actor_id: UUID | None) -> None:
    """Add products, with an audit entry each. Raises `IntegrityError` for a slug that the store has."""
    insert_many(products)
    audit.record_many(
        actor_id=actor_id,
        action="stores.create_product",
        entries=[(row, {}, {"slug": row.slug, "store_id": row.store_id, "cause": cause}) for row in products],
    )


@transaction.atomic
def insert_variants(variants: Sequence[Variant], *, cause: str, actor_id: UUID | None) -> None:
    """Add variants. The first line of their price history says who added them, and why.

    Raises `IntegrityError` for a SKU or barcode that the store has.
    """
    insert_many(variants)
    _note_prices([row.pk for row in variants], cause=cause, actor_id=actor_id)
    tell_repriced(row.product_id for row in variants)


@transaction.atomic
def change_products(changes: Changes, *, actor_id: UUID | None) -> None:
    """Set the columns of each product and count its version up."""
    changed = _revise(Product, changes, action="stores.change_product", actor_id=actor_id)
    tell_repriced(row.pk for row in changed if "category_id" in changes[row.pk])


@transaction.atomic
def change_variants(changes: Changes, *, cause: str, actor_id: UUID | None) -> None:
    """Set the columns of each variant and count its version up; new prices and costs go into the history."""
    changed = _revise(Variant, changes, action="stores.change_variant", actor_id=actor_id)
    priced = [row.pk for row in changed if {"price_minor", "cost_minor"} & changes[row.pk].keys()]
    _note_prices(priced, cause=cause, actor_id=actor_id)
    tell_repriced(row.product_id for row in changed if "price_minor" in changes[row.pk])


def barcodes_in_use(places: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], str]:
    """The SKU that has a barcode, by (store, barcode), of those asked for."""
    wanted = Q(store__in={store for store, _code in places}, barcode__in={code for _store, code in places})
    rows = Variant.objects.filter(wanted).values_list("store_id", "barcode", "sku")
    return {(store_id, code): sku for store_id, code, sku in rows}


def _revise(model: type[ResourceT], changes: Changes, *, action: str, actor_id: UUID | None) -> list[ResourceT]:
    rows = lock(LockRank.CATALOG, model._default_manager.filter(pk__in=changes))
    at = read_db_now()
    entries: list[tuple[models.Model, dict[str, Any], dict[str, Any]]] = []
    for row in rows:
        values = changes[row.pk]
        entries.append((row, {name: getattr(row, name) for name in values}, dict(values)))
        for name, value in values.items():
            setattr(row, name, value)
        row.version += 1
        row.updated_at = at
    columns = sorted({name for row in rows for name in changes[row.pk]})
    if rows:
        names = [model._meta.get_field(name.removesuffix("_id")).name for name in columns]
        model._default_manager.bulk_update(rows, [*names, "version", "updated_at"])
    audit.record_many(actor_id=actor_id, action=action, entries=entries)
    return rows


def _note_prices(variant_ids: Sequence[UUID], *, cause: str, actor_id: UUID | None) -> None:
    """In one statement, from what the variants have now."""
    if not variant_ids:
        return
    history, table = PriceChange._meta, Variant._meta.db_table
    key, actor = Variant._meta.pk, history.get_field("actor_id").get_db_prep_value(actor_id, connection)
    places = ", ".join(["%s"] * len(variant_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {history.db_table} "  # noqa: S608
            "(variant_id, price_minor, cost_minor, currency, cause, actor_id, created_at) "
            f"SELECT id, price_minor, cost_minor, currency, %s, {_typed_actor()}, {now_sql(connection)} "
            f"FROM {table} WHERE id IN ({places})",
            [cause, actor, *(key.get_db_prep_value(pk, connection) for pk in variant_ids)],
        )


def _typed_actor() -> str:
    # In a SELECT PostgreSQL takes a bare null for text.
    return "CAST(%s AS uuid)" if connection.vendor == "postgresql" else "%s"

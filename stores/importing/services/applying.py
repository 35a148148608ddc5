"""Applying: confirmed rows go into the catalogue, a chunk and a transaction at a time.

A row is written only as its preview showed it. What was changed since is a conflict: listed, and left alone.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from marketplace.core import audit
from marketplace.core.clock import read_db_now
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish
from stores.catalog import listings
from stores.catalog.bulk import add_brands
from stores.catalog.models import Brand, Product, Variant
from stores.catalog.upserting import (
    change_products,
    change_variants,
    insert_products,
    insert_variants,
    lock_products,
    lock_variants,
)
from stores.contracts import BrandRow
from stores.events import ImportApplied
from stores.importing.columns import BY_NAME, Part
from stores.importing.diffing import Plan, Shelves, compare
from stores.importing.models import ImportRow, ImportRun
from stores.importing.selectors import Writer, writer_of
from stores.inventory.services import StockOpening, open_stock

from .staging import CHUNK, keep_going

_STOCK: Final = ("on_hand", "reorder_point", "reorder_qty")
_Verdict = ImportRow.Verdict


@transaction.atomic
def apply_chunk(*, run_id: UUID) -> bool:
    """Write the next rows; False when there are none left or the run is not being applied.

    The run's row is held, so two workers never write the same chunk, and its mark moves in the same transaction.
    """
    for run in lock(LockRank.CATALOG, ImportRun.objects.filter(pk=run_id, state=ImportRun.State.APPLYING)):
        rows = list(
            run.rows.filter(verdict__in=(_Verdict.NEW, _Verdict.CHANGED), line__gt=run.applied_line).order_by("line")[
                :CHUNK
            ]
        )
        if not rows:
            _finish(run)
            return False
        conflicts = _apply(run, rows)
        run.applied_count += len(rows) - len(conflicts)
        run.conflict_count += len(conflicts)
        run.applied_line = rows[-1].line
        keep_going(run)
        return True
    return False


def _finish(run: ImportRun) -> None:
    run.state = ImportRun.State.DONE
    run.finished_at = read_db_now()
    run.leased_until = None
    run.save()
    counts = {"applied": run.applied_count, "conflicts": run.conflict_count, "errors": run.error_count}
    audit.record(actor_id=run.actor_id, action="stores.apply_import", subject=run, after=counts)
    publish(ImportApplied(import_id=run.pk))


def _apply(run: ImportRun, rows: Sequence[ImportRow]) -> list[ImportRow]:
    """Write what is as it was shown; the others come back as conflicts."""
    _hold([row.values for row in rows])
    writer = writer_of(run.actor_id)
    plans = compare([(row.line, row.values) for row in rows], writer)
    conflicts: list[ImportRow] = []
    ready: list[Plan] = []
    for row, plan in zip(rows, plans, strict=True):
        reasons = plan.errors or _changed_since(row, plan)
        if reasons:
            conflicts.append(_conflict(row, reasons))
        elif plan.variant_id is None or plan.changes:
            ready.append(plan)
    by_line = {row.line: row for row in rows}
    conflicts += [_conflict(by_line[plan.line], reasons) for plan, reasons in _write_all(run, ready, writer)]
    ImportRow.objects.bulk_update(conflicts, ["verdict", "errors"])
    return conflicts


def _hold(rows: Sequence[Mapping[str, str]]) -> None:
    """Products before variants: nobody changes them between the comparison and the writing."""
    shelves = Shelves.stores_of(rows)
    lock_products({(shelves[row["store"]], row["product"]) for row in rows if row["store"] in shelves})
    lock_variants({(shelves[row["store"]], row["sku"]) for row in rows if row["store"] in shelves})


def _changed_since(row: ImportRow, plan: Plan) -> list[dict[str, Any]]:
    """Differences that the preview did not show. Of a new variant that is there by now, any."""
    shown = row.changes
    return [
        {"field": name, "code": "changed_since", "params": {"now": change[0][:200]}}
        for name, change in plan.changes.items()
        if shown.get(name) != change
    ]


def _conflict(row: ImportRow, reasons: list[dict[str, Any]]) -> ImportRow:
    row.verdict, row.errors = _Verdict.CONFLICT, reasons
    return row


def _write_all(run: ImportRun, plans: Sequence[Plan], writer: Writer) -> list[tuple[Plan, list[dict[str, Any]]]]:
    """All at once; when somebody took a name meanwhile one by one, so that only those rows are refused."""
    try:
        with transaction.atomic():
            _write(run, plans)
    except IntegrityError:
        return [refused for plan in plans for refused in _write_one(run, plan, writer)]
    return []


def _write_one(run: ImportRun, plan: Plan, writer: Writer) -> list[tuple[Plan, list[dict[str, Any]]]]:
    [again] = compare([(plan.line, plan.raw)], writer)
    if again.errors:
        return [(plan, again.errors)]
    try:
        with transaction.atomic():
            _write(run, [again])
    except IntegrityError:
        return [(plan, [{"field": "sku", "code": "changed_since", "params": {"now": plan.values["sku"]}}])]
    return []


def _write(run: ImportRun, plans: Sequence[Plan]) -> None:
    brands = _brands(plans)
    products = _new_products(plans, brands)
    added = list(products.values())
    there = {plan.product_id for plan in plans if plan.product_id is not None}
    cause = f"import:{run.pk}"
    insert_products(added, cause=cause, actor_id=run.actor_id)
    for plan in plans:
        if plan.product_id is None:
            plan.product_id = products[plan.product_place].pk
    changed = {plan.product_id: _product_columns(plan, brands) for plan in plans if _touches(plan, Part.PRODUCT)}
    change_products({pk: columns for pk, columns in changed.items() if pk}, actor_id=run.actor_id)
    fresh = [(plan, _new_variant(plan)) for plan in plans if plan.variant_id is None]
    variants = [variant for _plan, variant in fresh]
    insert_variants(variants, cause=cause, actor_id=run.actor_id)
    open_stock(
        [_opening(plan, variant) for plan, variant in fresh if any(plan.values.get(name) for name in _STOCK)],
        actor_id=run.actor_id,
    )
    priced = {
        plan.variant_id: _variant_columns(plan, plan.changes)
        for plan in plans
        if plan.variant_id is not None and _touches(plan, Part.VARIANT)
    }
    change_variants(priced, cause=cause, actor_id=run.actor_id)
    # What the shop's lists show and what is searched, once for the chunk.
    listings.refresh_and_add(there, added=added, variants=variants)


def _touches(plan: Plan, part: Part) -> bool:
    return any(BY_NAME[name].part is part for name in plan.changes)


def _brands(plans: Sequence[Plan]) -> dict[str, Brand]:
    """Brands by slug; those that are not there yet are made, with the name their row gives."""
    named = {plan.values["brand"]: plan.values.get("brand_name", "") for plan in plans if plan.values.get("brand")}
    if not named:
        return {}
    add_brands([BrandRow(slug, name or slug) for slug, name in named.items()])
    return {brand.slug: brand for brand in Brand.objects.filter(slug__in=named)}


def _new_products(plans: Sequence[Plan], brands: Mapping[str, Brand]) -> dict[tuple[UUID, str], Product]:
    fresh: dict[tuple[UUID, str], Product] = {}
    for plan in plans:
        if plan.product_id is None and plan.product_place not in fresh and plan.store and plan.category:
            values = plan.values
            fresh[plan.product_place] = Product(
                store=plan.store,
                category_id=plan.category.pk,
                brand=brands.get(values.get("brand", "")),
                name=values["name"],
                slug=values["product"],
                description=values.get("description", ""),
                is_published=values.get("published") != "false",
            )
    return fresh


def _product_columns(plan: Plan, brands: Mapping[str, Brand]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name in plan.changes:
        value = plan.values[name]
        match name:
            case "name" | "description":
                columns[name] = value
            case "category" if plan.category is not None:
                columns["category_id"] = plan.category.pk
            case "brand":
                columns["brand_id"] = brands[value].pk if value else None
            case "published":
                columns["is_published"] = value == "true"
    return columns


def _new_variant(plan: Plan) -> Variant:
    assert plan.store is not None
    assert plan.product_id is not None
    return Variant(
        product_id=plan.product_id,
        store_id=plan.store.pk,
        sku=plan.values["sku"],
        currency=plan.store.currency,
        **_variant_columns(plan, plan.values),
    )


def _variant_columns(plan: Plan, names: Mapping[str, Any]) -> dict[str, Any]:
    assert plan.store is not None
    columns: dict[str, Any] = {}
    for name in names:
        value = plan.values[name]
        match name:
            case "barcode":
                columns[name] = value
            case "options":
                columns[name] = json.loads(value) if value else {}
            case "price":
                columns["price_minor"] = Money.parse(value, plan.store.currency).minor
            case "cost":
                columns["cost_minor"] = Money.parse(value, plan.store.currency).minor if value else None
            case "active":
                columns["is_active"] = value == "true"
    return columns


def _opening(plan: Plan, variant: Variant) -> StockOpening:
    quantity, point, amount = (int(plan.values.get(name) or 0) for name in _STOCK)
    return StockOpening(variant.pk, variant.store_id, quantity, point, amount)

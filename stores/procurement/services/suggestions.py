"""From suggestions to orders: by a person in one action, or by beat under a supplier's limit."""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final, cast
from uuid import UUID

from django.db import transaction
from django.db.models import F, FloatField, QuerySet
from django.db.models.functions import Cast

from marketplace.core.clock import platform_day
from marketplace.core.errors import DomainError
from marketplace.core.jobs import take_slot
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money
from stores.inventory.models import StockItem
from stores.merchants.models import Store
from stores.procurement.errors import NothingToOrderError, SuggestionGoneError
from stores.procurement.models import PurchaseOrder, ReplenishmentSuggestion, Supplier
from stores.procurement.selectors import total_minor

from .orders import MAX_LINES, LineWanted, draft_order, place_order

logger = logging.getLogger(__name__)

AUTOMATIC_JOB: Final = "stores.automatic_orders"

Suggestions = QuerySet[ReplenishmentSuggestion]


@transaction.atomic
def order_suggestions(
    *, suggestions: Suggestions, chosen: Collection[UUID] | None, actor_id: UUID | None
) -> list[PurchaseOrder]:
    """Turn suggestions into drafts, one per supplier and store, all or none; `chosen` (stock items) None: all of them.

    `suggestions` is what the caller may order. The suggestions are gone afterwards: twice orders once. Raises
    `SuggestionGoneError` when one that was chosen is not there, `NothingToOrderError` when there is none.
    """
    wanted = suggestions.filter(supplier__isnull=False)
    if chosen is not None:
        wanted = wanted.filter(stock_item__in=chosen)
    # Suppliers first, and only then what there is to order: the computation and others who order hold them too.
    suppliers = {
        row.pk: row for row in lock(LockRank.PURCHASE_ORDER, Supplier.objects.filter(pk__in=wanted.values("supplier")))
    }
    rows = list(wanted.filter(supplier__in=suppliers).order_by("stock_item__variant__sku", "pk"))
    if chosen is not None and len(rows) < len(set(chosen)):
        raise SuggestionGoneError(count=len(set(chosen)) - len(rows))
    if not rows:
        raise NothingToOrderError
    return [
        draft_order(
            supplier=suppliers[supplier_id],
            store=store,
            lines=lines,
            actor_id=actor_id,
            origin=PurchaseOrder.Origin.SUGGESTED,
        )
        for supplier_id, store, lines in _per_order(rows)
    ]


def place_automatic_orders(*, at: datetime) -> list[PurchaseOrder]:
    """Draft and place by itself what is suggested of suppliers that allow it; the orders.

    Once per supplier and platform day; the day's automatic orders of a supplier never cost more than its limit. What
    does not fit stays a suggestion. One supplier that cannot be ordered of keeps no other waiting.
    """
    placed = []
    allowing = Supplier.objects.filter(archived_at__isnull=True, auto_order_limit_minor__isnull=False)
    for supplier_id in list(allowing.order_by("pk").values_list("pk", flat=True)):
        try:
            placed += _order_by_itself(supplier_id, at)
        except DomainError:
            logger.exception("no automatic orders", extra={"supplier": str(supplier_id)})
    return placed


@transaction.atomic
def _order_by_itself(supplier_id: UUID, at: datetime) -> list[PurchaseOrder]:
    if not take_slot(AUTOMATIC_JOB, f"{platform_day(at)}:{supplier_id}"):
        return []
    [supplier] = lock(LockRank.PURCHASE_ORDER, Supplier.objects.filter(pk=supplier_id))
    if supplier.archived_at is not None or supplier.auto_order_limit_minor is None:
        return []
    left = supplier.auto_order_limit_minor - total_minor(_automatic_today(supplier, at))
    rows = _within(left, _most_urgent_first(supplier))
    orders = [
        draft_order(supplier=supplier, store=store, lines=lines, actor_id=None, origin=PurchaseOrder.Origin.AUTOMATIC)
        for _supplier_id, store, lines in _per_order(rows)
    ]
    keys = sorted(order.pk for order in orders)  # locked in key order
    return [place_order(order_id=key, expected_version=None, at=at, actor_id=None) for key in keys]


def _automatic_today(supplier: Supplier, at: datetime) -> QuerySet[PurchaseOrder]:
    """Cancelled ones count: the supplier had them."""
    orders = PurchaseOrder.objects.filter(
        supplier=supplier, origin=PurchaseOrder.Origin.AUTOMATIC, placed_at__gte=at - timedelta(days=2)
    )
    today = [
        pk for pk, then in orders.values_list("pk", "placed_at") if then and platform_day(then) == platform_day(at)
    ]
    return PurchaseOrder.objects.filter(pk__in=today)


def _most_urgent_first(supplier: Supplier) -> Suggestions:
    """By how long what is there and on its way lasts; what does not sell comes last."""
    days_left = Cast(F("available") + F("incoming"), FloatField()) / (F("sold_per_day_milli") + 1)
    return ReplenishmentSuggestion.objects.filter(supplier=supplier).order_by(days_left.asc(), "stock_item_id")


def _within(left: int, rows: Iterable[ReplenishmentSuggestion]) -> list[ReplenishmentSuggestion]:
    taken = []
    for row in rows:
        cost = row.quantity * (row.unit_cost_minor or 0)
        if cost <= left:
            left -= cost
            taken.append(row)
    return taken


def _per_order(rows: Iterable[ReplenishmentSuggestion]) -> list[tuple[UUID, Store, list[LineWanted]]]:
    """One order per supplier and store, more only where one would have too many lines."""
    found = {row.pk: row for row in rows}
    lines: dict[tuple[UUID, UUID], list[LineWanted]] = defaultdict(list)
    for item in StockItem.objects.filter(pk__in=found).order_by("variant__sku", "pk"):
        row = found[item.pk]
        cost = None if row.unit_cost_minor is None else Money(row.unit_cost_minor, row.currency)
        lines[cast(UUID, row.supplier_id), item.store_id].append(LineWanted(item.variant_id, row.quantity, cost))
    stores = Store.objects.in_bulk({store_id for _supplier_id, store_id in lines})
    return [
        (supplier_id, stores[store_id], wanted[start : start + MAX_LINES])
        for (supplier_id, store_id), wanted in sorted(lines.items())
        for start in range(0, len(wanted), MAX_LINES)
    ]

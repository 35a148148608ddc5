"""Comparing what the ERP says with what we have, and taking it over through the same services as everybody."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, TypeVar
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from marketplace.core.errors import DomainError
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import CurrencyMismatchError, Money
from stores.catalog.models import Variant
from stores.contracts import StockLine
from stores.inventory.costs import follow_costs
from stores.inventory.models import StockItem
from stores.inventory.services import adjust_stock

from .ports import BadRow, ErpFeed, ErpRow

ItemT = TypeVar("ItemT")

CAUSE: Final = "erp"
CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Change:
    """What taking a row over changes; `cost` and `quantity` (signed) are None where nothing changes."""

    line: int
    variant_id: UUID
    store_id: UUID
    sku: str
    old_cost: Money | None
    cost: Money | None
    on_hand: int
    counted: int | None

    @property
    def quantity(self) -> int | None:
        """How much the counted stock differs."""
        return None if self.counted in {None, self.on_hand} else (self.counted or 0) - self.on_hand


@dataclass(slots=True)
class Report:
    """What a feed comes to."""

    rows: int = 0
    changes: list[Change] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)


class ErpRowsRefusedError(DomainError):
    """Rows of the feed cannot be taken over, so none was."""

    code = "erp_rows_refused"

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


def compare_with_erp(feed: ErpFeed) -> Report:
    """What taking over would change, and every row that cannot be taken over with line and reason. Writes nothing.

    Raises `InvalidInputError` for a feed that cannot be read at all.
    """
    report = Report()
    seen: set[tuple[str, str]] = set()
    for chunk in _chunks(feed.rows()):
        report.rows += len(chunk)
        report.bad += [row for row in chunk if isinstance(row, BadRow)]
        fresh = []
        for row in chunk:
            if isinstance(row, BadRow):
                continue
            if (row.store_slug, row.sku) in seen:
                report.bad.append(BadRow(row.line, _("The SKU is in the file twice.")))
                continue
            seen.add((row.store_slug, row.sku))
            fresh.append(row)
        _compare(fresh, report)
    report.bad.sort(key=lambda row: row.line)
    return report


@transaction.atomic
def take_over_erp(*, feed: ErpFeed, actor_id: UUID | None, skip_errors: bool = False) -> Report:
    """Set costs and counted stock to what the feed says, all or nothing; what it came to.

    Costs go through the catalogue's `change_variant` (cause `erp`), stock through `adjust_stock`, compared once more
    under the lock: what sold meanwhile is not put back on the shelf twice. The same feed again changes nothing. Raises
    `ErpRowsRefusedError` when a row is bad, unless these are skipped; `InsufficientStockError` when less was counted
    than is set aside.
    """
    report = compare_with_erp(feed)
    if report.bad and not skip_errors:
        raise ErpRowsRefusedError(report)
    costs = {change.variant_id: change.cost for change in report.changes if change.cost is not None}
    for chunk in _chunks(iter(sorted(costs.items()))):
        follow_costs(costs=dict(chunk), cause=CAUSE, actor_id=actor_id)
    counted = {change.variant_id: change for change in report.changes if change.counted is not None}
    _set_counted(counted, feed.name, actor_id)
    return report


def _compare(rows: list[ErpRow], report: Report) -> None:
    """Three queries for a chunk, whatever its size."""
    slugs, skus = {row.store_slug for row in rows}, {row.sku for row in rows}
    known = Variant.objects.filter(archived_at__isnull=True, sku__in=skus, store__slug__in=slugs)
    variants = {(variant.store.slug, variant.sku): variant for variant in known.select_related("store")}
    items = {
        item.variant_id: item for item in StockItem.objects.filter(variant__in=[each.pk for each in variants.values()])
    }
    for row in rows:
        variant = variants.get((row.store_slug, row.sku))
        if variant is None:
            report.bad.append(BadRow(row.line, _("No store of that name has such a SKU.")))
            continue
        if row.cost is not None and row.cost.currency != variant.currency:
            words = {"left": row.cost.currency, "right": variant.currency}
            report.bad.append(BadRow(row.line, _(CurrencyMismatchError.message) % words))
            continue
        item = items.get(variant.pk)
        if row.on_hand is not None and item is not None and row.on_hand < item.allocated:
            reason = _("Less was counted than is set aside: %(count)s.") % {"count": item.allocated}
            report.bad.append(BadRow(row.line, reason))
            continue
        change = Change(
            line=row.line,
            variant_id=variant.pk,
            store_id=variant.store_id,
            sku=variant.sku,
            old_cost=variant.cost,
            cost=row.cost if row.cost != variant.cost else None,
            on_hand=item.on_hand if item else 0,
            counted=row.on_hand,
        )
        if change.cost is not None or change.quantity is not None:
            report.changes.append(change)


def _set_counted(counted: dict[UUID, Change], feed_name: str, actor_id: UUID | None) -> None:
    if not counted:
        return
    # As it is under the lock: between the comparison and now goods may have been sold.
    present = {
        item.variant_id: item.on_hand for item in lock(LockRank.STOCK, StockItem.objects.filter(variant__in=counted))
    }
    lines = [
        StockLine(change.variant_id, change.store_id, (change.counted or 0) - present.get(change.variant_id, 0))
        for change in counted.values()
    ]
    lines = [line for line in lines if line.quantity]
    if lines:
        adjust_stock(
            lines=lines,
            idem_key=f"erp:{feed_name}",
            reason=_("Counted stock of the ERP"),
            cause=CAUSE,
            actor_id=actor_id,
        )


def _chunks(items: Iterator[ItemT]) -> Iterator[list[ItemT]]:
    while chunk := list(islice(items, CHUNK)):
        yield chunk

"""Purchase orders: drafted, changed, placed, cancelled. Receiving is in `receipts`.

Locks: the supplier, then the order (both `PURCHASE_ORDER`). Whoever writes lines holds the supplier, and so does the
hourly computation of suggestions: neither sees half of what the other does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from marketplace.core import audit
from marketplace.core.errors import InvalidInputError, NotFoundError, StaleError, gettext_noop
from marketplace.core.http.etags import compare_and_set
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import MAX_MINOR, CurrencyMismatchError, Money
from marketplace.core.numbers import new_number
from marketplace.core.outbox.publishing import publish
from stores.catalog.selectors import variant_cards
from stores.events import PurchaseOrderPlaced
from stores.merchants.models import Store
from stores.procurement.errors import EmptyOrderError, OrderStateError, OutOfSupplyError, SupplierArchivedError
from stores.procurement.models import PurchaseOrder, PurchaseOrderLine, ReplenishmentSuggestion, Supplier
from stores.procurement.selectors import listed_prices, variants_supplied
from stores.procurement.states import TRANSITIONS, State

MAX_LINES = 500
MAX_QUANTITY = 1_000_000


@dataclass(frozen=True, slots=True)
class LineWanted:
    """So many of a variant; without a cost the price list's is taken."""

    variant_id: UUID
    quantity: int
    unit_cost: Money | None = None


@transaction.atomic
def draft_order(
    *,
    supplier: Supplier,
    store: Store,
    lines: Sequence[LineWanted],
    actor_id: UUID | None,
    origin: str = PurchaseOrder.Origin.MANUAL,
    note: str = "",
    expected_on: date | None = None,
) -> PurchaseOrder:
    """Write a draft of what a store wants of a supplier. Suggestions for these goods are answered with it.

    Raises `SupplierArchivedError`, `OutOfSupplyError` for a store or variant the supplier does not serve,
    `CurrencyMismatchError`, `InvalidInputError` for a line without a cost, a variant twice, or too much.
    """
    supplier = _supplier_in_use(supplier.pk)
    if supplier.store_id not in {None, store.pk}:
        raise OutOfSupplyError
    if store.currency != supplier.currency:
        raise CurrencyMismatchError(left=store.currency, right=supplier.currency)
    order = PurchaseOrder.objects.create(
        number=f"PO-{new_number()}",
        supplier=supplier,
        store=store,
        origin=origin,
        currency=supplier.currency,
        note=note,
        expected_on=expected_on,
    )
    _write_lines(order, lines)
    audit.record(
        actor_id=actor_id,
        action="stores.draft_purchase_order",
        subject=order,
        after={"supplier_id": supplier.pk, "store_id": store.pk, "origin": origin, "lines": len(lines)},
    )
    return order


@transaction.atomic
def change_draft(
    *,
    order_id: UUID,
    expected_version: int | None,
    actor_id: UUID | None,
    changes: dict[str, Any] | None = None,
    lines: Sequence[LineWanted] | None = None,
) -> PurchaseOrder:
    """Set `note` and `expected_on`, and put these lines in the place of all lines.

    Raises `NotFoundError`, `StaleError`, `OrderStateError` once it is placed, and what `draft_order` raises.
    """
    supplier_id = PurchaseOrder.objects.filter(pk=order_id).values_list("supplier_id", flat=True).first()
    if supplier_id is None:
        raise NotFoundError
    _supplier_in_use(supplier_id)
    order = locked_order(order_id, expected_version)
    if order.state != State.DRAFT:
        raise OrderStateError(state=order.state)
    if lines is not None:
        order.lines.all().delete()
        _write_lines(order, lines)
    compare_and_set(order, None, **(changes or {}))
    after: dict[str, Any] = dict(changes or {}) | ({} if lines is None else {"lines": len(lines)})
    audit.record(actor_id=actor_id, action="stores.change_purchase_order", subject=order, after=after)
    return order


@transaction.atomic
def place_order(*, order_id: UUID, expected_version: int | None, at: datetime, actor_id: UUID | None) -> PurchaseOrder:
    """Send a draft out: the supplier has it, and its lines do not change any more. Publishes `PurchaseOrderPlaced`.

    Raises `NotFoundError`, `StaleError`, `OrderStateError`, `EmptyOrderError`, `SupplierArchivedError`.
    """
    order = locked_order(order_id, expected_version)
    refuse_step(order, State.PLACED)
    if Supplier.objects.filter(pk=order.supplier_id, archived_at__isnull=False).exists():
        raise SupplierArchivedError
    if not order.lines.exists():
        raise EmptyOrderError
    compare_and_set(order, None, state=State.PLACED, placed_at=at)
    audit.record(
        actor_id=actor_id, action="stores.place_purchase_order", subject=order, after={"state": State.PLACED.value}
    )
    publish(
        PurchaseOrderPlaced(
            purchase_order_id=order.pk,
            supplier_id=order.supplier_id,
            store_id=order.store_id,
            is_automatic=order.origin == PurchaseOrder.Origin.AUTOMATIC,
        )
    )
    return order


@transaction.atomic
def cancel_order(
    *, order_id: UUID, expected_version: int | None, at: datetime, actor_id: UUID | None, reason: str = ""
) -> PurchaseOrder:
    """Drop a draft, or await no more of a placed one; what came in stays in.

    Raises `NotFoundError`, `StaleError`, `OrderStateError`.
    """
    order = locked_order(order_id, expected_version)
    refuse_step(order, State.CANCELLED)
    before = order.state
    compare_and_set(order, None, state=State.CANCELLED, cancelled_at=at, cancel_reason=reason)
    audit.record(
        actor_id=actor_id,
        action="stores.cancel_purchase_order",
        subject=order,
        before={"state": before},
        after={"state": State.CANCELLED.value},
        reason=reason,
    )
    return order


def locked_order(order_id: UUID, expected_version: int | None) -> PurchaseOrder:
    """The order, locked. Raises `NotFoundError`, `StaleError`."""
    for order in lock(LockRank.PURCHASE_ORDER, PurchaseOrder.objects.filter(pk=order_id)):
        if expected_version not in {None, order.version}:
            raise StaleError
        return order
    raise NotFoundError


def refuse_step(order: PurchaseOrder, to_state: str) -> None:
    """Raises `OrderStateError` where the state machine has no such step."""
    if to_state not in TRANSITIONS[order.state]:
        raise OrderStateError(state=order.state)


def _supplier_in_use(supplier_id: UUID) -> Supplier:
    [supplier] = lock(LockRank.PURCHASE_ORDER, Supplier.objects.filter(pk=supplier_id))
    if supplier.archived_at is not None:
        raise SupplierArchivedError
    return supplier


def _write_lines(order: PurchaseOrder, lines: Sequence[LineWanted]) -> None:
    ids = [line.variant_id for line in lines]
    _refuse_odd_lines(lines)
    if variants_supplied(order.supplier, store_id=order.store_id).filter(pk__in=ids).count() != len(ids):
        raise OutOfSupplyError
    cards, prices = variant_cards(ids), listed_prices(order.supplier, ids)
    rows = []
    for line in lines:
        price, card = prices.get(line.variant_id), cards[line.variant_id]
        rows.append(
            PurchaseOrderLine(
                order=order,
                variant_id=line.variant_id,
                sku=card.sku,
                name=card.name,
                supplier_sku=price.supplier_sku if price else "",
                quantity=line.quantity,
                unit_cost_minor=_unit_cost(line, None if price is None else price.cost_minor, order.currency),
            )
        )
    if sum(row.quantity * row.unit_cost_minor for row in rows) >= MAX_MINOR:
        raise InvalidInputError.of("lines", "too_much", gettext_noop("The order is too large."))
    PurchaseOrderLine.objects.bulk_create(rows)
    # What is on order needs no suggestion; the next computation looks again.
    ReplenishmentSuggestion.objects.filter(stock_item__store=order.store_id, stock_item__variant__in=ids).delete()


def _refuse_odd_lines(lines: Sequence[LineWanted]) -> None:
    if len({line.variant_id for line in lines}) != len(lines):
        raise InvalidInputError.of("lines", "twice", gettext_noop("A variant is in the order twice."))
    if len(lines) > MAX_LINES:
        raise InvalidInputError.of("lines", "too_many", gettext_noop("An order has at most 500 lines."))
    if any(not 1 <= line.quantity <= MAX_QUANTITY for line in lines):
        raise InvalidInputError.of(
            "lines", "quantity", gettext_noop("A quantity is more than zero and at most a million.")
        )


def _unit_cost(line: LineWanted, listed: int | None, currency: str) -> int:
    if line.unit_cost is not None:
        if line.unit_cost.currency != currency:
            raise CurrencyMismatchError(left=line.unit_cost.currency, right=currency)
        return line.unit_cost.minor
    if listed is None:
        detail = gettext_noop("Say what a unit costs: the supplier's price list does not.")
        raise InvalidInputError.of("lines", "cost_unknown", detail)
    return listed

"""Goods that come in against a purchase order."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from marketplace.core import audit
from marketplace.core.errors import InvalidInputError, StaleError, gettext_noop
from marketplace.core.http.etags import compare_and_set
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish
from stores.contracts import StockLine
from stores.events import PurchaseOrderReceived
from stores.inventory.costs import follow_costs
from stores.inventory.services import receive_stock
from stores.procurement.errors import Excess, OrderStateError, OverReceiptError, ReceiptKeyReusedError
from stores.procurement.models import GoodsReceipt, GoodsReceiptLine, PurchaseOrder, PurchaseOrderLine
from stores.procurement.states import State

from .orders import locked_order


@dataclass(frozen=True, slots=True)
class LineReceived:
    """So many of an order's line came in."""

    line_id: UUID
    quantity: int


@transaction.atomic
def receive_goods(
    *,
    order_id: UUID,
    lines: Sequence[LineReceived],
    idem_key: str,
    at: datetime,
    actor_id: UUID | None,
    expected_version: int | None = None,
    delivery_note: str = "",
) -> GoodsReceipt:
    """Take in a delivery, whole or in part: stock rises, the variants' cost follows, what is still to come shrinks.

    Stock moves under the key `receipt:<id>`. The order is received when nothing is open, else it stays placed. The
    same key again gives the same receipt. Raises `NotFoundError`, `ReceiptKeyReusedError`, `StaleError`,
    `OrderStateError`, `InvalidInputError` for lines that are not the order's, `OverReceiptError` beyond the supplier's
    tolerance (hundredths of a percent of the ordered quantity, rounded down), `StockLimitError`.
    """
    order = locked_order(order_id, None)
    quantities = _summed(lines)
    done = GoodsReceipt.objects.filter(idem_key=idem_key).first()
    if done is not None:
        _compare(done, order, quantities)
        return done
    if expected_version not in {None, order.version}:
        raise StaleError
    if order.state != State.PLACED:
        raise OrderStateError(state=order.state)
    rows = {row.pk: row for row in order.lines.all()}
    if not quantities.keys() <= rows.keys():
        raise InvalidInputError.of("lines", "unknown", gettext_noop("The order has no such line."))
    received = [(rows[line_id], quantity) for line_id, quantity in quantities.items()]
    _refuse_excess(received, order.supplier.over_receipt_bp)
    for row, quantity in received:
        row.received_qty += quantity
    PurchaseOrderLine.objects.bulk_update([row for row, _quantity in received], ["received_qty"])
    receipt = _write(order, received, idem_key=idem_key, delivery_note=delivery_note, actor_id=actor_id)
    _into_stock(order, received, receipt, actor_id)
    _close(order, rows.values(), at)
    return receipt


def _summed(lines: Iterable[LineReceived]) -> dict[UUID, int]:
    sums: dict[UUID, int] = defaultdict(int)
    for line in lines:
        if line.quantity < 1:
            raise InvalidInputError.of("lines", "min_value", gettext_noop("The quantity must be more than zero."))
        sums[line.line_id] += line.quantity
    if not sums:
        raise InvalidInputError.of("lines", "empty", gettext_noop("Say what came in."))
    return dict(sums)


def _compare(done: GoodsReceipt, order: PurchaseOrder, quantities: Mapping[UUID, int]) -> None:
    then = dict(done.lines.values_list("line_id", "quantity"))
    if done.order_id != order.pk or then != dict(quantities):
        raise ReceiptKeyReusedError


def _refuse_excess(received: Sequence[tuple[PurchaseOrderLine, int]], over_receipt_bp: int) -> None:
    excesses = []
    for row, quantity in received:
        most = row.quantity + row.quantity * over_receipt_bp // 10_000 - row.received_qty
        if quantity > most:
            excesses.append(Excess(row.pk, row.open_qty, max(0, most), quantity))
    if excesses:
        raise OverReceiptError(excesses)


def _write(
    order: PurchaseOrder,
    received: Sequence[tuple[PurchaseOrderLine, int]],
    *,
    idem_key: str,
    delivery_note: str,
    actor_id: UUID | None,
) -> GoodsReceipt:
    try:
        with transaction.atomic():
            receipt = GoodsReceipt.objects.create(
                order=order, idem_key=idem_key, delivery_note=delivery_note, actor_id=actor_id
            )
    except IntegrityError as error:
        # Another order's receipt took the key at the same moment: no lock is common to both.
        raise ReceiptKeyReusedError from error
    GoodsReceiptLine.objects.bulk_create(
        GoodsReceiptLine(receipt=receipt, line=row, quantity=quantity) for row, quantity in received
    )
    audit.record(
        actor_id=actor_id,
        action="stores.receive_goods",
        subject=receipt,
        after={"order_id": order.pk, "lines": {row.sku: quantity for row, quantity in received}},
    )
    return receipt


def _into_stock(
    order: PurchaseOrder,
    received: Sequence[tuple[PurchaseOrderLine, int]],
    receipt: GoodsReceipt,
    actor_id: UUID | None,
) -> None:
    cause = f"order:{order.number}"
    # Costs before stock: the house order of locks.
    follow_costs(
        costs={row.variant_id: Money(row.unit_cost_minor, order.currency) for row, _quantity in received},
        cause=cause,
        actor_id=actor_id,
    )
    receive_stock(
        lines=[StockLine(row.variant_id, order.store_id, quantity) for row, quantity in received],
        idem_key=f"receipt:{receipt.pk}",
        cause=cause,
        actor_id=actor_id,
    )


def _close(order: PurchaseOrder, rows: Iterable[PurchaseOrderLine], at: datetime) -> None:
    if any(row.open_qty for row in rows):
        compare_and_set(order, None)
        return
    compare_and_set(order, None, state=State.RECEIVED, received_at=at)
    publish(PurchaseOrderReceived(purchase_order_id=order.pk, supplier_id=order.supplier_id, store_id=order.store_id))

"""Wishing for invoices, giving them numbers, forgetting their buyers.

Numbers are given afterwards, by one at a time per series: a number that a rolled back transaction had taken would be a
gap, and a lock on the series inside a checkout would make every customer of a store wait for every other.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, IntegerField, Q, Sum, Value, When

from marketplace.core.clock import platform_day, read_db_now
from marketplace.core.locking import LockRank, lock
from purchases.orders.models import Order, OrderPart, OrderReturn, ReturnLine
from purchases.orders.services import lock_order
from users import facade as users

from .models import Invoice, InvoiceSeries
from .values import Bill, bill_of, credit_of

Kind = Invoice.Kind


@transaction.atomic
def wish_invoices(*, order_id: UUID) -> None:
    """Each store of a paid order invoices its part. Harmless twice.

    The order is locked, so that the buyer's address is read either before the person was erased, and is forgotten with
    the rest, or after.
    """
    order = lock_order(order_id)
    if order.source != Order.Source.IMPORT:
        _wish(order, Kind.INVOICE, _whole(order))


@transaction.atomic
def wish_credit_for_order(*, order_id: UUID) -> None:
    """A paid order was called off: each store credits what it invoiced. Harmless twice."""
    order = lock_order(order_id)
    if order.source == Order.Source.IMPORT:
        return
    bills = _whole(order)
    # The relay promises no order: what is credited was invoiced before.
    _wish(order, Kind.INVOICE, bills)
    _wish(order, Kind.CREDIT_NOTE, bills)


@transaction.atomic
def wish_credit_for_return(*, return_id: UUID) -> None:
    """Goods came back: each store credits what went back for its own. Harmless twice; nothing where nothing did."""
    returned = OrderReturn.objects.get(pk=return_id)
    order = lock_order(returned.order_id)
    if order.source == Order.Source.IMPORT:
        return
    _wish(order, Kind.INVOICE, _whole(order))
    credited = {part: bill for part, bill in _returned(returned).items() if bill.total_minor}
    _wish(order, Kind.CREDIT_NOTE, credited, returned)


def number_invoices(*, limit: int = 500) -> int:
    """Give numbers to what waits for one, a transaction per series; how many. Harmless twice, also at once."""
    waiting = Invoice.objects.filter(number__isnull=True).order_by("series").values_list("series", flat=True)
    return sum(_number(series_id, limit) for series_id in list(waiting.distinct()))


def forget_buyers(customer_id: UUID) -> None:
    """Erasure: invoices keep amounts and what was sold, not to whom. One statement, under the locks of the orders."""
    Invoice.objects.filter(order__customer=customer_id).exclude(buyer={}).update(buyer={})


@transaction.atomic
def _number(series_id: int, limit: int) -> int:
    """In the order in which they were wished for, an invoice before its credit note. All or none.

    The moment is the database's, read under the lock: a later number never has an earlier moment.
    """
    (series,) = lock(LockRank.ORDER, InvoiceSeries.objects.filter(pk=series_id))
    first = Case(When(kind=Kind.INVOICE, then=Value(0)), default=Value(1), output_field=IntegerField())
    waiting = list(Invoice.objects.filter(series=series_id, number__isnull=True).order_by(first, "pk")[:limit])
    now = read_db_now()
    for number, invoice in enumerate(waiting, series.last_number + 1):
        invoice.number, invoice.issued_at = number, now
    Invoice.objects.bulk_update(waiting, ["number", "issued_at"])
    series.last_number += len(waiting)
    series.save(update_fields=["last_number"])
    return len(waiting)


def _whole(order: Order) -> dict[OrderPart, Bill]:
    parts = order.parts.select_related("store").prefetch_related("lines").order_by("pk")
    return {
        part: bill_of(
            sorted(part.lines.all(), key=lambda line: (line.sku, line.pk)),
            shipping_minor=part.shipping_minor,
            shipping_name=part.shipping_name,
        )
        for part in parts
    }


def _returned(returned: OrderReturn) -> dict[OrderPart, Bill]:
    rows = list(
        ReturnLine.objects.filter(order_return=returned).select_related("line__part__store").order_by("line__sku", "pk")
    )
    earlier = _returned_before(returned, [row.line_id for row in rows])
    lines = defaultdict(list)
    for row in rows:
        credit = credit_of(
            row.line, quantity=row.quantity, earlier=earlier.get(row.line_id, 0), refund_minor=row.refund_minor
        )
        lines[row.line.part].append(credit)
    return {part: Bill(tuple(mine)) for part, mine in lines.items()}


def _returned_before(returned: OrderReturn, line_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Units by line that came back before this return did; returns of an order are received one after the other."""
    sooner = Q(order_return__received_at__lt=returned.received_at) | Q(
        order_return__received_at=returned.received_at, order_return__lt=returned.pk
    )
    rows = ReturnLine.objects.filter(sooner, line__in=list(line_ids), order_return__state=OrderReturn.State.RECEIVED)
    return dict(rows.order_by().values("line").annotate(units=Sum("quantity")).values_list("line", "units"))


def _wish(
    order: Order, kind: "Invoice.Kind", bills: Mapping[OrderPart, Bill], returned: OrderReturn | None = None
) -> None:
    language = users.customer_languages([order.customer_id]).get(order.customer_id, "en")
    about: dict[str, Any] = {
        "order": order.number,
        "placed_on": platform_day(order.placed_at).isoformat(),
        "language": language,
    }
    Invoice.objects.bulk_create(
        [
            Invoice(
                series=_series_of(part.store),
                kind=kind,
                order=order,
                part=part,
                order_return=returned,
                total_minor=bill.total_minor,
                currency=order.currency,
                snapshot={**about, "seller": part.store.name, **bill.as_json()},
                buyer=order.shipping_address,
            )
            for part, bill in bills.items()
        ],
        ignore_conflicts=True,
    )


def _series_of(store: Any) -> InvoiceSeries:
    known = InvoiceSeries.objects.filter(store=store).first()
    if known is not None:
        return known
    # A name that another store once had is part of its numbers.
    is_taken = InvoiceSeries.objects.filter(name=store.slug).exists()
    name = f"{store.slug}-{store.pk.hex[-8:]}" if is_taken else store.slug
    InvoiceSeries.objects.bulk_create([InvoiceSeries(store=store, name=name)], ignore_conflicts=True)
    return InvoiceSeries.objects.get(store=store)

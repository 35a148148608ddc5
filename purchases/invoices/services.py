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
from purchases.orders.models import CallOff, CallOffLine, Order, OrderLine, OrderPart, OrderReturn, ReturnLine
from purchases.orders.services import lock_order
from users import facade as users

from .models import Invoice, InvoiceSeries
from .values import Bill, BillLine, bill_of, credit_of

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
    """A paid order was called off: each store credits what it invoiced and has not credited yet. Harmless twice."""
    order = lock_order(order_id)
    if order.source == Order.Source.IMPORT:
        return
    bills = _whole(order)
    # The relay promises no order: what is credited was invoiced before.
    _wish(order, Kind.INVOICE, bills)
    _wish(order, Kind.CREDIT_NOTE, _uncredited(bills))


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


@transaction.atomic
def wish_credit_for_call_off(*, call_off_id: UUID) -> None:
    """Units were called off: their store credits what went back for them. Harmless twice; nothing where nothing did."""
    called_off = CallOff.objects.select_related("part").get(pk=call_off_id)
    order = lock_order(called_off.part.order_id)
    if order.source == Order.Source.IMPORT:
        return
    bills = _whole(order)
    _wish(order, Kind.INVOICE, bills)
    if called_off.refund_minor:
        (part,) = (part for part in bills if part.pk == called_off.part_id)
        _wish(order, Kind.CREDIT_NOTE, {part: _called_off(called_off)}, call_off=called_off)


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


def _uncredited(bills: Mapping[OrderPart, Bill]) -> dict[OrderPart, Bill]:
    """Of each part what no credit note is about yet; parts that were called off before are left out."""
    rest = {}
    for part, whole in bills.items():
        lines = list(part.lines.all())
        if not any(line.called_off_quantity for line in lines):
            rest[part] = whole
        elif left := [line for line in lines if line.quantity > line.called_off_quantity]:
            rest[part] = Bill(
                tuple(_rest_of(line) for line in sorted(left, key=lambda line: (line.sku, line.pk))),
                part.shipping_minor - part.shipping_refunded_minor,
                part.shipping_name,
            )
    return rest


def _rest_of(line: OrderLine) -> BillLine:
    gone, money = line.called_off_quantity, line.total_minor - line.refunded_minor
    return credit_of(line, quantity=line.quantity - gone, earlier=gone, refund_minor=money)


def _called_off(called_off: CallOff) -> Bill:
    rows = list(CallOffLine.objects.filter(call_off=called_off).select_related("line").order_by("line__sku", "pk"))
    sooner = CallOffLine.objects.filter(line__in=[row.line_id for row in rows], call_off__lt=called_off.pk)
    earlier = dict(sooner.order_by().values("line").annotate(units=Sum("quantity")).values_list("line", "units"))
    lines = (
        credit_of(row.line, quantity=row.quantity, earlier=earlier.get(row.line_id, 0), refund_minor=row.refund_minor)
        for row in rows
    )
    return Bill(tuple(lines), called_off.shipping_minor, called_off.part.shipping_name)


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
    """Units by line that went before this return was received: other returns', one after the other, and called off."""
    sooner = Q(order_return__received_at__lt=returned.received_at) | Q(
        order_return__received_at=returned.received_at, order_return__lt=returned.pk
    )
    rows = ReturnLine.objects.filter(sooner, line__in=list(line_ids), order_return__state=OrderReturn.State.RECEIVED)
    back = dict(rows.order_by().values("line").annotate(units=Sum("quantity")).values_list("line", "units"))
    # Only what was delivered can come back, so whatever was called off went before.
    unsent = OrderLine.objects.filter(pk__in=list(line_ids)).values_list("pk", "called_off_quantity")
    return {line_id: units + back.get(line_id, 0) for line_id, units in unsent}


def _wish(
    order: Order,
    kind: "Invoice.Kind",
    bills: Mapping[OrderPart, Bill],
    returned: OrderReturn | None = None,
    *,
    call_off: CallOff | None = None,
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
                call_off=call_off,
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

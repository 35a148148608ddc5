"""Invoices for tests."""

from typing import Any

from django.utils import timezone

from promotions.flash.tests.factories import make_variant
from purchases.models import Invoice, InvoiceSeries, Order, OrderPart

SNAPSHOT: dict[str, Any] = {
    "order": "TEST",
    "placed_on": "2026-01-01",
    "language": "en",
    "seller": "Store",
    "lines": [],
    "shipping": {"minor": 10_000, "name": ""},
}


def issued_invoice(order: Order, store: Any = None) -> Invoice:
    """An invoice of an order without lines, with number 1."""
    store = store or make_variant().store
    terms = {"total_minor": order.total_minor, "commission_bp": 0}
    part, _is_new = OrderPart.objects.get_or_create(order=order, store=store, defaults=terms)
    series = InvoiceSeries.objects.create(store=store, name=store.slug, last_number=1)
    return Invoice.objects.create(
        series=series,
        number=1,
        issued_at=timezone.now(),
        kind=Invoice.Kind.INVOICE,
        order=order,
        part=part,
        total_minor=order.total_minor,
        currency=order.currency,
        snapshot=SNAPSHOT,
    )

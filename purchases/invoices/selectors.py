"""Reading invoices."""

from typing import Protocol
from uuid import UUID

from django.db.models import QuerySet

from purchases.orders.errors import OrderNotFoundError
from purchases.orders.models import Order

from .errors import InvoiceNotFoundError
from .models import Invoice

VIEW = "purchases.view_order"
"""Whoever may look at any order may look at its invoices."""


class Reader(Protocol):
    """Somebody who wants to read."""

    pk: UUID

    def has_perm(self, perm: str) -> bool:
        """Django's."""


def invoices_of(order_id: UUID) -> "QuerySet[Invoice]":
    """What was issued for the order, oldest first."""
    rows = Invoice.objects.filter(order=order_id, number__isnull=False)
    return rows.select_related("series", "part").order_by("issued_at", "series", "number")


def readable_invoices(reader: Reader, order_id: UUID) -> "QuerySet[Invoice]":
    """Of an order of the reader's own, or of anybody's with the house's permission. Raises `OrderNotFoundError`."""
    orders = Order.objects.filter(pk=order_id)
    if not reader.has_perm(VIEW):
        orders = orders.filter(customer_id=reader.pk)
    if not orders.exists():
        raise OrderNotFoundError
    return invoices_of(order_id)


def readable_invoice(reader: Reader, order_id: UUID, invoice_id: UUID) -> Invoice:
    """One of them. Raises `OrderNotFoundError`, `InvoiceNotFoundError`."""
    found = readable_invoices(reader, order_id).filter(pk=invoice_id).first()
    if found is None:
        raise InvoiceNotFoundError
    return found

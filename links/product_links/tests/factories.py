"""Links and pages as tests of other slices need them: read already, and not due."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from links.priority import Priority
from links.product_links.addresses import read_address
from links.product_links.models import Page, ProductLink
from marketplace.core.money import Money
from users.models import User


def read_page(
    url: str = "https://tienda.example/p/olla", *, price: Money | None = None, at: datetime | None = None, **values: Any
) -> Page:
    """A page that said that price (1,299.00 MXN) a minute ago, by which may be bought."""
    address, price = read_address(url), price or Money(129900, "MXN")
    read_at = at or timezone.now() - timedelta(minutes=1)
    facts = {
        "state": Page.State.READ,
        "title": "Olla exprés",
        "price_minor": price.minor,
        "currency": price.currency,
        "availability": Page.Availability.IN_STOCK,
        "method": Page.Method.JSON_LD,
        "confidence": 95,
        "may_be_bought": True,
        "read_at": read_at,
        "due_at": read_at + timedelta(days=1),
        **values,
    }
    return Page.objects.create(canonical_url=address.url, address_hash=address.hash, host=address.host, **facts)


def pasted_link(customer: User, page: Page | None = None, **values: Any) -> ProductLink:
    """A customer's link to a page that was read."""
    page = page or read_page()
    facts = {"url": page.canonical_url, "priority": Priority.MEDIUM, **values}
    return ProductLink.objects.create(customer=customer, page=page, **facts)

"""Pages, links and alerts for tests of alerts and of the messages about them."""

import hashlib
from typing import Any

import factory
from factory.django import DjangoModelFactory

from links.alerts.models import PriceAlert
from links.product_links.models import Page, ProductLink
from users.accounts.tests.factories import UserFactory


def _hash_of(page: Any) -> str:
    return hashlib.sha256(page.canonical_url.encode()).hexdigest()


class PricedPageFactory(DjangoModelFactory[Page]):
    """A coffee maker at 1,299.00 MXN, read from structured data."""

    class Meta:
        model = Page

    canonical_url = factory.Sequence(lambda number: f"https://shop.example/products/{number}")
    address_hash = factory.LazyAttribute(_hash_of)
    host = "shop.example"
    state = Page.State.READ
    title = "Cafetera de goteo"
    price_minor = 129_900
    currency = "MXN"
    availability = Page.Availability.IN_STOCK
    method = Page.Method.JSON_LD
    confidence = 95
    may_be_bought = True


class LinkFactory(DjangoModelFactory[ProductLink]):
    """Somebody's link to such a page."""

    class Meta:
        model = ProductLink

    customer = factory.SubFactory(UserFactory)
    page = factory.SubFactory(PricedPageFactory)
    url = factory.SelfAttribute("page.canonical_url")


class PriceAlertFactory(DjangoModelFactory[PriceAlert]):
    """On a link of the customer's, when it costs 999.00 MXN or less."""

    class Meta:
        model = PriceAlert

    customer = factory.SubFactory(UserFactory)
    link = factory.SubFactory(LinkFactory, customer=factory.SelfAttribute("..customer"))
    direction = PriceAlert.Direction.DOWN
    target_minor = 99_900
    reference_minor = 129_900
    currency = "MXN"

"""Reading alerts, and what they watch."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from links.contracts import AlertCard
from marketplace.core.money import Money
from stores import facade as stores

from .errors import AlertNotFoundError
from .models import PriceAlert


def alerts_of(customer_id: UUID) -> QuerySet[PriceAlert]:
    """The customer's alerts with what they watch, newest first."""
    rows = PriceAlert.objects.filter(customer=customer_id)
    return rows.select_related("link__page", "variant__product").order_by("-pk")


def alert_of(customer_id: UUID, alert_id: UUID) -> PriceAlert:
    """One of them. Raises `AlertNotFoundError`."""
    alert = alerts_of(customer_id).filter(pk=alert_id).first()
    if alert is None:
        raise AlertNotFoundError
    return alert


def alerts_on_page(page_id: UUID) -> QuerySet[PriceAlert]:
    """The alerts that are on, over everybody's links to the page that are neither archived nor switched off."""
    return PriceAlert.objects.filter(
        is_enabled=True, link__page=page_id, link__archived_at__isnull=True, link__is_enabled=True
    )


def alerts_on_products(product_ids: Iterable[UUID]) -> QuerySet[PriceAlert]:
    """The alerts that are on, over variants of the products."""
    return PriceAlert.objects.filter(is_enabled=True, variant__product__in=list(product_ids))


def prices_watched(alerts: Iterable[PriceAlert]) -> dict[UUID, Money | None]:
    """By alert, what the thing costs now; None while it is not known. The alerts come with their `link__page`.

    Of a variant it is the price before promotions: those have messages of their own. One query for all variants.
    """
    rows = list(alerts)
    cards = stores.variant_cards(alert.variant_id for alert in rows if alert.variant_id is not None)
    found: dict[UUID, Money | None] = {}
    for alert in rows:
        if alert.link is not None:
            found[alert.pk] = alert.link.page.price
        else:
            card = cards.get(alert.variant_id) if alert.variant_id is not None else None
            found[alert.pk] = None if card is None else card.price
    return found


def alert_card(alert_id: UUID) -> AlertCard:
    """For a message about an alert. Raises `AlertNotFoundError`."""
    alert = PriceAlert.objects.select_related("link__page", "variant__product").filter(pk=alert_id).first()
    if alert is None:
        raise AlertNotFoundError
    url = "" if alert.link is None else alert.link.page.canonical_url
    return AlertCard(alert.pk, title_of(alert), url, alert.link_id, alert.variant_id)


def title_of(alert: PriceAlert) -> str:
    """What it watches, as people call it. The alert comes with `link__page` and `variant__product`."""
    if alert.link is not None:
        return str(alert.link.page)
    return "" if alert.variant is None else alert.variant.product.name

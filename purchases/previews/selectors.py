"""Orders of the last days, priced once more with a campaign and without.

The assumptions: the campaign is under way, its coupon entered, its uses are not counted. Buyers have the level and
the segments of today, products the categories of today; list prices and what sending cost are those of the order. The
other rules are today's, at the order's moment. So it is an estimate, and both prices are made in the same way.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet

from marketplace.core.clock import platform_day
from marketplace.core.money import Money
from promotions import facade as promotions
from promotions.contracts import Buyer, PriceRule
from purchases.orders.models import Order, OrderLine
from purchases.orders.selectors import EARNING_STATES
from purchases.pricing.offers import Judged
from purchases.pricing.pipeline import FLASH, price, ticket_of
from purchases.pricing.values import FlashOffer, Item, Quote, Sending
from stores import facade as stores
from stores.contracts import VariantCard
from users import facade as users
from users.contracts import CustomerCard

from .values import DayPreview, Preview

MOST_DAYS: Final = 31
MOST_ORDERS: Final = 2_000
"""Some seconds' work for a campaign that touches every one of them."""
CHUNK: Final = 500


class _Sums:
    """A day's sums in one currency while orders are counted."""

    def __init__(self) -> None:
        self.orders = self.touched = self.revenue = self.discount = 0

    def add(self, revenue: int, discount: int | None) -> None:
        self.orders += 1
        self.revenue += revenue
        if discount is not None:
            self.touched += 1
            self.discount += discount


def preview_campaign(campaign_id: UUID, *, at: datetime, days: int, most: int = MOST_ORDERS) -> Preview:
    """What the campaign would have cost on the paid orders of the last `days` platform days, today's included.

    Imported orders are left out. Of more than `most` the newest are looked at. A few queries, and six for each 500
    orders. Raises `CampaignNotFoundError`.
    """
    campaign = promotions.campaign_rule(campaign_id)
    today = platform_day(at)
    since = today - timedelta(days=days - 1)
    newest = _orders_since(since)[: most + 1]
    ids = list(newest.values_list("pk", flat=True))
    sums: dict[tuple[date, str], _Sums] = defaultdict(_Sums)
    scene = None if campaign is None else _Scene(campaign)
    for order, discount in _discounts(ids[:most], scene):
        sums[platform_day(order.placed_at), order.currency].add(order.total_minor, discount)
    return Preview(
        campaign_id=campaign_id,
        since=since,
        until=today,
        is_cut=len(ids) > most,
        days=tuple(
            DayPreview(day, each.orders, each.touched, Money(each.revenue, currency), Money(each.discount, currency))
            for (day, currency), each in sorted(sums.items())
        ),
    )


def _orders_since(day: date) -> QuerySet[Order]:
    begins = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(settings.PLATFORM_TIME_ZONE))
    orders = Order.objects.filter(placed_at__gte=begins, state__in=EARNING_STATES)
    return orders.exclude(source=Order.Source.IMPORT).order_by("-placed_at", "-pk")


def _discounts(ids: Sequence[UUID], scene: "_Scene | None") -> Iterator[tuple[Order, int | None]]:
    """Each order with what the campaign takes off it; None where it does not apply."""
    for start in range(0, len(ids), CHUNK):
        orders = list(Order.objects.filter(pk__in=ids[start : start + CHUNK]).prefetch_related("lines", "parts"))
        lines = [line for order in orders for line in order.lines.all()]
        cards = stores.variant_cards({line.variant_id for line in lines})
        customers = users.customer_cards({order.customer_id for order in orders})
        for order in orders:
            yield order, None if scene is None else scene.discount(order, cards, customers.get(order.customer_id))


class _Scene:
    """The rules of today, with the campaign and without it."""

    def __init__(self, campaign: PriceRule) -> None:
        self._campaign = replace(campaign, starts_at=None, ends_at=None, needs_coupon=False)
        rules = promotions.rule_book().rules
        self._others = [rule for rule in rules if rule.rule_id != campaign.rule_id and not rule.needs_coupon]

    def discount(self, order: Order, cards: Mapping[UUID, VariantCard], customer: CustomerCard | None) -> int | None:
        buyer = Buyer() if customer is None else Buyer(customer.customer_id, customer.tier, customer.segment_ids)
        items = [_item(line, order.currency, cards[line.variant_id]) for line in order.lines.all()]
        ticket = ticket_of(items)
        if not items or promotions.refusals(
            self._campaign, buyer=buyer, at=order.placed_at, ticket_minor=ticket, currency=order.currency
        ):
            return None
        sending = {part.store_id: Sending(Money(part.shipping_minor, order.currency)) for part in order.parts.all()}
        others = self._judged(order, buyer, ticket)
        with_it = price(items, currency=order.currency, rules=[*others, (self._campaign, ())], shipping=sending)
        if not _applies(with_it, self._campaign.rule_id):
            return None
        without = price(items, currency=order.currency, rules=others, shipping=sending)
        return without.total.minor - with_it.total.minor

    def _judged(self, order: Order, buyer: Buyer, ticket: int) -> list[Judged]:
        """Those of the others that applied to the order, by the terms of today."""
        day = promotions.local_day(order.placed_at)
        return [
            (rule, ())
            for rule in self._others
            if not promotions.refusals(
                rule, buyer=buyer, at=order.placed_at, ticket_minor=ticket, currency=order.currency, day=day
            )
        ]


def _item(line: OrderLine, currency: str, card: VariantCard) -> Item:
    flash: Any = next((each for each in line.applied_benefits if each["kind"] == FLASH), None)
    offer = None
    if flash is not None:
        paid = Money(line.list_price_minor - flash["amount_minor"], currency)
        offer = FlashOffer(UUID(flash["rule"]), flash["version"], paid)
    return Item(
        key=str(line.pk),
        variant_id=line.variant_id,
        product_id=card.product_id,
        store_id=card.store_id,
        category_ids=card.category_ids,
        quantity=line.quantity,
        list_price=Money(line.list_price_minor, currency),
        flash=offer,
    )


def _applies(quote: Quote, rule_id: UUID) -> bool:
    applied = [*quote.applied, *(each for line in quote.items for each in line.applied)]
    return any(each.rule_id == rule_id for each in applied)

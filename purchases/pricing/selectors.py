"""Prices of now: the pipeline with what the database says of rules, buyers and shipping."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from marketplace.core.money import Money
from promotions import facade as promotions
from promotions.contracts import Buyer, PriceRule
from purchases.shipments.selectors import shipping_prices
from users import facade as users

from .offers import Judged
from .pipeline import first_price, price, ticket_of
from .values import Item, Quote, Sending, Wanted


def quote(
    lines: Sequence[Wanted],
    *,
    customer_id: UUID | None,
    at: datetime,
    coupons: Sequence[str] = (),
    ships: bool = True,
    rates: Mapping[UUID, UUID] | None = None,
    spends_vouchers: bool = False,
) -> Quote:
    """What the lines, one at least, cost this customer, or a stranger, at that moment.

    They are in one currency (`CurrencyMismatchError`).

    `ships`: with what sending costs, by the `rates` that were chosen for stores or each store's cheapest; free from an
    amount on counts goods as a minimum ticket does. `spends_vouchers`: the customer's loyalty vouchers are rules too.
    Two queries; one more each for coupons, vouchers, rules whose uses are counted, and for who buys where a rule asks
    that.
    """
    items = [item_of(line) for line in lines]
    currency = items[0].list_price.currency
    vouchers = promotions.vouchers_of(customer_id, at) if spends_vouchers and customer_id is not None else ()
    return price(
        items,
        currency=currency,
        rules=_judged(items, currency, customer_id, at, coupons, vouchers),
        shipping=_shipping(items, currency, rates or {}) if ships else {},
    )


def item_of(line: Wanted) -> Item:
    """The line as the pipeline takes it."""
    card = line.variant
    return Item(
        key=line.key,
        variant_id=card.variant_id,
        product_id=card.product_id,
        store_id=card.store_id,
        category_ids=card.category_ids,
        quantity=line.quantity,
        list_price=card.price,
        flash=line.flash,
    )


def _judged(
    items: Sequence[Item],
    currency: str,
    customer_id: UUID | None,
    at: datetime,
    coupons: Sequence[str],
    vouchers: Sequence[PriceRule],
) -> list[Judged]:
    """Rules under way, each with what it fails. Rules behind a coupon that was not shown are nobody's business."""
    opened = frozenset(promotions.coupon_rules(coupons, at).values()) if coupons else frozenset()
    rules = [rule for rule in promotions.rule_book().rules if _is_under_way(rule, at, opened)]
    rules += vouchers
    limited = [rule.rule_id for rule in rules if rule.is_limited]
    limits = promotions.rule_limits(limited, customer_id) if limited else {}
    buyer = _buyer(customer_id, rules)
    ticket, day = ticket_of(items), promotions.local_day(at)
    return [
        (
            rule,
            promotions.refusals(
                rule,
                buyer=buyer,
                at=at,
                ticket_minor=ticket,
                currency=currency,
                has_coupon=rule.rule_id in opened,
                limit=limits.get(rule.rule_id),
                day=day,
            ),
        )
        for rule in rules
    ]


def _buyer(customer_id: UUID | None, rules: Iterable[PriceRule]) -> Buyer:
    """Tier and segments as of now, where a rule wants to know; a stranger has neither."""
    if customer_id is None or not any(rule.tiers or rule.segment_ids for rule in rules):
        return Buyer(customer_id)
    try:
        card = users.customer_card(customer_id)
    except users.CustomerNotFoundError:
        return Buyer(customer_id)  # whose profile staff have deleted
    return Buyer(customer_id, card.tier, card.segment_ids)


def _is_under_way(rule: PriceRule, at: datetime, opened: frozenset[UUID]) -> bool:
    has_begun = rule.starts_at is None or rule.starts_at <= at
    return (
        has_begun and (rule.ends_at is None or at < rule.ends_at) and (not rule.needs_coupon or rule.rule_id in opened)
    )


def _shipping(items: Iterable[Item], currency: str, rates: Mapping[UUID, UUID]) -> dict[UUID, Sending]:
    goods: dict[UUID, int] = {}
    for item in items:
        goods[item.store_id] = goods.get(item.store_id, 0) + first_price(item)
    found = shipping_prices({store_id: Money(minor, currency) for store_id, minor in goods.items()}, rates)
    return {store_id: Sending(costs, rate.name if rate else "") for store_id, (rate, costs) in found.items()}

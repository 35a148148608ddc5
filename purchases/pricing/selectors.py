"""Prices of now: the pipeline with what the database says of rules, buyers and shipping."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from promotions.contracts import Buyer
from users import facade as users

from .pipeline import price
from .values import Item, Quote, Wanted


def buyer_of(customer_id: UUID | None) -> Buyer:
    """Whoever is signed in, with tier and segments as of now; a stranger has neither. One query."""
    if customer_id is None:
        return Buyer()
    card = users.customer_card(customer_id)
    return Buyer(customer_id, card.tier, card.segment_ids)


def quote(
    lines: Sequence[Wanted],
    *,
    buyer: Buyer,
    at: datetime,
    coupons: Sequence[str] = (),
    ships: bool = True,
    rates: Mapping[UUID, UUID] | None = None,
) -> Quote:
    """What the lines cost this buyer at that moment. They are in one currency (`CurrencyMismatchError`); at least one.

    `ships`: with what sending costs, by the `rates` that were chosen for stores or each store's cheapest.
    """
    items = [item_of(line) for line in lines]
    return price(items, currency=items[0].list_price.currency)


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

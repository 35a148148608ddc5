"""What lists of products show of a flash promotion: pushed down in the transaction that changes it.

Called before stock is touched: listings are the catalogue's, which comes before stock in the house order.
"""

from datetime import datetime
from uuid import UUID

from marketplace.core.money import Money
from stores.contracts import PromotedPrice
from stores.facade import publish_prices, withdraw_prices


def show_price(
    promo_id: UUID, *, variant_id: UUID, price: Money, starts_at: datetime, ends_at: datetime, is_active: bool
) -> None:
    """Show the price between its moments while the promotion is active, and nothing of a draft or a paused one."""
    if not is_active:
        hide_price(promo_id)
        return
    # Conditional: it is for customers near the store, or of some segments, and only while there are units.
    shown = PromotedPrice(variant_id=variant_id, price=price, is_conditional=True, starts_at=starts_at, ends_at=ends_at)
    publish_prices(source=_source(promo_id), prices=[shown])


def hide_price(promo_id: UUID) -> None:
    """Show nothing of it any more."""
    withdraw_prices(source=_source(promo_id))


def _source(promo_id: UUID) -> str:
    return f"flash:{promo_id}"

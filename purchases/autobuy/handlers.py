"""What wakes the engine, and what follows for a gift from its order."""

from django.utils import timezone

from funds.events import DepositCredited, OrderRefunded
from links import facade as links
from links.events import ContributionMade, GiftChanged, PageRead
from marketplace.core.outbox.handlers import handles
from purchases.events import OrderCancelled, OrderDelivered, OrderExpired
from stores.events import ProductsRepriced

from . import services


@handles(DepositCredited)
def wake_plan_on_deposit_credited(event: DepositCredited) -> None:
    """There is more money."""
    services.wake_customers([event.customer_id], cause="funds", at=timezone.now())


@handles(OrderRefunded)
def wake_plan_on_order_refunded(event: OrderRefunded) -> None:
    """Money is back."""
    services.wake_customers([event.customer_id], cause="funds", at=timezone.now())


@handles(ContributionMade)
def wake_plan_on_contribution_made(event: ContributionMade) -> None:
    """There is more in a pot, or in the wallet."""
    services.wake_customers([event.owner_id], cause="funds", at=timezone.now())


@handles(PageRead)
def wake_plans_on_page_read(event: PageRead) -> None:
    """A price or a stock in another shop has moved."""
    services.wake_customers(links.watched_lists_of_page(event.page_id), cause="price", at=timezone.now())


@handles(ProductsRepriced)
def wake_plans_on_products_repriced(event: ProductsRepriced) -> None:
    """A price of the catalogue has moved."""
    owners = links.watched_lists_of_products(event.product_ids)
    services.wake_customers(owners, cause="price", at=timezone.now())


@handles(GiftChanged)
def wake_plan_on_gift_changed(event: GiftChanged) -> None:
    """A wish came, or moved; one that is gone leaves nothing to look at."""
    if event.state == "wanted":
        services.wake_customers([event.owner_id], cause="schedule", at=timezone.now())


@handles(OrderCancelled, queue="holds")
def release_gift_on_order_cancelled(event: OrderCancelled) -> None:
    """Its gift is wanted again."""
    services.follow_order(order_id=event.order_id, at=timezone.now())


@handles(OrderExpired, queue="holds")
def release_gift_on_order_expired(event: OrderExpired) -> None:
    """The same for an order that was not paid."""
    services.follow_order(order_id=event.order_id, at=timezone.now())


@handles(OrderDelivered)
def receive_gift_on_order_delivered(event: OrderDelivered) -> None:
    """So did its gift."""
    services.note_delivered(order_id=event.order_id, cost=event.total, at=event.delivered_at)

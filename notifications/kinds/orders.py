"""The table's rows about orders, their parcels and returns."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from marketplace.core.events import json_ready
from purchases import facade as purchases
from purchases.events import (
    OrderCancelled,
    OrderDelivered,
    OrderExpired,
    OrderPaid,
    OrderPartCalledOff,
    OrderPlaced,
    OrderReturned,
    ReturnDecided,
    ReturnRequested,
    ShipmentLost,
    ShipmentShipped,
)
from stores import facade as stores
from users import facade as users

from .values import IN_INBOX, IN_INBOX_AND_MAIL, Cause, Kind, Params

MAY_MOVE_ORDERS: Final = "purchases.change_order"


def _order_params(event: OrderPlaced | OrderPaid | OrderDelivered | OrderCancelled | OrderExpired) -> Params:
    card = purchases.order_card(event.order_id)
    return {
        "order": str(card.order_id),
        "number": card.number,
        "item": card.first_item,
        # Of an order that is cancelled, what goes back with it.
        "total": json_ready(event.total),
    }


def _call_off_params(event: OrderPartCalledOff) -> Params:
    card = purchases.call_off_card(event.call_off_id)
    return {
        "order": str(card.order_id),
        "number": card.number,
        "item": card.first_item,
        "count": str(card.items_count),
        "reason": card.reason,
        "refund": json_ready(card.refund),
    }


def _customer_of_waiting(event: OrderPlaced) -> UUID | None:
    """Whoever is still to pay: an order that is paid at once has a message of its own."""
    return event.customer_id if purchases.order_card(event.order_id).is_waiting else None


def _who_sends(*store_ids: UUID) -> Collection[UUID]:
    """The people of the stores, and those of the house who may move orders."""
    return {
        *users.staff_with(MAY_MOVE_ORDERS),
        *(person for store_id in store_ids for person in stores.people_of_store(store_id)),
    }


def _shipment_params(event: ShipmentShipped | ShipmentLost) -> Params:
    card = purchases.shipment_card(event.shipment_id)
    return {
        "shipment": str(card.shipment_id),
        "order": str(card.order_id),
        "number": card.number,
        "count": str(card.items_count),
        "carrier": card.carrier or "—",
        "tracking": card.tracking or "—",
        "tracking_url": card.tracking_url,
    }


def _return_params(event: ReturnRequested | ReturnDecided | OrderReturned) -> Params:
    card = purchases.return_card(event.return_id)
    return {
        "return": str(card.return_id),
        "order": str(card.order_id),
        "number": card.number,
        "item": card.first_item,
        "answer": card.answer or "—",
        "refund": json_ready(card.refund),
    }


ORDERS: Final = (
    Kind(
        code="order_paid",
        name=_("Orders that are paid"),
        title=_("Order %(number)s is paid"),
        body=_("We received %(total)s for your order %(number)s (%(item)s). Thank you!"),
        by_mail=True,
        by_push=True,
        required=IN_INBOX,
        cause=Cause(
            event=OrderPaid,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.order_id,
            params=_order_params,
        ),
    ),
    Kind(
        code="order_delivered",
        name=_("Orders that were delivered"),
        title=_("Order %(number)s was delivered"),
        body=_("Your order %(number)s (%(item)s) has arrived. Enjoy it!"),
        by_push=True,
        may_wait=True,
        required=IN_INBOX,
        cause=Cause(
            event=OrderDelivered,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.order_id,
            params=_order_params,
        ),
    ),
    Kind(
        code="order_placed",
        name=_("Orders that wait for their payment"),
        title=_("Order %(number)s waits for its payment"),
        body=_("We set aside what you ordered (%(item)s). Please pay %(total)s, or the order %(number)s will expire."),
        by_push=True,
        required=IN_INBOX,
        cause=Cause(
            event=OrderPlaced,
            customer=_customer_of_waiting,
            subject=lambda event: event.order_id,
            params=_order_params,
        ),
    ),
    Kind(
        code="order_cancelled",
        name=_("Orders that were cancelled"),
        title=_("Order %(number)s was cancelled"),
        body=_(
            "Your order %(number)s (%(item)s) was cancelled. You owe nothing; money that was set aside is yours again."
        ),
        by_push=True,
        required=IN_INBOX,
        cause=Cause(
            event=OrderCancelled,
            customer=lambda event: None if event.was_paid else event.customer_id,
            subject=lambda event: event.order_id,
            params=_order_params,
        ),
    ),
    Kind(
        code="order_cancelled_paid",
        name=_("Paid orders that were cancelled"),
        title=_("Order %(number)s was cancelled: %(total)s go back to you"),
        body=_(
            "Your order %(number)s (%(item)s) was cancelled. What you paid goes back where it came from: to your means "
            "of payment, and the wallet's part into your wallet."
        ),
        by_mail=True,
        by_push=True,
        required=IN_INBOX_AND_MAIL,
        cause=Cause(
            event=OrderCancelled,
            customer=lambda event: event.customer_id if event.was_paid else None,
            subject=lambda event: event.order_id,
            params=_order_params,
        ),
    ),
    Kind(
        code="order_part_called_off",
        name=_("Parts of orders that will not be sent"),
        title=_("Part of order %(number)s will not be sent: %(refund)s go back to you"),
        body=_(
            "Of your order %(number)s we cannot send %(count)s items (%(item)s): %(reason)s The money goes back where "
            "it came from. Whatever else you ordered comes as before."
        ),
        by_mail=True,
        by_push=True,
        required=IN_INBOX_AND_MAIL,
        cause=Cause(
            event=OrderPartCalledOff,
            # Of an order that is called off whole another message tells.
            customer=lambda event: None if event.is_whole else event.customer_id,
            subject=lambda event: event.call_off_id,
            params=_call_off_params,
        ),
    ),
    Kind(
        code="order_expired",
        name=_("Orders that expired"),
        title=_("Order %(number)s has expired"),
        body=_("Your order %(number)s (%(item)s) was not paid in time. Money that was set aside is yours again."),
        by_push=True,
        required=IN_INBOX,
        cause=Cause(
            event=OrderExpired,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.order_id,
            params=_order_params,
        ),
    ),
    Kind(
        code="shipment_shipped",
        name=_("Parcels on their way"),
        title=_("A parcel of order %(number)s is on its way"),
        body=_("A parcel with %(count)s items is on its way. Carrier: %(carrier)s, tracking number: %(tracking)s."),
        by_mail=True,
        by_push=True,
        may_wait=True,
        required=IN_INBOX,
        cause=Cause(
            event=ShipmentShipped,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.shipment_id,
            params=_shipment_params,
        ),
    ),
    Kind(
        code="shipment_lost",
        name=_("Parcels that were lost"),
        title=_("A parcel of order %(number)s was lost"),
        body=_("A parcel with %(count)s items was lost on its way. We are sorry, and take care of it."),
        by_push=True,
        required=IN_INBOX,
        cause=Cause(
            event=ShipmentLost,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.shipment_id,
            params=_shipment_params,
        ),
    ),
    Kind(
        code="return_approved",
        name=_("Returns that were approved"),
        title=_("You may return %(item)s"),
        body=_("Your return of order %(number)s was approved; the money follows when it is here. The shop: %(answer)s"),
        by_push=True,
        may_wait=True,
        required=IN_INBOX,
        cause=Cause(
            event=ReturnDecided,
            customer=lambda event: event.customer_id if event.is_approved else None,
            subject=lambda event: event.return_id,
            params=_return_params,
        ),
    ),
    Kind(
        code="return_refused",
        name=_("Returns that were refused"),
        title=_("Your return of %(item)s was refused"),
        body=_("Your return of order %(number)s was refused. The shop: %(answer)s"),
        by_push=True,
        may_wait=True,
        required=IN_INBOX,
        cause=Cause(
            event=ReturnDecided,
            customer=lambda event: None if event.is_approved else event.customer_id,
            subject=lambda event: event.return_id,
            params=_return_params,
        ),
    ),
    Kind(
        code="return_refunded",
        name=_("Money back for what you returned"),
        title=_("%(refund)s for what you gave back"),
        body=_("What you gave back of order %(number)s is here (%(item)s). %(refund)s go back where they came from."),
        by_mail=True,
        by_push=True,
        required=IN_INBOX,
        cause=Cause(
            event=OrderReturned,
            customer=lambda event: event.customer_id,
            subject=lambda event: event.return_id,
            params=_return_params,
        ),
    ),
    Kind(
        code="order_to_pack",
        name=_("For the house: orders to pack"),
        title=_("New order %(number)s"),
        body=_("The order %(number)s (%(item)s) is paid: please pack it."),
        may_wait=True,
        cause=Cause(
            event=OrderPaid,
            people=lambda event: _who_sends(*event.store_ids),
            subject=lambda event: event.order_id,
            params=_order_params,
        ),
    ),
    Kind(
        code="return_requested",
        name=_("For the house: returns that wait"),
        title=_("A return of order %(number)s waits"),
        body=_("A customer wants to give back %(item)s of order %(number)s. Please decide."),
        may_wait=True,
        cause=Cause(
            event=ReturnRequested,
            people=lambda event: _who_sends(*purchases.return_card(event.return_id).store_ids),
            subject=lambda event: event.return_id,
            params=_return_params,
        ),
    ),
)

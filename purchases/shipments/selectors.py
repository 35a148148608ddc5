"""Reading shipments and shipping rates: where goods are, who sends them, what sending costs."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from marketplace.core import access
from marketplace.core.money import Money
from purchases.contracts import ShipmentCard
from purchases.orders.models import Order, OrderLine, OrderPart

from .errors import RateNotFoundError, ShipmentNotFoundError
from .models import Shipment, ShipmentLine, ShippingRate
from .values import LineUnits

AREA = "catalog"
"""Whoever keeps a store's catalogue keeps its rates."""
ORDERS = "orders"
"""Whoever sends a store's orders; departments' keys do not open it: a parcel has goods of many."""
MAY_MOVE_ORDERS = "purchases.change_order"
LIVING = (Shipment.State.PACKED, Shipment.State.SHIPPED, Shipment.State.DELIVERED)
"""States of parcels whose units need no packing any more."""


def visible_rates(user: access.Person) -> QuerySet[ShippingRate]:
    """What anyone may choose, and all of the stores within reach, switched off or not."""
    where = access.reach(user, f"{AREA}:read")
    if where.everywhere:
        return ShippingRate.objects.all()
    return ShippingRate.objects.filter(Q(is_active=True) | Q(store__in=where.stores))


def editable_rates(user: access.Person) -> QuerySet[ShippingRate]:
    """Rates of the stores that the person keeps. A store has goods of many departments: their keys open none."""
    return access.within(ShippingRate.objects.all(), access.reach(user, f"{AREA}:write"), store_path="store")


def shipping_prices(
    goods_by_store: Mapping[UUID, Money], chosen: Mapping[UUID, UUID] | None = None
) -> dict[UUID, tuple[ShippingRate | None, Money]]:
    """What sending costs from each store, for goods of that amount, and by which rate. One query.

    By the rate that was `chosen` for the store, else by the one that costs least for these goods (of equals the first
    by name); a store without a rate in the goods' currency sends for nothing. Raises `RateNotFoundError` for a choice
    that the store does not offer.
    """
    choices = chosen or {}
    offered: dict[UUID, list[ShippingRate]] = {}
    for rate in ShippingRate.objects.filter(store__in=goods_by_store, is_active=True).order_by("name", "pk"):
        if rate.currency == goods_by_store[rate.store_id].currency:
            offered.setdefault(rate.store_id, []).append(rate)
    return {
        store_id: _price(offered.get(store_id, []), goods, choices.get(store_id))
        for store_id, goods in goods_by_store.items()
    }


def _price(rates: list[ShippingRate], goods: Money, wanted: UUID | None) -> tuple[ShippingRate | None, Money]:
    if wanted is not None:
        rates = [rate for rate in rates if rate.pk == wanted]
        if not rates:
            raise RateNotFoundError(rate=wanted)
    if not rates:
        return None, Money.zero(goods.currency)
    cheapest = min(rates, key=lambda rate: rate.price_for(goods).minor)
    return cheapest, cheapest.price_for(goods)


def where_orders(user: Any, verb: str = "read") -> access.Reach:
    """Whose orders `user` sends: everybody's with the house's permission, else those of the stores they run."""
    if user.is_authenticated and user.is_staff and user.has_perm(MAY_MOVE_ORDERS):
        return access.Reach(everywhere=True)
    where = access.reach(user, f"{ORDERS}:{verb}")
    return access.Reach(everywhere=where.everywhere, stores=where.stores)


def shown_shipments() -> QuerySet[Shipment]:
    """Shipments with all that is said of them; three queries a page."""
    lines = ShipmentLine.objects.select_related("line").order_by("pk")
    return Shipment.objects.select_related("part__order").prefetch_related(Prefetch("lines", lines), "history")


def shipment_card(shipment_id: UUID) -> ShipmentCard:
    """For a message about the parcel; raises `ShipmentNotFoundError`."""
    shipment = shown_shipments().filter(pk=shipment_id).first()
    if shipment is None:
        raise ShipmentNotFoundError
    order = shipment.part.order
    return ShipmentCard(
        shipment_id=shipment.pk,
        order_id=order.pk,
        number=order.number,
        items_count=sum(line.quantity for line in shipment.lines.all()),
        carrier=shipment.carrier,
        tracking=shipment.tracking,
        tracking_url=shipment.tracking_url,
    )


def visible_shipments(user: Any) -> QuerySet[Shipment]:
    """Those of the person's own orders, and those that the person sends."""
    where = where_orders(user)
    if where.everywhere:
        return shown_shipments()
    mine = Q(part__order__customer_id=user.pk)
    return shown_shipments().filter(mine | Q(part__store__in=where.stores) if where.stores else mine)


def sent_shipments(user: Any) -> QuerySet[Shipment]:
    """Those that the person may move along."""
    return access.within(shown_shipments(), where_orders(user, "write"), store_path="part__store")


def sent_parts(user: Any) -> QuerySet[OrderPart]:
    """Parts of orders that the person may pack."""
    return access.within(OrderPart.objects.all(), where_orders(user, "write"), store_path="store")


def parts_to_pack(user: Any) -> QuerySet[OrderPart]:
    """Parts of paid orders with `lines` of which something is `left` to pack; three queries a page."""
    in_parcels = ShipmentLine.objects.filter(line=OuterRef("pk"), shipment__state__in=LIVING).order_by()
    packed = in_parcels.values("line").annotate(units=Sum("quantity")).values("units")
    open_lines = OrderLine.objects.annotate(
        left=F("quantity") - F("returned_quantity") - Coalesce(Subquery(packed), 0)
    ).filter(left__gt=0)
    waiting = (
        sent_parts(user).filter(order__state=Order.State.PAID).filter(Exists(open_lines.filter(part=OuterRef("pk"))))
    )
    return waiting.select_related("order").prefetch_related(Prefetch("lines", open_lines.order_by("pk")))


def units_of(*order_ids: UUID) -> list[LineUnits]:
    """Where the units of the orders' lines are. Two queries."""
    found = ShipmentLine.objects.filter(line__order__in=order_ids).order_by()
    counted = found.values_list("line", "shipment__state").annotate(units=Sum("quantity"))
    where: dict[UUID, dict[str, int]] = defaultdict(dict)
    for line_id, state, units in counted:
        where[line_id][state] = units
    rows = OrderLine.objects.filter(order__in=order_ids).select_related("part").order_by("pk")
    return [
        LineUnits(
            line_id=line.pk,
            part_id=line.part_id,
            store_id=line.part.store_id,
            variant_id=line.variant_id,
            sku=line.sku,
            quantity=line.quantity,
            returned=line.returned_quantity,
            lost=line.lost_quantity,
            packed=where[line.pk].get(Shipment.State.PACKED, 0),
            shipped=where[line.pk].get(Shipment.State.SHIPPED, 0),
            delivered=where[line.pk].get(Shipment.State.DELIVERED, 0),
        )
        for line in rows
    ]

"""Quick steps of the orders' list: all that is left of an order at once. `purchases.admin` hangs them there."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from purchases.orders.models import Order
from purchases.shipments import services


@admin.action(description=_("Pack"), permissions=["move"])
def pack(page: Any, request: HttpRequest, orders: QuerySet[Order]) -> None:
    """One parcel for each store, with everything that is left."""
    _each(page, request, orders, services.pack_order)


@admin.action(description=_("Ship"), permissions=["move"])
def ship(page: Any, request: HttpRequest, orders: QuerySet[Order]) -> None:
    """All parcels of a packed order are on their way."""
    _each(page, request, orders, services.ship_order)


@admin.action(description=_("Deliver"), permissions=["move"])
def deliver(page: Any, request: HttpRequest, orders: QuerySet[Order]) -> None:
    """All parcels of a shipped order arrived."""
    _each(page, request, orders, services.deliver_order)


def _each(page: Any, request: HttpRequest, orders: QuerySet[Order], step: Any) -> None:
    by: dict[str, Any] = {"actor_id": request.user.pk, "at": timezone.now()}
    page.each(request, orders.order_by("pk"), lambda order: step(order_id=order.pk, **by))


STEPS = [pack, ship, deliver]

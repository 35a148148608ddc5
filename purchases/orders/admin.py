"""Orders in the back office: to look at, and to move along."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from marketplace.core.admin import ReadOnlyAdmin, ReadOnlyInline, ServiceAdmin
from marketplace.core.money import Money

from .models import Order, OrderEvent, OrderLine, OrderPart


class OrderLineInline(ReadOnlyInline):
    """What was bought."""

    model = OrderLine
    fields = ["sku", "name", "quantity", "unit_price", "total"]
    readonly_fields = fields

    @admin.display(description=_("unit price"))
    def unit_price(self, line: OrderLine) -> str:
        return str(Money(line.unit_price_minor, line.order.currency))

    @admin.display(description=_("total"))
    def total(self, line: OrderLine) -> str:
        return str(Money(line.total_minor, line.order.currency))


class OrderEventInline(ReadOnlyInline):
    """What happened."""

    model = OrderEvent
    fields = ["at", "from_state", "to_state", "actor_id", "note"]
    readonly_fields = fields


@admin.register(Order)
class OrderAdmin(ServiceAdmin, ReadOnlyAdmin):
    """An order is changed by steps of its state machine only; parcels take it along (`purchases.admin`)."""

    list_display = ["number", "customer", "state", "total_label", "source", "placed_at"]
    list_filter = ["state", "source"]
    search_fields = ["number", "customer__email", "lines__sku"]
    date_hierarchy = "placed_at"
    list_select_related = ["customer"]
    inlines = [OrderLineInline, OrderEventInline]
    fields = ["number", "customer", "state", "total_label", "source", "placed_at"]

    @admin.display(description=_("total"), ordering="total_minor")
    def total_label(self, order: Order) -> str:
        return str(order.total)

    def has_move_permission(self, request: HttpRequest) -> bool:
        """Looking is not moving."""
        return request.user.has_perm("purchases.change_order")


@admin.register(OrderPart)
class OrderPartAdmin(ReadOnlyAdmin):
    """One store's share of an order."""

    list_display = ["order", "store", "total"]
    list_select_related = ["order", "store"]

    @admin.display(description=_("total"))
    def total(self, part: OrderPart) -> str:
        return str(Money(part.total_minor, part.order.currency))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

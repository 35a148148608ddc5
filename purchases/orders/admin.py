"""Orders in the back office: to look at, and to move along."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from marketplace.core.admin import ReadOnlyAdmin, ReadOnlyInline
from marketplace.core.errors import DomainError
from marketplace.core.money import Money

from .models import Order, OrderEvent, OrderLine, OrderPart
from .services import move_order


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
class OrderAdmin(ReadOnlyAdmin):
    """An order is changed by steps of its state machine only."""

    list_display = ["number", "customer", "state", "total_label", "source", "placed_at"]
    list_filter = ["state", "source"]
    search_fields = ["number", "customer__email", "lines__sku"]
    date_hierarchy = "placed_at"
    list_select_related = ["customer"]
    inlines = [OrderLineInline, OrderEventInline]
    fields = ["number", "customer", "state", "total_label", "source", "placed_at"]
    actions = ["pack", "ship", "deliver"]

    @admin.display(description=_("total"), ordering="total_minor")
    def total_label(self, order: Order) -> str:
        return str(order.total)

    @admin.action(description=_("Pack"), permissions=["move"])
    def pack(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        self._move(request, orders, Order.State.PACKED)

    @admin.action(description=_("Ship"), permissions=["move"])
    def ship(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        self._move(request, orders, Order.State.SHIPPED)

    @admin.action(description=_("Deliver"), permissions=["move"])
    def deliver(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        self._move(request, orders, Order.State.DELIVERED)

    def has_move_permission(self, request: HttpRequest) -> bool:
        """Looking is not moving."""
        return request.user.has_perm("purchases.change_order")

    def _move(self, request: HttpRequest, orders: QuerySet[Order], to_state: str) -> None:
        moved = 0
        for order in orders:
            try:
                move_order(order_id=order.pk, to_state=to_state, actor_id=request.user.pk, at=timezone.now())
                moved += 1
            except DomainError as error:
                refusal = gettext(error.message) % error.params if error.params else gettext(error.message)
                self.message_user(request, f"{order.number}: {refusal}", messages.ERROR)
        if moved:
            self.message_user(request, gettext("%(count)d orders moved.") % {"count": moved}, messages.SUCCESS)


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

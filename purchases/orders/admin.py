"""Parts of orders in the back office; orders themselves have their page at the desk, which knows all around them."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from marketplace.core.admin import ReadOnlyAdmin
from marketplace.core.formatting import shown_amount
from marketplace.core.money import Money

from .models import OrderPart


@admin.register(OrderPart)
class OrderPartAdmin(ReadOnlyAdmin):
    """One store's share of an order."""

    list_display = ["order", "store", "total"]
    list_select_related = ["order", "store"]

    @admin.display(description=_("total"))
    def total(self, part: OrderPart) -> str:
        return shown_amount(Money(part.total_minor, part.order.currency))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

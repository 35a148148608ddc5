"""Orders' money in the back office: to look at; it moves through services."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from marketplace.core.admin import ReadOnlyAdmin, ReadOnlyInline
from marketplace.core.money import Money

from .models import OrderMoney, OrderPayment, OrderRefund, PartMoney


class PartMoneyInline(ReadOnlyInline):
    """Who has what of each store's part."""

    model = PartMoney
    fields = ["store_id", "total", "refunded", "payable", "commission", "tax", "settled_at"]
    readonly_fields = fields

    @admin.display(description=_("total"))
    def total(self, row: PartMoney) -> str:
        """Major units, as all of them."""
        return str(Money(row.total_minor, row.order.currency))

    @admin.display(description=_("refunded"))
    def refunded(self, row: PartMoney) -> str:
        return str(Money(row.refunded_minor, row.order.currency))

    @admin.display(description=_("store's share"))
    def payable(self, row: PartMoney) -> str:
        return str(Money(row.payable_minor, row.order.currency))

    @admin.display(description=_("commission"))
    def commission(self, row: PartMoney) -> str:
        return str(Money(row.commission_minor, row.order.currency))

    @admin.display(description=_("tax"))
    def tax(self, row: PartMoney) -> str:
        return str(Money(row.tax_minor, row.order.currency))


class OrderRefundInline(ReadOnlyInline):
    """What went back, and why."""

    model = OrderRefund
    fields = ["amount", "reason", "journal_id", "at"]
    readonly_fields = fields

    @admin.display(description=_("amount"))
    def amount(self, row: OrderRefund) -> str:
        """Major units."""
        return str(Money(row.amount_minor, row.order.currency))


@admin.register(OrderMoney)
class OrderMoneyAdmin(ReadOnlyAdmin):
    """What orders brought in, to whom it went, and what went back."""

    list_display = ["order_id", "customer_id", "paid_shown", "refundable_shown"]
    list_filter = ["currency"]
    search_fields = ["order_id__exact", "customer_id__exact"]
    ordering = ["-order_id"]
    show_full_result_count = False
    inlines = [PartMoneyInline, OrderRefundInline]
    fields = ["order_id", "customer_id", "paid_shown", "refundable_shown", "journal_id", "hold_id"]
    readonly_fields = ["paid_shown", "refundable_shown", "journal_id", "hold_id"]

    @admin.display(description=_("paid"), ordering="paid_minor")
    def paid_shown(self, row: OrderMoney) -> str:
        """Major units."""
        return str(row.paid)

    @admin.display(description=_("refundable"))
    def refundable_shown(self, row: OrderMoney) -> str:
        """Major units."""
        return str(row.refundable)


@admin.register(OrderPayment)
class OrderPaymentAdmin(ReadOnlyAdmin):
    """Each try to pay an order."""

    list_display = ["id", "order_id", "customer", "total_shown", "provider", "state", "expires_at", "paid_at"]
    list_filter = ["state", "provider", "currency"]
    list_select_related = ["customer"]
    search_fields = ["id__exact", "order_id__exact", "customer__email"]
    ordering = ["-id"]
    show_full_result_count = False
    fields = [
        *("order_id", "customer", "total_shown", "wallet_shown", "provider", "deposit", "hold_id", "state"),
        *("expires_at", "paid_at", "created_at"),
    ]
    readonly_fields = ["total_shown", "wallet_shown", "hold_id", "created_at"]

    @admin.display(description=_("total"), ordering="total_minor")
    def total_shown(self, row: OrderPayment) -> str:
        """Major units."""
        return str(row.total)

    @admin.display(description=_("from the wallet"))
    def wallet_shown(self, row: OrderPayment) -> str:
        """Major units."""
        return str(row.from_wallet)

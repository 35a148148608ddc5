"""Orders' money in the back office: to look at; it moves through services."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from marketplace.core.admin import ReadOnlyAdmin, ReadOnlyInline
from marketplace.core.formatting import shown_amount
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
        return shown_amount(Money(row.total_minor, row.order.currency))

    @admin.display(description=_("refunded"))
    def refunded(self, row: PartMoney) -> str:
        return shown_amount(Money(row.refunded_minor, row.order.currency))

    @admin.display(description=_("store's share"))
    def payable(self, row: PartMoney) -> str:
        return shown_amount(Money(row.payable_minor, row.order.currency))

    @admin.display(description=_("commission"))
    def commission(self, row: PartMoney) -> str:
        return shown_amount(Money(row.commission_minor, row.order.currency))

    @admin.display(description=_("tax"))
    def tax(self, row: PartMoney) -> str:
        return shown_amount(Money(row.tax_minor, row.order.currency))


class OrderRefundInline(ReadOnlyInline):
    """What went back, and why."""

    model = OrderRefund
    fields = ["amount", "reason", "shown_journal", "at"]
    readonly_fields = fields

    @admin.display(description=_("amount"))
    def amount(self, row: OrderRefund) -> str:
        """Major units."""
        return shown_amount(Money(row.amount_minor, row.order.currency))

    @admin.display(description=_("journal"))
    def shown_journal(self, row: OrderRefund) -> str:
        """Its number; the journal itself is not read."""
        return str(row.journal_id)


@admin.register(OrderMoney)
class OrderMoneyAdmin(ReadOnlyAdmin):
    """What orders brought in, to whom it went, and what went back."""

    list_display = ["order_id", "customer_id", "paid_shown", "refundable_shown"]
    list_filter = ["currency"]
    search_fields = ["order_id__exact", "customer_id__exact"]
    ordering = ["-order_id"]
    show_full_result_count = False
    inlines = [PartMoneyInline, OrderRefundInline]
    fields = ["order_id", "customer_id", "paid_shown", "refundable_shown", "shown_journal", "shown_hold"]
    readonly_fields = ["paid_shown", "refundable_shown", "shown_journal", "shown_hold"]

    @admin.display(description=_("paid"), ordering="paid_minor")
    def paid_shown(self, row: OrderMoney) -> str:
        """Major units."""
        return shown_amount(row.paid)

    @admin.display(description=_("refundable"))
    def refundable_shown(self, row: OrderMoney) -> str:
        """Major units."""
        return shown_amount(row.refundable)

    @admin.display(description=_("journal"))
    def shown_journal(self, row: OrderMoney) -> str:
        """Its number; the journal itself is not read."""
        return str(row.journal_id or "–")

    @admin.display(description=_("hold"))
    def shown_hold(self, row: OrderMoney) -> str:
        """Its number, likewise."""
        return str(row.hold_id or "–")


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
        *("order_id", "customer", "total_shown", "wallet_shown", "provider", "deposit", "shown_hold", "state"),
        *("expires_at", "paid_at", "created_at"),
    ]
    readonly_fields = ["total_shown", "wallet_shown", "shown_hold", "created_at"]

    @admin.display(description=_("total"), ordering="total_minor")
    def total_shown(self, row: OrderPayment) -> str:
        """Major units."""
        return shown_amount(row.total)

    @admin.display(description=_("hold"))
    def shown_hold(self, row: OrderPayment) -> str:
        """Its number; the hold itself is not read."""
        return str(row.hold_id or "–")

    @admin.display(description=_("from the wallet"))
    def wallet_shown(self, row: OrderPayment) -> str:
        """Major units."""
        return shown_amount(row.from_wallet)

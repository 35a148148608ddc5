"""The days' sums, to look at: what reports add up."""

from django.contrib import admin
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from marketplace.core.admin import ReadOnlyAdmin
from marketplace.core.formatting import shown_amount
from marketplace.core.money import Money

from .models import DailyBenefit, DailySales, DailyVariantSales


class DayAdmin(ReadOnlyAdmin):
    """Newest days first."""

    ordering = ["-day", "-pk"]
    show_full_result_count = False

    @admin.display(description=_("revenue"), ordering="revenue_minor")
    def revenue(self, row: DailySales | DailyVariantSales | DailyBenefit) -> str:
        return shown_amount(Money(row.revenue_minor, row.currency))

    @admin.display(description=_("went back"), ordering="refunds_minor")
    def refunds(self, row: DailySales | DailyVariantSales) -> str:
        return shown_amount(Money(row.refunds_minor, row.currency))


@admin.register(DailySales)
class DailySalesAdmin(DayAdmin):
    """What stores sold by day."""

    list_display = [
        *("day", "store", "source", "orders", "parts", "units"),
        *("revenue", "discount", "refunds", "new_customers"),
    ]
    list_filter = ["source", "currency", ("store", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["store"]
    fields = [
        *("day", "store", "source", "currency", "orders", "parts", "units", "listed", "discount", "shipping"),
        *("revenue", "refunds", "new_customers"),
    ]
    readonly_fields = fields

    @admin.display(description=_("at list prices"))
    def listed(self, row: DailySales) -> str:
        return shown_amount(Money(row.list_minor, row.currency))

    @admin.display(description=_("discount"), ordering="discount_minor")
    def discount(self, row: DailySales) -> str:
        return shown_amount(Money(row.discount_minor, row.currency))

    @admin.display(description=_("shipping"))
    def shipping(self, row: DailySales) -> str:
        return shown_amount(Money(row.shipping_minor, row.currency))


@admin.register(DailyVariantSales)
class DailyVariantSalesAdmin(DayAdmin):
    """What was sold of variants by day."""

    list_display = ["day", "variant", "product", "orders", "units", "promoted_units", "revenue", "refunds"]
    list_filter = ["currency"]
    list_select_related = ["variant__product"]
    search_fields = ["variant__sku"]
    fields = ["day", "variant", "product", "currency", "orders", "units", "promoted_units", "revenue", "refunds"]
    readonly_fields = fields

    @admin.display(description=_("product"))
    def product(self, row: DailyVariantSales) -> str:
        return row.variant.product.name


@admin.register(DailyBenefit)
class DailyBenefitAdmin(DayAdmin):
    """What promotions took off by day."""

    list_display = ["day", "kind", "name", "orders", "amount", "revenue", "promotion"]
    list_filter = ["kind", "currency"]
    search_fields = ["name"]
    fields = ["day", "kind", "name", "promotion", "currency", "orders", "amount", "revenue"]
    readonly_fields = fields

    @admin.display(description=_("took off"), ordering="amount_minor")
    def amount(self, row: DailyBenefit) -> str:
        return shown_amount(Money(row.amount_minor, row.currency))

    @admin.display(description=_("promotion"))
    def promotion(self, row: DailyBenefit) -> str:
        """The rule's own page, where it has one."""
        pages = {"flash": "flashpromo", "campaign": "campaign", "discount": "discount"}
        try:
            address = reverse(f"admin:promotions_{pages.get(row.kind, row.kind)}_change", args=[row.rule_id])
        except NoReverseMatch:
            return str(row.rule_id)
        return format_html('<a href="{}">{}</a>', address, row.rule_id)

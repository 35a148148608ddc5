"""Carts in the back office: for support to look at, nothing else."""

from django.contrib import admin
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from marketplace.core.admin import ReadOnlyAdmin, ReadOnlyInline
from marketplace.core.formatting import shown_amount

from .models import Cart, CartLine


class CartLineInline(ReadOnlyInline):
    """What is in it."""

    model = CartLine
    fields = ["sku", "product", "quantity", "seen_price", "shown_reservation", "updated_at"]
    readonly_fields = fields
    ordering = ["pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CartLine]:
        rows: QuerySet[CartLine] = super().get_queryset(request).select_related("cart", "variant__product")
        return rows

    @admin.display(description=_("reservation"))
    def shown_reservation(self, line: CartLine) -> str:
        """Its id; the reservation itself is not read."""
        return str(line.reservation_id or "–")

    @admin.display(description=_("SKU"))
    def sku(self, line: CartLine) -> str:
        return line.variant.sku

    @admin.display(description=_("product"))
    def product(self, line: CartLine) -> str:
        return line.variant.product.name

    @admin.display(description=_("price when it was chosen"))
    def seen_price(self, line: CartLine) -> str:
        return shown_amount(line.seen_price(line.cart.currency))


class HolderFilter(admin.SimpleListFilter):
    """By whose they are."""

    title = _("holder")
    parameter_name = "holder"

    def lookups(self, request: HttpRequest, model_admin: "admin.ModelAdmin[Cart]") -> list[tuple[str, str]]:
        return [("customer", str(_("customers"))), ("stranger", str(_("people who are not signed in")))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Cart]) -> QuerySet[Cart]:
        match self.value():
            case "customer":
                return queryset.filter(customer__isnull=False)
            case "stranger":
                return queryset.filter(customer__isnull=True)
        return queryset


@admin.register(Cart)
class CartAdmin(ReadOnlyAdmin):
    """Changed by whoever holds it, dropped by the daily clean-up."""

    list_display = ["id", "customer", "lines_count", "currency", "touched_at"]
    list_filter = [HolderFilter, "currency"]
    list_select_related = ["customer"]
    search_fields = ["customer__email"]
    date_hierarchy = "touched_at"
    inlines = [CartLineInline]
    fields = ["customer", "currency", "coupons", "touched_at", "created_at"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Model]":
        rows: QuerySet[Model] = super().get_queryset(request).annotate(lines_count=Count("lines"))
        return rows

    @admin.display(description=_("lines"), ordering="lines_count")
    def lines_count(self, cart: Cart) -> int:
        return cart.lines_count  # type: ignore[attr-defined,no-any-return]  # annotated

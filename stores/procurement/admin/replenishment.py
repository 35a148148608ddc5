"""The replenishment board: what ought to be ordered, the figures behind it, one action that drafts the orders."""

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import F, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from marketplace.core import access
from marketplace.core.admin import ScopedAdmin, ServiceAdmin
from marketplace.core.formatting import shown_amount
from marketplace.core.money import Money
from stores.procurement import services
from stores.procurement.models import ReplenishmentSuggestion
from stores.procurement.selectors import ITEM_DEPARTMENT, orderable_within

CHARTED = 12


@admin.register(ReplenishmentSuggestion)
class ReplenishmentSuggestionAdmin(ServiceAdmin, ScopedAdmin):
    """Suggestions for stock items within reach; computed each hour, changed by nobody."""

    access_area = "procurement"
    department_path = ITEM_DEPARTMENT
    store_path = "stock_item__store"
    list_display = [
        "sku",
        "product",
        "store",
        "supplier",
        "quantity",
        "shown_cost",
        "available",
        "incoming",
        "reorder_point",
        "sold_per_day",
        "lead_time_days",
    ]
    list_filter = [
        (ITEM_DEPARTMENT, admin.RelatedOnlyFieldListFilter),
        ("stock_item__store", admin.RelatedOnlyFieldListFilter),
        ("supplier", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["supplier", "stock_item__store", "stock_item__variant__product"]
    list_before_template = "admin/stores/replenishment_chart.html"
    search_fields = ["stock_item__variant__sku", "stock_item__variant__product__name", "supplier__name"]
    ordering = ["stock_item__variant__sku", "pk"]
    fields = ["supplier", "quantity", "available", "incoming", "lead_time_days", "computed_at"]
    readonly_fields = fields
    actions = ["make_drafts"]

    @admin.display(description=_("SKU"), ordering="stock_item__variant__sku")
    def sku(self, row: ReplenishmentSuggestion) -> str:
        return row.stock_item.variant.sku

    @admin.display(description=_("product"), ordering="stock_item__variant__product__name")
    def product(self, row: ReplenishmentSuggestion) -> str:
        return row.stock_item.variant.product.name

    @admin.display(description=_("store"), ordering="stock_item__store__name")
    def store(self, row: ReplenishmentSuggestion) -> str:
        return row.stock_item.store.name

    @admin.display(description=_("cost"))
    def shown_cost(self, row: ReplenishmentSuggestion) -> str:
        """Of the whole quantity."""
        return (
            "—"
            if row.unit_cost_minor is None
            else shown_amount(Money(row.quantity * row.unit_cost_minor, row.currency))
        )

    @admin.display(description=_("reorder point"))
    def reorder_point(self, row: ReplenishmentSuggestion) -> int:
        return row.stock_item.reorder_point

    @admin.display(description=_("sold per day"), ordering="sold_per_day_milli")
    def sold_per_day(self, row: ReplenishmentSuggestion) -> str:
        return row.sold_per_day

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        extra = {"chart": self._chart(request), **(extra_context or {})}
        return super().changelist_view(request, extra)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_order_permission(self, request: HttpRequest) -> bool:
        """Whoever may write orders somewhere; the action takes only what is within that reach."""
        return not access.reach(request.user, "procurement:write").is_empty

    @admin.action(description=_("Make draft orders"), permissions=["order"])
    def make_drafts(self, request: HttpRequest, queryset: "QuerySet[ReplenishmentSuggestion]") -> None:
        """One per supplier and store; what has no supplier within reach stays."""
        keys = list(queryset.values_list("pk", flat=True))
        mine = orderable_within(request.user, "procurement:write").filter(pk__in=keys)
        left = len(keys) - mine.count()
        drafts = services.order_suggestions(suggestions=mine, chosen=None, actor_id=request.user.pk)
        done = gettext("Drafts made: %(count)s.") % {"count": len(drafts)}
        self.message_user(request, done, messages.SUCCESS)
        if left:
            words = gettext("Suggestions without a supplier you may order of: %(count)s.") % {"count": left}
            self.message_user(request, words, messages.WARNING)

    def _chart(self, request: HttpRequest) -> str:
        """The items that are lowest against their reorder point, as the bundled chart.js takes them."""
        rows = (
            self.get_queryset(request)
            .select_related("stock_item__variant")
            .order_by(F("available") - F("stock_item__reorder_point"), "pk")[:CHARTED]
        )
        found: list[Any] = list(rows)
        if not found:
            return ""
        figures = [
            (_("available"), [row.available for row in found], "var(--color-primary-600)"),
            (_("on order"), [row.incoming for row in found], "var(--color-primary-300)"),
            (_("reorder point"), [row.stock_item.reorder_point for row in found], "var(--color-base-400)"),
        ]
        return json.dumps(
            {
                "labels": [row.stock_item.variant.sku for row in found],
                "datasets": [
                    {"label": str(label), "data": data, "backgroundColor": colour, "displayYAxis": True}
                    for label, data, colour in figures
                ],
            }
        )

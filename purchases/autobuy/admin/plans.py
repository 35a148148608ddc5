"""Plans, purchases and runs, to look at: customers change theirs themselves."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from marketplace.core.admin import HistoryShown, ReadOnlyAdmin, ReadOnlyInline
from marketplace.core.formatting import shown_amount
from purchases.autobuy.models import AutoPurchase, Plan, Run, Schedule
from purchases.autobuy.outcomes import sentence

PURCHASE_COLOURS = {
    "asked": "warning",
    "declined": "default",
    "lapsed": "default",
    "ordered": "info",
    "queued": "primary",
    "bought": "success",
    "released": "danger",
}


class ScheduleInline(ReadOnlyInline):
    """When the plan buys what."""

    model = Schedule
    fields = ["kind", "gift_list", "starts_on", "every_days", "is_enabled", "next_at"]
    readonly_fields = fields

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Part of the plan."""
        return True

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("gift_list").order_by("pk")


@admin.register(Plan)
class PlanAdmin(HistoryShown, ReadOnlyAdmin):
    """Who lets things be bought by themselves."""

    list_display = ["customer", "is_enabled", "ask_hours", "due_at", "ran_at"]
    list_filter = ["is_enabled"]
    search_fields = ["customer__email"]
    list_select_related = ["customer"]
    ordering = ["-pk"]
    show_full_result_count = False
    fields = ["customer", "is_enabled", "ask_hours", "due_at", "ran_at", "told_short"]
    readonly_fields = fields
    inlines = [ScheduleInline]


@admin.register(AutoPurchase)
class AutoPurchaseAdmin(HistoryShown, ReadOnlyAdmin):
    """Every try to buy something by itself."""

    list_display = [
        "title",
        "customer",
        "shown_state",
        "shown_price",
        "shown_held",
        "shown_cost",
        "created_at",
        "ended_at",
    ]
    list_filter = ["state"]
    search_fields = ["title", "customer__email", "order__number"]
    list_select_related = ["customer"]
    ordering = ["-pk"]
    show_full_result_count = False
    fields = [
        *(
            "title",
            "customer",
            "state",
            "reason",
            "shown_price",
            "shown_held",
            "shown_from_pots",
            "shown_cost",
            "order",
        ),
        *("answer_by", "created_at", "ended_at"),
    ]
    readonly_fields = fields

    @display(description=_("state"), label=PURCHASE_COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, row: AutoPurchase) -> tuple[str, str]:
        """With its colour."""
        return row.state, row.get_state_display()

    @admin.display(description=_("price"), ordering="price_minor")
    def shown_price(self, row: AutoPurchase) -> str:
        """What it rests on."""
        return shown_amount(row.price)

    @admin.display(description=_("set aside"), ordering="held_minor")
    def shown_held(self, row: AutoPurchase) -> str:
        """From wallet and pots."""
        return shown_amount(row.held)

    @admin.display(description=_("from pots"))
    def shown_from_pots(self, row: AutoPurchase) -> str:
        """What of it came from pots."""
        return shown_amount(row.from_pots)

    @admin.display(description=_("real cost"), ordering="cost_minor")
    def shown_cost(self, row: AutoPurchase) -> str:
        """A dash before it is known."""
        return "–" if row.cost is None else shown_amount(row.cost)


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """Why something was bought, or was not."""

    list_display = ["at", "customer", "cause", "bought"]
    list_filter = ["cause"]
    search_fields = ["plan__customer__email"]
    list_select_related = ["plan__customer"]
    ordering = ["-pk"]
    show_full_result_count = False
    fields = ["customer", "cause", "at", "bought", "shown_considered"]
    readonly_fields = fields

    @admin.display(description=_("customer"))
    def customer(self, run: Run) -> str:
        return str(run.plan.customer)

    @admin.display(description=_("considered"))
    def shown_considered(self, run: Run) -> str:
        """Each gift and its sentence."""
        rows = ((row["title"], sentence(row["outcome"], row["params"])) for row in run.considered)
        return format_html_join("", "<p><strong>{}</strong>: {}</p>", rows)

"""Events in the back office: what waits for a person's judgement, the policy, and the sums to look at."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from marketplace.core.admin import ReadOnlyAdmin, ServiceAdmin

from .models import (
    CustomerEngagementDaily,
    CustomerInterest,
    DayFunnel,
    DeadEvent,
    EngagementEvent,
    EngagementHourly,
    EngagementPolicy,
    EventDrain,
    ProductEngagementDaily,
    ProductSignal,
)
from .services import replaying, restoring


@admin.register(EngagementPolicy)
class EngagementPolicyAdmin(ServiceAdmin):
    """Versions of the policy: the newest is in force, old ones are history. Administrators add."""

    list_display = ["created_at", "half_life_hours", "weight_view", "weight_click", "weight_cart", "weight_purchase"]
    fields = ["half_life_hours", "weight_view", "weight_click", "weight_cart", "weight_purchase"]
    ordering = ["-pk"]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: EngagementPolicy, form: Any, change: bool) -> None:
        obj.pk = replaying.set_policy(policy=obj, actor_id=request.user.pk).pk
        text = _("From now on events weigh this much. `replay_signals` weighs those that are counted already anew.")
        messages.info(request, text)


@admin.register(EngagementEvent)
class EngagementEventAdmin(ReadOnlyAdmin):
    """Single events, as long as they are kept. Suspect ones count when somebody says so."""

    list_display = ["at", "kind", "product_id", "actor", "customer_id", "is_suspect", "exposure_id", "received_at"]
    list_filter = ["is_suspect", "kind"]
    search_fields = ["=event_id", "=product_id", "=actor", "=customer_id"]
    ordering = ["-at"]
    show_full_result_count = False
    actions = ["restore", "restore_actors"]

    def has_restore_permission(self, request: HttpRequest) -> bool:
        """Of whoever may change events, were they not read-only."""
        return request.user.has_perm("promotions.change_engagementevent")

    @admin.action(description=_("Count: no burst of a program"), permissions=["restore"])
    def restore(self, request: HttpRequest, queryset: "QuerySet[EngagementEvent]") -> None:
        """The selected ones that are suspect."""
        self._restore(request, list(queryset.filter(is_suspect=True).values_list("pk", flat=True)))

    @admin.action(description=_("Count everything these people or sessions did"), permissions=["restore"])
    def restore_actors(self, request: HttpRequest, queryset: "QuerySet[EngagementEvent]") -> None:
        """All suspect events of whoever did the selected ones."""
        actors = list(queryset.order_by().values_list("actor", flat=True).distinct())
        self._restore(request, restoring.suspects_of(actors))

    def _restore(self, request: HttpRequest, ids: list[Any]) -> None:
        count = restoring.restore_suspects(event_ids=ids, actor_id=request.user.pk, at=timezone.now())
        text = ngettext("%(count)s event is counted now.", "%(count)s events are counted now.", count)
        messages.success(request, text % {"count": count})


@admin.register(DeadEvent)
class DeadEventAdmin(ReadOnlyAdmin):
    """Events that were accepted and cannot be counted."""

    list_display = ["created_at", "batch_id", "reason"]
    search_fields = ["reason"]
    ordering = ["-pk"]


@admin.register(EventDrain)
class EventDrainAdmin(ReadOnlyAdmin):
    """Transactions that counted events."""

    list_display = ["id", "drained_at", "events_count", "repeats_count", "folded_at"]
    ordering = ["-pk"]


@admin.register(EngagementHourly)
class EngagementHourlyAdmin(ReadOnlyAdmin):
    """Sums by hour, product and kind."""

    list_display = ["bucket", "product_id", "kind", "count", "counted", "exposed", "quantity", "amount_minor"]
    list_filter = ["kind"]
    search_fields = ["=product_id"]
    ordering = ["-bucket", "-pk"]
    show_full_result_count = False


@admin.register(ProductEngagementDaily)
class ProductEngagementDailyAdmin(ReadOnlyAdmin):
    """Sums by platform day and product."""

    list_display = ["day", "product_id", "impressions", "views", "clicks", "carts", "purchases", "units", "actors"]
    search_fields = ["=product_id"]
    date_hierarchy = "day"
    ordering = ["-day", "-pk"]
    show_full_result_count = False


@admin.register(CustomerEngagementDaily)
class CustomerEngagementDailyAdmin(ReadOnlyAdmin):
    """Sums by platform day and customer."""

    list_display = ["day", "customer_id", "impressions", "views", "clicks", "carts", "purchases"]
    search_fields = ["=customer_id"]
    ordering = ["-day", "-pk"]
    show_full_result_count = False


@admin.register(DayFunnel)
class DayFunnelAdmin(ReadOnlyAdmin):
    """Everything of a platform day together."""

    list_display = [
        *("day", "impressions", "views", "clicks", "carts", "purchases"),
        *("view_actors", "click_actors", "cart_actors", "purchase_actors", "suspects"),
    ]
    date_hierarchy = "day"
    ordering = ["-day"]


@admin.register(ProductSignal)
class ProductSignalAdmin(ReadOnlyAdmin):
    """Products' decayed sums."""

    list_display = ["product_id", "weight", "impressions", "clicks", "moment"]
    search_fields = ["=product_id"]
    ordering = ["-weight"]
    show_full_result_count = False


@admin.register(CustomerInterest)
class CustomerInterestAdmin(ReadOnlyAdmin):
    """Customers' decayed sums by category."""

    list_display = ["customer_id", "category_id", "weight", "moment"]
    search_fields = ["=customer_id", "=category_id"]
    ordering = ["-pk"]
    show_full_result_count = False

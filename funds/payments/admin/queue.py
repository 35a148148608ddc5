"""The payment queue as a board with ages, its tasks, and how the providers are doing."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from funds.payments.board import queue_board
from funds.payments.models import PaymentAttempt, PaymentTask, ProviderCircuit
from marketplace.core.admin import ReadOnlyAdmin, ReadOnlyInline

from .columns import decision_url, may_decide

COLOURS = {
    "queued": "info",
    "sending": "info",
    "unknown": "warning",
    "done": "success",
    "failed": "danger",
    "cancelled": "danger",
    "needs_review": "danger",
}


class PaymentAttemptInline(ReadOnlyInline):
    """Each try of a task."""

    model = PaymentAttempt
    fields = ["number", "outcome", "key", "started_at", "finished_at", "detail"]
    readonly_fields = fields


@admin.register(PaymentTask)
class PaymentTaskAdmin(ReadOnlyAdmin):
    """What has to be asked of providers, and how far that got. Parked ones wait for a decision."""

    list_display = ["id", "kind", "provider", "shown_state", "attempts", "created_at", "run_at", "last_error"]
    list_filter = ["state", "kind", "provider"]
    search_fields = ["id__exact", "deposit__id__exact", "payout__id__exact", "refund__id__exact"]
    ordering = ["-id"]
    show_full_result_count = False
    list_before_template = "admin/funds/payments_board.html"
    inlines = [PaymentAttemptInline]
    fields = [
        "kind",
        "provider",
        "deposit",
        "event",
        "refund",
        "payout",
        "intent",
        "state",
        "attempts",
        "deferrals",
        "run_at",
        "wake_at",
        "lease_until",
        "last_error",
    ]
    actions_detail = ["retry", "give_up"]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        extra = {"board": queue_board(at=timezone.now()), **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, extra)
        return response

    @display(description=_("state"), label=COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, task: PaymentTask) -> tuple[str, str]:
        """With its colour."""
        return task.state, task.get_state_display()

    @action(description=_("Try again"), permissions=["decide"])  # type: ignore[untyped-decorator]
    def retry(self, request: HttpRequest, object_id: str) -> HttpResponseRedirect:
        """To the form of the decision."""
        return HttpResponseRedirect(decision_url(kind="retry", task=object_id))

    @action(description=_("Give up"), permissions=["decide"])  # type: ignore[untyped-decorator]
    def give_up(self, request: HttpRequest, object_id: str) -> HttpResponseRedirect:
        """To the form of the decision."""
        return HttpResponseRedirect(decision_url(kind="give_up", task=object_id))

    def has_decide_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Who may decide about money."""
        return may_decide(request)


@admin.register(ProviderCircuit)
class ProviderCircuitAdmin(ReadOnlyAdmin):
    """Whether providers answer."""

    list_display = ["provider", "failures", "open_until"]

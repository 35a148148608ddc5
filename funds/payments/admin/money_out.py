"""Refunds and payouts."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from funds.payments.models import Payout, Refund
from marketplace.core.admin import ReadOnlyAdmin

from .columns import AmountColumn, decision_url, may_decide

COLOURS = {
    "requested": "info",
    "accepted": "warning",
    "settled": "success",
    "failed": "danger",
    "cancelled": "danger",
}


@admin.register(Refund)
class RefundAdmin(AmountColumn, ReadOnlyAdmin):
    """Payments on their way back."""

    list_display = ["id", "payment", "amount_shown", "shown_state", "reason", "created_at", "settled_at"]
    list_filter = ["state", "currency"]
    list_select_related = ["payment"]
    search_fields = ["id__exact", "payment__payment_id", "provider_refund_id"]
    ordering = ["-id"]
    show_full_result_count = False
    fields = [
        "payment",
        "amount_shown",
        "state",
        "hold",
        "reason",
        "requested_by",
        "provider_refund_id",
        "created_at",
        "settled_at",
    ]
    readonly_fields = ["amount_shown", "created_at"]

    @display(description=_("state"), label=COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, refund: Refund) -> tuple[str, str]:
        """With its colour."""
        return refund.state, refund.get_state_display()


@admin.register(Payout)
class PayoutAdmin(AmountColumn, ReadOnlyAdmin):
    """Money on its way to bank accounts. Those that staff pay by hand show the whole account number."""

    list_display = [
        "id",
        "owner_kind",
        "owner_id",
        "provider",
        "amount_shown",
        "shown_state",
        "created_at",
        "settled_at",
    ]
    list_filter = ["state", "provider", "owner_kind", "currency"]
    search_fields = ["id__exact", "owner_id__exact", "provider_payout_id"]
    ordering = ["-id"]
    show_full_result_count = False
    fields = [
        "owner_kind",
        "owner_id",
        "provider",
        "amount_shown",
        "shown_destination",
        "state",
        "hold",
        "requested_by",
        "provider_payout_id",
        "failure",
        "created_at",
        "next_check_at",
        "settled_at",
    ]
    readonly_fields = ["amount_shown", "shown_destination", "created_at"]
    actions_detail = ["has_arrived", "will_never_arrive"]

    @display(description=_("state"), label=COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, payout: Payout) -> tuple[str, str]:
        """With its colour."""
        return payout.state, payout.get_state_display()

    @admin.display(description=_("bank account"))
    def shown_destination(self, payout: Payout) -> str:
        """Whole while somebody has to type it at the bank, masked afterwards."""
        by_hand = payout.provider == "manual" and payout.state in Payout.OPEN_STATES
        return payout.destination if by_hand else payout.masked_destination

    @action(description=_("It has arrived"), permissions=["decide"])  # type: ignore[untyped-decorator]
    def has_arrived(self, request: HttpRequest, object_id: str) -> HttpResponseRedirect:
        """To the form of the decision."""
        return HttpResponseRedirect(decision_url(kind="payout_settled", payout=object_id))

    @action(description=_("It will never arrive"), permissions=["decide"])  # type: ignore[untyped-decorator]
    def will_never_arrive(self, request: HttpRequest, object_id: str) -> HttpResponseRedirect:
        """To the form of the decision."""
        return HttpResponseRedirect(decision_url(kind="payout_refused", payout=object_id))

    def has_decide_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Who may decide about money."""
        return may_decide(request)

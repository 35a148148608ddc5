"""Deposits and the providers' payments behind them."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from funds.payments.models import Deposit, PaymentEvent, ProviderEvent, ProviderPayment
from marketplace.core.admin import ReadOnlyAdmin, ReadOnlyInline
from marketplace.core.formatting import shown_amount

from .columns import AmountColumn, decision_url, may_decide

COLOURS = {
    "created": "info",
    "preference_ready": "info",
    "pending": "info",
    "approved": "success",
    "credited": "success",
    "partially_refunded": "warning",
    "refunded": "warning",
    "disputed": "danger",
    "charged_back": "danger",
    "rejected": "danger",
    "quarantined": "danger",
}


class ProviderPaymentInline(AmountColumn, ReadOnlyInline):
    """What the provider recorded for a deposit."""

    model = ProviderPayment
    fields = ["payment_id", "state", "quarantine", "amount_shown", "provider_updated_at"]
    readonly_fields = fields
    show_change_link = True


class PaymentEventInline(ReadOnlyInline):
    """The event ledger of a payment."""

    model = PaymentEvent
    fields = ["at", "kind", "reference", "amount_shown", "journal"]
    readonly_fields = fields

    @admin.display(description=_("amount"))
    def amount_shown(self, row: PaymentEvent) -> str:
        """Major units of the payment's currency."""
        return shown_amount(row.amount)


@admin.register(Deposit)
class DepositAdmin(AmountColumn, ReadOnlyAdmin):
    """Money that customers bring in."""

    list_display = ["id", "customer", "provider", "amount_shown", "shown_state", "created_at", "credited_at"]
    list_filter = ["state", "provider", "currency"]
    list_select_related = ["customer"]
    search_fields = ["id__exact", "customer__email"]
    ordering = ["-id"]
    show_full_result_count = False
    inlines = [ProviderPaymentInline]
    fields = [
        "customer",
        "provider",
        "amount_shown",
        "state",
        "order_id",
        "checkout_url",
        "created_at",
        "expires_at",
        "next_check_at",
        "credited_at",
    ]
    readonly_fields = ["amount_shown", "created_at"]

    @display(description=_("state"), label=COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, deposit: Deposit) -> tuple[str, str]:
        """With its colour."""
        return deposit.state, deposit.get_state_display()


@admin.register(ProviderPayment)
class ProviderPaymentAdmin(AmountColumn, ReadOnlyAdmin):
    """Payments as the providers know them, each with its event ledger. What does not match waits here."""

    list_display = [
        "payment_id",
        "provider",
        "deposit",
        "amount_shown",
        "shown_state",
        "quarantine",
        "provider_updated_at",
    ]
    list_filter = ["state", "quarantine", "provider"]
    list_select_related = ["deposit"]
    search_fields = ["payment_id", "deposit__id__exact"]
    ordering = ["-id"]
    show_full_result_count = False
    inlines = [PaymentEventInline]
    fields = [
        "provider",
        "payment_id",
        "deposit",
        "amount_shown",
        "state",
        "quarantine",
        "provider_updated_at",
        "created_at",
    ]
    readonly_fields = ["amount_shown", "created_at"]
    actions_detail = ["credit_it", "leave_alone", "refund_it"]

    @display(description=_("state"), label=COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, payment: ProviderPayment) -> tuple[str, str]:
        """With its colour."""
        return payment.state, payment.get_state_display()

    @action(description=_("Credit what came"), permissions=["decide"])  # type: ignore[untyped-decorator]
    def credit_it(self, request: HttpRequest, object_id: str) -> HttpResponseRedirect:
        """To the form of the decision."""
        return HttpResponseRedirect(decision_url(kind="accept_payment", payment=object_id))

    @action(description=_("Leave it alone"), permissions=["decide"])  # type: ignore[untyped-decorator]
    def leave_alone(self, request: HttpRequest, object_id: str) -> HttpResponseRedirect:
        """To the form of the decision."""
        return HttpResponseRedirect(decision_url(kind="dismiss_payment", payment=object_id))

    @action(description=_("Refund"), permissions=["decide"])  # type: ignore[untyped-decorator]
    def refund_it(self, request: HttpRequest, object_id: str) -> HttpResponseRedirect:
        """To the form of the decision."""
        return HttpResponseRedirect(decision_url(kind="refund", payment=object_id))

    def has_decide_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Who may decide about money."""
        return may_decide(request)


@admin.register(ProviderEvent)
class ProviderEventAdmin(ReadOnlyAdmin):
    """Webhooks that were proved, and whether their payment was read back."""

    list_display = ["id", "provider", "payment_id", "received_at", "processed_at"]
    list_filter = ["provider", ("processed_at", admin.EmptyFieldListFilter)]
    search_fields = ["payment_id"]
    ordering = ["-id"]
    show_full_result_count = False

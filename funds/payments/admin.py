"""Payments in the back office: read-only."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from marketplace.core.admin import ReadOnlyAdmin, ReadOnlyInline

from .models import Deposit, PaymentAttempt, PaymentTask, ProviderPayment


class ProviderPaymentInline(ReadOnlyInline):
    """What the provider recorded for a deposit."""

    model = ProviderPayment
    fields = ["payment_id", "state", "amount_shown", "provider_updated_at"]
    readonly_fields = fields

    @admin.display(description=_("amount"))
    def amount_shown(self, row: ProviderPayment) -> str:
        """Major units."""
        return str(row.amount)


class PaymentAttemptInline(ReadOnlyInline):
    """Each try of a task."""

    model = PaymentAttempt
    fields = ["number", "outcome", "key", "started_at", "finished_at", "detail"]
    readonly_fields = fields


@admin.register(Deposit)
class DepositAdmin(ReadOnlyAdmin):
    """Money that customers bring in."""

    list_display = ["id", "customer", "provider", "amount_shown", "state", "created_at", "credited_at"]
    list_filter = ["state", "provider", "currency"]
    list_select_related = ["customer"]
    search_fields = ["id__exact", "customer__email"]
    ordering = ["-id"]
    show_full_result_count = False
    inlines = [ProviderPaymentInline]
    fields = ["customer", "provider", "amount_shown", "state", "checkout_url", "created_at", "credited_at"]
    readonly_fields = ["amount_shown", "created_at"]

    @admin.display(description=_("amount"), ordering="amount_minor")
    def amount_shown(self, row: Deposit) -> str:
        """Major units."""
        return str(row.amount)


@admin.register(PaymentTask)
class PaymentTaskAdmin(ReadOnlyAdmin):
    """What has to be asked of providers, and how far that got."""

    list_display = ["id", "kind", "deposit", "state", "attempts", "run_at", "lease_until", "last_error"]
    list_filter = ["state", "kind"]
    list_select_related = ["deposit"]
    search_fields = ["id__exact", "deposit__id__exact"]
    ordering = ["-id"]
    show_full_result_count = False
    inlines = [PaymentAttemptInline]
    fields = ["kind", "deposit", "intent", "state", "attempts", "run_at", "wake_at", "lease_until", "last_error"]


@admin.register(ProviderPayment)
class ProviderPaymentAdmin(ReadOnlyAdmin):
    """Payments as the providers know them."""

    list_display = ["payment_id", "provider", "deposit", "amount_shown", "state", "provider_updated_at"]
    list_filter = ["state", "provider"]
    list_select_related = ["deposit"]
    search_fields = ["payment_id", "deposit__id__exact"]
    ordering = ["-id"]
    show_full_result_count = False
    fields = ["provider", "payment_id", "deposit", "amount_shown", "state", "provider_updated_at", "created_at"]
    readonly_fields = ["amount_shown", "created_at"]

    @admin.display(description=_("amount"), ordering="amount_minor")
    def amount_shown(self, row: ProviderPayment) -> str:
        """Major units."""
        return str(row.amount)

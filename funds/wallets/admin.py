"""Customers' own limits in the back office: to look at."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from marketplace.core.admin import ReadOnlyAdmin
from marketplace.core.formatting import shown_amount
from marketplace.core.money import Money

from .models import WalletSettings


@admin.register(WalletSettings)
class WalletSettingsAdmin(ReadOnlyAdmin):
    """Weekly limits and alerts."""

    list_display = ["customer_id", "currency", "weekly_limit", "low_balance", "is_low"]
    list_filter = ["currency", "is_low"]
    search_fields = ["customer_id__exact"]
    ordering = ["-id"]
    show_full_result_count = False
    fields = ["customer_id", "currency", "weekly_limit", "low_balance", "is_low"]
    readonly_fields = ["weekly_limit", "low_balance"]

    @admin.display(description=_("weekly limit"))
    def weekly_limit(self, row: WalletSettings) -> str:
        """Major units."""
        return _shown(row.weekly_limit_minor, row.currency)

    @admin.display(description=_("low balance below"))
    def low_balance(self, row: WalletSettings) -> str:
        """Major units."""
        return _shown(row.low_balance_minor, row.currency)


def _shown(minor: int | None, currency: str) -> str:
    return "–" if minor is None else shown_amount(Money(minor, currency))

"""The books in the back office: read-only, in major units."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from marketplace.core.admin import ReadOnlyAdmin, ReadOnlyInline
from marketplace.core.formatting import shown_amount
from marketplace.core.money import Money

from .models import Account, Hold, Journal, Posting
from .selectors import trial_balance, with_balance


def major(minor: int | None, currency: str) -> str:
    """An amount as people read it; a dash where the account keeps no running balance."""
    return "–" if minor is None else shown_amount(Money(minor, currency))


class PostingColumns:
    """Columns of a posting, shared by its page and its journal's."""

    @admin.display(description=_("amount"), ordering="amount")
    def amount_shown(self, row: Posting) -> str:
        """Major units."""
        return major(row.amount, row.currency)

    @admin.display(description=_("debit account after"))
    def debit_after_shown(self, row: Posting) -> str:
        """Major units."""
        return major(row.debit_after, row.currency)

    @admin.display(description=_("credit account after"))
    def credit_after_shown(self, row: Posting) -> str:
        """Major units."""
        return major(row.credit_after, row.currency)


class PostingInline(PostingColumns, ReadOnlyInline):
    """The postings of a journal."""

    model = Posting
    fields = ["debit", "credit", "amount_shown", "debit_after_shown", "credit_after_shown"]
    readonly_fields = fields


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    """Every account with its balance; above them the trial balance."""

    list_display = ["id", "owner_kind", "owner_id", "kind", "currency", "balance_shown", "held_shown", "is_strict"]
    list_filter = ["owner_kind", "kind", "currency", "is_strict"]
    search_fields = ["owner_id__exact"]
    ordering = ["-id"]
    list_before_template = "admin/funds/trial_balance.html"
    fields = [
        "owner_kind",
        "owner_id",
        "kind",
        "currency",
        "is_strict",
        "balance_shown",
        "held_shown",
        "deposited_shown",
        "spent_shown",
        "created_at",
    ]
    readonly_fields = ["balance_shown", "held_shown", "deposited_shown", "spent_shown", "created_at"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return with_balance(super().get_queryset(request))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        balance = trial_balance()
        extra = {"trial_balance": balance, **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, extra)
        return response

    @admin.display(description=_("balance"), ordering="balance")
    def balance_shown(self, row: Any) -> str:
        """Major units, deltas included."""
        return major(row.balance, row.currency)

    @admin.display(description=_("held"), ordering="held")
    def held_shown(self, row: Account) -> str:
        """Major units."""
        return major(row.held, row.currency)

    @admin.display(description=_("deposited"))
    def deposited_shown(self, row: Account) -> str:
        """Major units."""
        return major(row.deposited, row.currency)

    @admin.display(description=_("spent"))
    def spent_shown(self, row: Account) -> str:
        """Major units."""
        return major(row.spent, row.currency)


@admin.register(Journal)
class JournalAdmin(ReadOnlyAdmin):
    """What happened, with its postings."""

    list_display = ["id", "kind", "scope", "idem_key", "source", "event_at"]
    list_filter = ["kind", "scope"]
    search_fields = ["idem_key", "source"]
    ordering = ["-id"]
    show_full_result_count = False
    inlines = [PostingInline]
    fields = ["kind", "tally", "scope", "idem_key", "source", "hold", "reverses", "event_at", "created_at"]
    readonly_fields = ["created_at"]


@admin.register(Posting)
class PostingAdmin(PostingColumns, ReadOnlyAdmin):
    """Single postings."""

    list_display = ["id", "journal", "debit", "credit", "amount_shown", "debit_after_shown", "credit_after_shown"]
    list_filter = ["currency", "journal__kind"]
    list_select_related = ["journal", "debit", "credit"]
    search_fields = ["journal__idem_key", "journal__source"]
    ordering = ["-id"]
    show_full_result_count = False
    fields = ["journal", "debit", "credit", "amount_shown", "debit_after_shown", "credit_after_shown"]
    readonly_fields = ["amount_shown", "debit_after_shown", "credit_after_shown"]


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    """Money set aside."""

    list_display = ["id", "state", "payer", "payee", "amount_shown", "captured_shown", "source", "expires_at"]
    list_filter = ["state", "currency"]
    list_select_related = ["payer", "payee"]
    search_fields = ["id__exact", "source"]
    ordering = ["-id"]
    fields = [
        "state",
        "payer",
        "payee",
        "amount_shown",
        "captured_shown",
        "refunded_shown",
        "scope",
        "idem_key",
        "source",
        "expires_at",
        "created_at",
    ]
    readonly_fields = ["amount_shown", "captured_shown", "refunded_shown", "created_at"]

    @admin.display(description=_("amount"), ordering="amount")
    def amount_shown(self, row: Hold) -> str:
        """Major units."""
        return major(row.amount, row.currency)

    @admin.display(description=_("captured"))
    def captured_shown(self, row: Hold) -> str:
        """Major units."""
        return major(row.captured, row.currency)

    @admin.display(description=_("refunded"))
    def refunded_shown(self, row: Hold) -> str:
        """Major units."""
        return major(row.refunded, row.currency)

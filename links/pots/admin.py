"""Contributions and uses of pots in the back office: books, to look at."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from marketplace.core.admin import ReadOnlyAdmin
from marketplace.core.formatting import shown_amount
from marketplace.core.money import Money

from .models import Contribution, PotUse


@admin.register(Contribution)
class ContributionAdmin(ReadOnlyAdmin):
    """What was given, and what became of it."""

    list_display = ["created_at", "contributor", "gift_list", "gift", "beneficiary", "given", "left"]
    list_filter = ["currency", "is_anonymous"]
    list_select_related = ["contributor", "gift_list", "gift", "beneficiary"]
    search_fields = ["contributor__email", "beneficiary__email", "gift_list__name", "gift__gift_list__name"]
    ordering = ["-id"]
    exclude = ["key", "is_rest"]

    @admin.display(description=_("amount"), ordering="amount_minor")
    def given(self, row: Contribution) -> str:
        """Major units."""
        return shown_amount(row.amount)

    @admin.display(description=_("left in the pot"))
    def left(self, row: Contribution) -> str:
        """Major units."""
        return shown_amount(row.left)


@admin.register(PotUse)
class PotUseAdmin(ReadOnlyAdmin):
    """What purchases took from pots, and gave back."""

    list_display = ["created_at", "gift", "key", "amount", "returned"]
    list_select_related = ["gift"]
    list_filter = ["currency"]
    search_fields = ["key", "gift__gift_list__name"]
    ordering = ["-id"]

    @admin.display(description=_("amount"))
    def amount(self, row: PotUse) -> str:
        """Major units."""
        return shown_amount(Money(row.amount_minor, row.currency))

    @admin.display(description=_("returned"))
    def returned(self, row: PotUse) -> str:
        """Major units."""
        return shown_amount(Money(row.returned_minor, row.currency))

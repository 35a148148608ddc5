"""What reconciliation saw and repaired."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from funds.payments.models import ReconciliationFinding, ReconciliationRun
from marketplace.core.admin import ReadOnlyAdmin


@admin.register(ReconciliationFinding)
class ReconciliationFindingAdmin(ReadOnlyAdmin):
    """Differences between providers and books, each found once."""

    list_display = ["found_at", "provider", "kind", "subject", "payment", "detail", "shown_repaired"]
    list_filter = ["kind", "is_repaired", "provider"]
    list_select_related = ["payment"]
    search_fields = ["subject"]
    ordering = ["-id"]
    show_full_result_count = False

    @admin.display(description=_("repaired"), boolean=True, ordering="is_repaired")
    def shown_repaired(self, finding: ReconciliationFinding) -> bool:
        """Nothing is left to do."""
        return finding.is_repaired


@admin.register(ReconciliationRun)
class ReconciliationRunAdmin(ReadOnlyAdmin):
    """Each look at a provider's changes."""

    list_display = ["until", "provider", "since", "seen_count", "finding_count", "finished_at"]
    list_filter = ["provider"]
    ordering = ["-id"]
    show_full_result_count = False

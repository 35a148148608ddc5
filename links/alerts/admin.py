"""Alerts, to look at."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from marketplace.core.admin import ReadOnlyAdmin
from marketplace.core.formatting import shown_amount
from marketplace.core.money import Money

from .models import PriceAlert
from .selectors import title_of


@admin.register(PriceAlert)
class PriceAlertAdmin(ReadOnlyAdmin):
    """Who waits for which price."""

    list_display = ["what", "customer", "direction", "line", "is_enabled", "is_armed", "told_at", "created_at"]
    list_filter = ["direction", "is_enabled", "is_armed"]
    search_fields = ["link__page__title", "link__page__host", "variant__sku", "customer__email"]
    list_select_related = ["customer", "link__page", "variant__product"]
    ordering = ["-created_at"]
    date_hierarchy = None

    @admin.display(description=_("watches"))
    def what(self, alert: PriceAlert) -> str:
        """The page's title, or the product."""
        return title_of(alert)[:80]

    @admin.display(description=_("line"))
    def line(self, alert: PriceAlert) -> str:
        """The target, or the percentage and what it is measured from."""
        if alert.target_minor is not None:
            return shown_amount(Money(alert.target_minor, alert.currency))
        if alert.reference_minor is None:
            return f"{alert.percent} %"
        return f"{alert.percent} % / {shown_amount(Money(alert.reference_minor, alert.currency))}"

    def get_readonly_fields(self, request: HttpRequest, obj: PriceAlert | None = None) -> list[str]:
        return [field.name for field in PriceAlert._meta.fields if field.editable is False]

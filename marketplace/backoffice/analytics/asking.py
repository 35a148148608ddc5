"""What is asked of a report: days, a comparison, a currency."""

from datetime import date, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from marketplace.core.http.fields import ChoiceField, DateField
from marketplace.core.money import CURRENCIES

from .values import Period

MOST_DAYS: Final = 366
USUAL_DAYS: Final = 30
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)
PREVIOUS, YEAR, NONE = "previous", "year", "none"
YEAR_DAYS: Final = 364
"""52 weeks: the same weekdays a year ago."""


class ReportQuerySerializer(serializers.Serializer[Any]):
    """The query of a report. `context` has `today`, the platform's. (`from` is a word of Python.)"""

    def get_fields(self) -> dict[str, Any]:
        return {
            "from": DateField(required=False, help_text="The first day, of the platform. Without it, 30 days."),
            "to": DateField(required=False, help_text="The last day, included. Without it, today."),
            "compare": ChoiceField(
                choices=[PREVIOUS, YEAR, NONE],
                default=PREVIOUS,
                help_text="The days before as many, the same weekdays 52 weeks ago, or nothing.",
            ),
            "currency": ChoiceField(
                choices=sorted(CURRENCIES),
                default=settings.DEFAULT_CURRENCY,
                help_text="Amounts and orders are those in one currency; nothing is exchanged.",
            ),
            "format": ChoiceField(choices=["json", "csv"], default="json", help_text="JSON, or a file."),
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Adds `period`."""
        for name in ("from", "to"):
            if not EARLIEST <= attrs.get(name, EARLIEST) <= LATEST:
                raise serializers.ValidationError({name: _("Choose days of this century.")}, "invalid")
        last = attrs.get("to") or max(self.context["today"], attrs.get("from") or EARLIEST)
        first = attrs.get("from") or max(last - timedelta(days=USUAL_DAYS - 1), EARLIEST)
        if last < first:
            raise serializers.ValidationError({"from": _("The first day must not come after the last.")}, "invalid")
        if (last - first).days >= MOST_DAYS:
            raise serializers.ValidationError({"from": _("At most 366 days at once.")}, "too_long")
        period = Period(first, last)
        back = {PREVIOUS: len(period.days), YEAR: YEAR_DAYS}.get(attrs["compare"])
        if back is not None:
            period = Period(first, last, period.shifted(back))
        return {**attrs, "period": period}

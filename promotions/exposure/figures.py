"""Places of selections for reports: sums alone, never slots or events."""

from datetime import date
from typing import Any

from django.db.models import Sum

from promotions.contracts import SlotSums

from .models import Context, Reason, SlotDaily


def slot_sums(first: date, last: date) -> list[SlotSums]:
    """By context, place and reason, both days included; one query."""
    rows: Any = (
        SlotDaily.objects.filter(day__range=(first, last))
        .values("context", "position", "reason")
        .annotate(seen=Sum("impressions"), clicked=Sum("clicks"))
        .order_by("context", "position", "reason")
        .values_list("context", "position", "reason", "seen", "clicked")
    )
    return [SlotSums(*row) for row in rows]


def clicks_by_day(first: date, last: date) -> dict[date, tuple[int, int]]:
    """Impressions and clicks of all places on each day with any; one query."""
    rows: Any = (
        SlotDaily.objects.filter(day__range=(first, last))
        .order_by("day")
        .values("day")
        .annotate(seen=Sum("impressions"), clicked=Sum("clicks"))
        .values_list("day", "seen", "clicked")
    )
    return {day: (seen, clicked) for day, seen, clicked in rows}


def words_of_exposure() -> dict[str, str]:
    """How contexts and reasons are called, in the reader's language."""
    return {choice.value: str(choice.label) for choice in (*Context, *Reason)}

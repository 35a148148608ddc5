"""Days of places for demo data and importers."""

from collections.abc import Iterable
from dataclasses import asdict

from django.db import transaction

from promotions.contracts import SlotDayRow

from .models import SlotDaily


@transaction.atomic
def add_slot_days(rows: Iterable[SlotDayRow]) -> None:
    """What became of places on days that are over, where they have no row yet. The slots behind it are not here."""
    SlotDaily.objects.bulk_create((SlotDaily(**asdict(row)) for row in rows), ignore_conflicts=True)

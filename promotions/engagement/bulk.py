"""Days of events and what they left, for demo data and importers."""

from collections.abc import Iterable
from dataclasses import asdict

from django.db import transaction

from promotions.contracts import DayFunnelRow, InterestRow, SignalRow

from .models import CustomerInterest, DayFunnel, ProductSignal


@transaction.atomic
def add_funnel_days(rows: Iterable[DayFunnelRow]) -> None:
    """What people did on days that are over, where the day has no row yet. The events behind it are not here."""
    DayFunnel.objects.bulk_create((DayFunnel(**asdict(row)) for row in rows), ignore_conflicts=True)


@transaction.atomic
def add_signals(rows: Iterable[SignalRow], interests: Iterable[InterestRow] = ()) -> None:
    """What products and customers' interests weigh, where there is nothing yet. The events behind it are not here."""
    ProductSignal.objects.bulk_create((ProductSignal(**asdict(row)) for row in rows), ignore_conflicts=True)
    CustomerInterest.objects.bulk_create((CustomerInterest(**asdict(row)) for row in interests), ignore_conflicts=True)

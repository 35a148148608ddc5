"""Figures of the programme: what it owes by month of expiry, and its days, kept so that nobody adds them up again.

A day is written anew from its rows (the statement, changes of level) while it may still move; it is never added to, so
that two who write it at once write the same.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth

from marketplace.core.money import Money
from promotions.contracts import LoyaltyFigures, MonthOfPoints

from .models import LevelChange, LoyaltyDay, LoyaltyMember, PointsEntry, PointsLot
from .selectors import policy

WITHOUT_LEVEL: Final = ""
KINDS: Final = tuple(PointsEntry.Kind.values)


def zone() -> ZoneInfo:
    """Days and months are counted in it."""
    return ZoneInfo(settings.PLATFORM_TIME_ZONE)


def liability() -> tuple[MonthOfPoints, ...]:
    """Every point that can be spent, by the month in which it expires, at the policy's value; two queries."""
    worth = policy().point_value_minor
    month = TruncMonth("expires_at", tzinfo=zone())
    rows: Any = PointsLot.objects.filter(left__gt=0).annotate(month=month).values("month").annotate(points=Sum("left"))
    return tuple(
        MonthOfPoints(row["month"].date(), row["points"], Money(row["points"] * worth, settings.DEFAULT_CURRENCY))
        for row in rows.order_by("month")
    )


def members_by_level() -> dict[str, int]:
    """How many members there are on each level, by its key; the empty one is below the first. One query."""
    rows = LoyaltyMember.objects.order_by().values_list("level__key").annotate(members=Count("pk"))
    return {key or WITHOUT_LEVEL: members for key, members in rows}


def write_days(first: date, last: date) -> None:
    """Write these platform days anew from the rows behind them; harmless twice. Days before today keep their standing.

    What stands (members by level, points outstanding) is of the moment and goes into the last day alone.
    """
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    rows = [LoyaltyDay(day=day, **_of_day(day)) for day in days]
    fields = [*KINDS, "upgrades", "downgrades"]
    LoyaltyDay.objects.bulk_create(rows, update_conflicts=True, unique_fields=["day"], update_fields=fields)
    LoyaltyDay.objects.filter(day=last).update(
        members_by_level=members_by_level(),
        outstanding=LoyaltyMember.objects.aggregate(points=Sum("points", default=0))["points"],
    )


def _of_day(day: date) -> Mapping[str, int]:
    since = datetime.combine(day, time.min, tzinfo=zone())
    until = datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone())
    entries = PointsEntry.objects.filter(created_at__gte=since, created_at__lt=until).order_by()
    sums = dict(entries.values_list("kind").annotate(points=Sum("points")))
    changes = LevelChange.objects.filter(at__gte=since, at__lt=until).aggregate(
        upgrades=Count("pk", filter=Q(is_upgrade=True)), downgrades=Count("pk", filter=Q(is_upgrade=False))
    )
    return {kind: sums.get(kind, 0) for kind in KINDS} | changes


def loyalty_figures(first: date, last: date) -> LoyaltyFigures:
    """The programme from the first to the last platform day, out of its days' sums; what stands is read as it is.

    Today's part is as old as the last writing of its day (each hour, `promotions.sum_loyalty_days`).
    """
    return _figures(first, last, members_by_level(), liability())


def loyalty_figures_beside(
    first: date, last: date, *, first_before: date, last_before: date
) -> tuple[LoyaltyFigures, LoyaltyFigures]:
    """`loyalty_figures` of a period and of the one before it; what stands is the same for both, and read once."""
    by_level, by_month = members_by_level(), liability()
    return _figures(first, last, by_level, by_month), _figures(first_before, last_before, by_level, by_month)


def _figures(first: date, last: date, by_level: dict[str, int], by_month: tuple[MonthOfPoints, ...]) -> LoyaltyFigures:
    names = (*KINDS, "upgrades", "downgrades")
    sums = LoyaltyDay.objects.filter(day__gte=first, day__lte=last).aggregate(
        **{f"sum_{name}": Sum(name, default=0) for name in names}
    )
    members = sum(by_level.values())
    value = sum((month.value for month in by_month), Money.zero(settings.DEFAULT_CURRENCY))
    return LoyaltyFigures(
        members=members,
        members_by_level=by_level,
        upgrades=sums["sum_upgrades"],
        downgrades=sums["sum_downgrades"],
        upgrade_rate_bp=sums["sum_upgrades"] * 10_000 // members if members else 0,
        earned=sums["sum_earned"],
        reversed=-sums["sum_reversed"],
        redeemed=-sums["sum_redeemed"],
        returned=sums["sum_returned"],
        expired=-sums["sum_expired"],
        adjusted=sums["sum_adjusted"],
        outstanding=sum(month.points for month in by_month),
        liability=value,
        by_month=by_month,
    )

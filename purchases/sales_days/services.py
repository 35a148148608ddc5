"""Marking days whose sums are behind, and adding those up anew.

Whoever marks writes after the order's change is committed (or in its transaction); whoever adds up takes the mark away
first and reads then. So a change that comes meanwhile waits for the mark, sets it again, and the day is added up once
more: no lock of an order, and no day stays behind.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from marketplace.core.clock import platform_day
from purchases.orders.models import Order

from .adding_up import SOLD_STATES, benefit_rows, sales_rows, variant_rows
from .models import DailyBenefit, DailySales, DailyVariantSales, StaleSalesDay

BATCH: Final = 2_000


@transaction.atomic
def touch_days(*, days: Iterable[date]) -> None:
    """These platform days are behind. Harmless twice."""
    StaleSalesDay.objects.bulk_create(
        (StaleSalesDay(day=day) for day in sorted(set(days))),
        update_conflicts=True,
        unique_fields=["day"],
        update_fields=["touched_at"],
    )


@transaction.atomic
def touch_order(*, order_id: UUID) -> None:
    """The order's day is behind, and that of its customer's next one: which of the two was the first may have changed.

    An order that is not there touches nothing.
    """
    order = Order.objects.filter(pk=order_id).values_list("customer", "placed_at", named=True).first()
    if order is None:
        return
    later = Q(placed_at__gt=order.placed_at) | Q(placed_at=order.placed_at, pk__gt=order_id)
    following = Order.objects.filter(later, customer=order.customer, state__in=SOLD_STATES)
    next_one = following.order_by("placed_at", "pk").values_list("placed_at", flat=True).first()
    moments = [order.placed_at] if next_one is None else [order.placed_at, next_one]
    touch_days(days=map(platform_day, moments))


@transaction.atomic
def add_up_next() -> date | None:
    """Add up the newest day that is behind and that nobody else has in hand; which it was. Harmless twice.

    The rows are made anew as a whole; readers see the old ones or the new ones.
    """
    behind = StaleSalesDay.objects.select_for_update(skip_locked=True).order_by("-day").first()
    if behind is None:
        return None
    day = behind.day
    behind.delete()
    for model in (DailySales, DailyVariantSales, DailyBenefit):
        model._default_manager.filter(day=day).delete()
    DailySales.objects.bulk_create(sales_rows(day), batch_size=BATCH)
    DailyVariantSales.objects.bulk_create(variant_rows(day), batch_size=BATCH)
    DailyBenefit.objects.bulk_create(benefit_rows(day), batch_size=BATCH)
    return day


def add_up_all() -> int:
    """Every day that is behind, a transaction each; how many."""
    days = 0
    while add_up_next() is not None:
        days += 1
    return days


@transaction.atomic
def touch_everything() -> int:
    """Every day since the first order; how many. For sums that are not trusted, or were never made."""
    first = Order.objects.order_by("placed_at").values_list("placed_at", flat=True).first()
    last = Order.objects.order_by("-placed_at").values_list("placed_at", flat=True).first()
    if first is None or last is None:
        return 0
    begins = platform_day(first)
    days = [begins + timedelta(days=n) for n in range((platform_day(last) - begins).days + 1)]
    touch_days(days=days)
    return len(days)

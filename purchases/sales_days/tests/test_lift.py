"""Lift: windows, ratios, intervals that hold what they promise; and of real rows."""

import math
import random
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.models import Sum

from promotions.campaigns.models import Campaign
from promotions.campaigns.tests.factories import make_campaign
from promotions.flash.tests.factories import make_promo, make_variant
from promotions.models import FlashPromo
from purchases import facade as purchases
from purchases.models import DailyVariantSales
from purchases.sales_days.lift import Measured, lift_of, lift_of_all, matched_windows, overlaps
from purchases.sales_days.services import add_up_all, touch_everything
from users.accounts.tests.factories import UserFactory

from .factories import sold

MONDAY = date(2026, 3, 30)
NOON = datetime(2026, 4, 10, 18, tzinfo=UTC)


def test_windows_are_the_same_weekdays_before():
    assert matched_windows((MONDAY, MONDAY + timedelta(days=1)), MONDAY) == [
        (MONDAY - timedelta(days=7 * n), MONDAY - timedelta(days=7 * n - 1)) for n in range(1, 5)
    ]


@pytest.mark.parametrize("length", range(1, 40))
@pytest.mark.parametrize("skipped", [0, 3, 10])
def test_windows_keep_length_and_weekday_and_are_over_before_it_began(length, skipped):
    window = (MONDAY + timedelta(days=skipped), MONDAY + timedelta(days=skipped + length - 1))

    windows = matched_windows(window, MONDAY)

    assert len(windows) == 4
    for first, last in windows:
        assert (last - first).days == length - 1
        assert first.weekday() == window[0].weekday()
        assert last < MONDAY
    assert not any(overlaps(one, other) for n, one in enumerate(windows) for other in windows[:n])
    assert (MONDAY - windows[0][1]).days <= 7


def test_a_ratio_and_its_interval():
    lift = lift_of(Measured(150, (100, 100, 100, 100)))

    assert lift is not None
    assert (lift.units, lift.expected_units, lift.ratio) == (150, 100.0, 1.5)
    spread = 1.959964 * math.sqrt(1 / 150 + 1 / 400)
    assert lift.low == pytest.approx(1.5 * math.exp(-spread), rel=1e-6)
    assert lift.high == pytest.approx(1.5 * math.exp(spread), rel=1e-6)


def test_weeks_that_differ_widen_it():
    even, uneven = lift_of(Measured(150, (100, 100, 100, 100))), lift_of(Measured(150, (40, 160, 60, 140)))

    assert even is not None
    assert uneven is not None
    assert uneven.ratio == even.ratio
    assert uneven.low < even.low < even.high < uneven.high


def test_nothing_sold_and_nothing_to_compare_with():
    none_sold = lift_of(Measured(0, (4, 4)))

    assert none_sold is not None
    assert (none_sold.ratio, none_sold.low) == (0.0, 0.0)
    assert none_sold.high > 0.125
    assert lift_of(Measured(5, ())) is None
    assert lift_of(Measured(5, (0, 0, 0))) is None
    assert lift_of_all([Measured(5, ()), Measured(5, (0,))]) is None


def test_many_together_are_the_ratio_of_sums():
    lift = lift_of_all([Measured(30, (10, 10)), Measured(10, (20, 20)), Measured(7, ())])

    assert lift is not None
    assert (lift.units, lift.expected_units, lift.measured) == (40, 30.0, 2)
    assert lift.ratio == pytest.approx(4 / 3)


def drawn(draw: random.Random, mean: float, clump: int) -> int:
    """A Poisson number of orders of `clump` units each, with that mean: variance `clump` times the mean."""
    total, limit = 0.0, mean / clump
    count = -1
    while total <= limit:
        total += draw.expovariate(1)
        count += 1
    return count * clump


@pytest.mark.once
@pytest.mark.parametrize(("clump", "least"), [(1, 0.94), (3, 0.88)])
def test_intervals_hold_the_truth_as_often_as_said(clump, least):
    """Single units: 95 %. Orders of three: four windows show their dispersion badly, and the docs say so."""
    draw = random.Random(7)
    truth, held, rounds = 1.4, 0, 3_000
    for _ in range(rounds):
        lift = lift_of(Measured(drawn(draw, 60 * truth, clump), tuple(drawn(draw, 60, clump) for _ in range(4))))
        held += lift is not None and lift.low <= truth <= lift.high

    assert least <= held / rounds <= 0.99


@pytest.mark.once
def test_many_together_hold_it_whatever_the_clumps():
    draw = random.Random(8)
    truth, held, rounds = 1.4, 0, 1_000
    for _ in range(rounds):
        promotions = [
            Measured(drawn(draw, 20 * truth, 3), tuple(drawn(draw, 20, 3) for _ in range(4))) for _ in range(40)
        ]
        lift = lift_of_all(promotions)
        held += lift is not None and lift.low <= truth <= lift.high

    assert 0.92 <= held / rounds <= 0.98


# --- of rows


def day_at(days_back: float) -> datetime:
    return NOON - timedelta(days=days_back)


def sell(variant, units_by_days_back):
    customer = UserFactory()
    for back, units in units_by_days_back.items():
        if units:
            sold([variant], at=day_at(back), quantities=[units], customer=customer)


def flash_in_the_past(variant, *, began: float, ended: float) -> FlashPromo:
    """Under way from so many days ago to so many days ago; made now, then moved."""
    promo = make_promo(variant, units=1)
    FlashPromo.objects.filter(pk=promo.pk).update(
        starts_at=day_at(began), ends_at=day_at(ended), started_at=day_at(began), ended_at=day_at(ended)
    )
    return promo


@pytest.mark.django_db
def test_a_flash_promotion_beside_the_same_weekdays():
    variant, other = make_variant(), make_variant()
    sell(variant, {3: 12, 2: 8, 10: 5, 9: 5, 17: 4, 16: 6, 24: 5, 23: 5, 31: 5, 30: 5, 5: 100, 12: 100})
    sell(other, {3: 50, 40: 1})
    promo = flash_in_the_past(variant, began=3, ended=2)
    touch_everything()
    add_up_all()

    found = purchases.measure_flash_promos(day_at(7).date(), day_at(0).date(), at=NOON)

    (row,) = found.promotions
    assert (row.promotion_id, row.units, row.windows) == (promo.pk, 20, (10, 10, 10, 10))
    assert (row.first, row.last) == (day_at(3).date(), day_at(2).date())
    assert row.lift is not None
    assert row.lift.ratio == 2.0
    assert found.together == row.lift
    assert not found.is_cut


@pytest.mark.django_db
def test_windows_with_another_promotion_or_before_the_first_sale_do_not_count():
    variant = make_variant()
    sell(variant, {3: 12, 10: 90, 17: 6, 24: 0})
    flash_in_the_past(variant, began=3, ended=3 - 0.2)
    flash_in_the_past(variant, began=10, ended=10 - 0.2)
    touch_everything()
    add_up_all()

    found = purchases.measure_flash_promos(day_at(4).date(), day_at(0).date(), at=NOON)

    (row,) = found.promotions
    assert (row.units, row.windows) == (12, (6,))  # ten days ago it was promoted, 24 days ago there was no shop yet


@pytest.mark.django_db
def test_a_day_that_is_not_over_is_not_measured():
    flash_in_the_past(make_variant(), began=0, ended=-1)

    assert purchases.measure_flash_promos(day_at(4).date(), day_at(0).date(), at=NOON).promotions == ()


@pytest.mark.django_db
def test_campaigns_are_measured_over_all_they_are_about():
    inside, outside = make_variant(), make_variant()
    sell(inside, {2: 9, 9: 3, 16: 3, 23: 3, 30: 3})
    sell(outside, {2: 70, 9: 1, 40: 1})
    scoped = make_campaign(name="Talavera", scope="category", category_ids=(inside.product.category_id,))
    whole = make_campaign(name="Todo")
    Campaign.objects.update(starts_at=day_at(2), ends_at=day_at(1.9))
    touch_everything()
    add_up_all()

    found = purchases.measure_campaigns(day_at(4).date(), day_at(0).date(), at=NOON)

    rows = {row.promotion_id: (row.units, row.windows) for row in found.promotions}
    assert rows == {scoped.pk: (9, (3, 3, 3, 3)), whole.pk: (79, (4, 3, 3, 3))}
    assert DailyVariantSales.objects.aggregate(units=Sum("units"))["units"] == 9 + 12 + 72


@pytest.mark.django_db
def test_many_promotions_cost_as_few_queries_as_one(django_assert_num_queries):
    for back in range(2, 8):
        flash_in_the_past(make_variant(), began=back, ended=back - 0.1)

    with django_assert_num_queries(4):
        found = purchases.measure_flash_promos(day_at(10).date(), day_at(0).date(), at=NOON, most=4)

    assert len(found.promotions) == 4
    assert found.is_cut

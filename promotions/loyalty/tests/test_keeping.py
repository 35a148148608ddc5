"""What the days do (expiry, warnings, figures), what staff do, what is forgotten with a person."""

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from marketplace.core import erasure
from marketplace.core.errors import InvalidInputError, StaleError
from marketplace.core.models import AuditEntry, OutboxEvent
from marketplace.core.money import Money
from promotions.facade import loyalty_figures
from promotions.loyalty.errors import InsufficientPointsError, LevelInUseError
from promotions.loyalty.models import LoyaltyDay, LoyaltyLevel, LoyaltyMember, PointsEntry, PointsLot, Reward
from promotions.loyalty.reporting import liability, write_days
from promotions.loyalty.services.adjusting import adjust_points
from promotions.loyalty.services.earning import reverse_points
from promotions.loyalty.services.expiring import expire_points, warn_of_expiry
from promotions.loyalty.services.levels import recompute_levels
from promotions.loyalty.services.offering import (
    LevelTerms,
    PolicyTerms,
    RewardTerms,
    change_level,
    change_reward,
    create_level,
    create_reward,
    delete_level,
    set_policy,
)
from promotions.loyalty.services.redeeming import redeem_reward

from .factories import AT, DAY, earn, give, make_customer, make_levels, make_policy, make_reward, member_of, mxn

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana():
    make_policy()
    return make_customer()


def told(name: str) -> list[dict[str, Any]]:
    return [row.payload for row in OutboxEvent.objects.filter(wire_name=f"promotions.{name}").order_by("pk")]


# --- the days


def test_points_expire_once_and_in_their_order(ana):
    earn(ana, 10)
    earn(ana, 20, AT + DAY)
    luis = make_customer()
    earn(luis, 30)

    early = expire_points(at=AT + 100 * DAY - DAY)
    first = expire_points(at=AT + 100 * DAY)
    again = expire_points(at=AT + 100 * DAY)
    last = expire_points(at=AT + 101 * DAY)

    assert (early, first, again, last) == (0, 40, 0, 20)
    assert (member_of(ana).points, member_of(luis).points) == (0, 0)
    assert list(PointsEntry.objects.filter(kind="expired").order_by("pk").values_list("points", flat=True)) == [
        -10, -30, -20,
    ]  # fmt: skip


def test_points_that_expire_soon_are_told_once(ana):
    earn(ana, 10)
    earn(ana, 20, AT + 5 * DAY)

    at = AT + 70 * DAY
    told_now = warn_of_expiry(at=at - DAY), warn_of_expiry(at=at), warn_of_expiry(at=at + DAY)
    later = warn_of_expiry(at=at + 5 * DAY)

    assert (told_now, later) == ((0, 1, 0), 1)
    events = told("points_expiring")
    assert [event["points"] for event in events] == [10, 20]
    assert events[0]["customer_id"] == str(ana)


def test_the_liability_adds_up_by_the_month_of_the_platform(ana, settings):
    settings.PLATFORM_TIME_ZONE = "America/Mexico_City"
    earn(ana, 10)
    earn(make_customer(), 5, AT + DAY)
    earn(ana, 40, AT + 30 * DAY)

    months = liability()

    assert [(month.month, month.points, month.value) for month in months] == [
        (date(2026, 8, 1), 15, Money(150, "MXN")),
        (date(2026, 9, 1), 40, Money(400, "MXN")),
    ]


def test_the_figures_equal_the_rows_behind_them(ana):
    make_levels()
    luis = make_customer()
    order_id = earn(ana, 600)
    earn(luis, 100)
    redeem_reward(customer_id=ana, reward_id=make_reward().pk, at=AT + DAY)
    reverse_points(order_id=order_id, goods_left=mxn(5_400), at=AT + DAY)
    give(luis, 7, AT + DAY)
    expire_points(at=AT + 100 * DAY)
    recompute_levels(at=AT + 100 * DAY)

    for _ in range(2):
        write_days(AT.date(), AT.date() + 101 * DAY)
    whole = loyalty_figures(AT.date(), AT.date() + 101 * DAY)
    second_day = loyalty_figures(AT.date() + DAY, AT.date() + DAY)

    by_kind = dict.fromkeys(PointsEntry.Kind.values, 0)
    for kind, points in PointsEntry.objects.values_list("kind", "points"):
        by_kind[kind] += points
    assert whole.earned == by_kind["earned"] == 700
    assert (whole.redeemed, whole.reversed, whole.adjusted) == (100, 60, 7)
    assert whole.expired == -by_kind["expired"] == 700 - 100 - 60
    assert (whole.upgrades, whole.downgrades, whole.upgrade_rate_bp) == (2, 2, 10_000)
    assert (whole.members, whole.members_by_level) == (2, {"bronze": 2})
    assert (whole.outstanding, whole.liability) == (7, Money(70, "MXN"))
    assert (second_day.earned, second_day.redeemed, second_day.reversed) == (0, 100, 60)
    assert LoyaltyDay.objects.latest("day").members_by_level == {"bronze": 2}


def test_figures_of_nothing():
    figures = loyalty_figures(AT.date(), AT.date())

    assert (figures.members, figures.upgrade_rate_bp, figures.liability) == (0, 0, Money(0, "MXN"))


# --- staff


def test_points_are_corrected_once_with_a_reason(ana):
    def correct(points: int, key: str) -> LoyaltyMember:
        return adjust_points(customer_id=ana, points=points, reason="late parcel", key=key, actor_id=None, at=AT)

    correct(50, "a")
    correct(50, "a")
    correct(-20, "b")

    assert member_of(ana).points == 30
    assert list(PointsEntry.objects.order_by("pk").values_list("kind", "points", "reason")) == [
        ("adjusted", 50, "late parcel"),
        ("adjusted", -20, "late parcel"),
    ]
    entry = AuditEntry.objects.filter(action="promotions.adjust_points").latest("pk")
    assert (entry.before, entry.after, entry.reason) == ({"points": 50}, {"points": 30}, "late parcel")


@pytest.mark.parametrize(("points", "reason"), [(0, "why"), (5, "  "), (10_000_001, "much")])
def test_a_correction_without_points_or_reason_is_none(ana, points, reason):
    with pytest.raises(InvalidInputError):
        adjust_points(customer_id=ana, points=points, reason=reason, key="a", actor_id=None, at=AT)

    assert not LoyaltyMember.objects.exists()


def test_nobody_loses_more_than_there_is(ana):
    give(ana, 10)

    with pytest.raises(InsufficientPointsError):
        give(ana, -11)

    assert member_of(ana).points == 10


def test_the_statement_is_written_once(ana):
    give(ana, 10)

    for verb in ("UPDATE promotions_pointsentry SET points = 0", "DELETE FROM promotions_pointsentry"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(verb)

    assert PointsEntry.objects.get().points == 10


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": None}, "amount"),
        ({"min_ticket": None}, "min_ticket"),
        ({"min_ticket": mxn(49)}, "min_ticket"),
        ({"min_ticket": Money(90_000, "USD")}, "currency"),
        ({"kind": "free_shipping"}, "amount"),
        ({"kind": "car"}, "kind"),
        ({"cost": 0}, "cost"),
        ({"valid_days": 0}, "valid_days"),
        ({"name": " "}, "name"),
    ],
)
def test_a_reward_that_makes_no_sense(changes, field):
    usual = {"name": "Fifty", "kind": "voucher", "cost": 10, "amount": mxn(50), "min_ticket": mxn(50)}

    with pytest.raises(InvalidInputError) as refused:
        create_reward(terms=RewardTerms(**usual | changes), actor_id=None)

    assert [error.field for error in refused.value.field_errors] == [field]
    assert not Reward.objects.exists()


def test_a_reward_changes_by_its_version():
    reward = make_reward()

    change_reward(reward_id=reward.pk, changes={"cost": 80}, actor_id=None, expected_version=1)
    with pytest.raises(StaleError):
        change_reward(reward_id=reward.pk, changes={"cost": 70}, actor_id=None, expected_version=1)

    reward.refresh_from_db()
    assert (reward.cost, reward.version) == (80, 2)
    entry = AuditEntry.objects.get(action="promotions.change_reward")
    assert (entry.before, entry.after) == ({"cost": 100}, {"cost": 80})


def test_levels_have_their_own_key_and_threshold(ana):
    bronze, silver, gold = make_levels()

    with pytest.raises(InvalidInputError):
        create_level(terms=LevelTerms("other", "Other", 100), actor_id=None)
    with pytest.raises(InvalidInputError):
        change_level(level_id=gold.pk, changes={"threshold": 100}, actor_id=None)
    with pytest.raises(InvalidInputError):
        create_level(terms=LevelTerms("other", "Other", 900, 9_999), actor_id=None)

    earn(ana, 100)
    with pytest.raises(LevelInUseError):
        delete_level(level_id=silver.pk, actor_id=None)
    delete_level(level_id=bronze.pk, actor_id=None)
    assert list(LoyaltyLevel.objects.values_list("key", "threshold")) == [("silver", 100), ("gold", 500)]


def test_a_new_policy_leaves_earned_points_as_they_are(ana):
    earn(ana, 10)

    set_policy(terms=PolicyTerms(2_000, 20, 10, 30), actor_id=None)
    with pytest.raises(InvalidInputError):
        set_policy(terms=PolicyTerms(0, 20, 10, 30), actor_id=None)
    earn(ana, 10, AT + DAY)

    assert list(PointsLot.objects.order_by("earned_at").values_list("points", "expires_at")) == [
        (10, AT + 100 * DAY),
        (5, AT + 11 * DAY),
    ]


# --- erasure


def test_points_and_vouchers_end_with_the_account(ana):
    make_levels()
    earn(ana, 150)
    voucher = redeem_reward(customer_id=ana, reward_id=make_reward().pk, at=AT)
    luis = make_customer()
    earn(luis, 10)

    erasure.erase_person(ana)

    member = member_of(ana)
    voucher.refresh_from_db()
    assert (member.points, member.level, voucher.state) == (0, None, "expired")
    assert PointsEntry.objects.filter(member=member).latest("pk").points == -50
    assert sum(PointsLot.objects.filter(member=member).values_list("left", flat=True)) == 0
    assert member_of(luis).points == 10


def test_what_is_owed_ends_with_the_account(ana):
    order_id = earn(ana, 100)
    redeem_reward(customer_id=ana, reward_id=make_reward().pk, at=AT)
    reverse_points(order_id=order_id, goods_left=mxn(0), at=AT)

    erasure.erase_person(ana)

    entries = PointsEntry.objects.filter(member=member_of(ana))
    assert member_of(ana).owed == sum(entries.values_list("points", flat=True)) == 0

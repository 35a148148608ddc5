"""Points of orders: earned when everything has arrived, taken back with what comes back."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F

from marketplace.core.money import Money
from promotions.loyalty.models import LoyaltyMember, PointsLot
from promotions.loyalty.selectors import earned_between, levels, policy

from .levels import follow_level
from .lots import Kind, add_lot, expire_lots, lock_member, lock_or_make_member, minus, note, take, take_back

ONCE: Final = 10_000
"""Points count once, in hundredths of a percent."""


@transaction.atomic
def award_points(*, order_id: UUID, customer_id: UUID, goods: Money, points_bp: int = ONCE, at: datetime) -> int:
    """The points that an order earns with so much of goods, once per order; how many.

    `goods` // `minor_per_point` of the policy, times the level's multiplier, times the order's own (`points_bp`, in
    hundredths of a percent); what is not a whole point is dropped. Only goods in the platform's currency earn: a point
    has one value in the books. A level that is reached with them is reached at once.
    """
    terms = policy()
    base = goods.minor // terms.minor_per_point if goods.currency == settings.DEFAULT_CURRENCY else 0
    if base <= 0:
        return 0
    known = levels()
    member = lock_or_make_member(customer_id)
    source = source_of(order_id)
    if PointsLot.objects.filter(source=source).exists():
        return 0
    multiplier = next((level.multiplier_bp for level in known if level.pk == member.level_id), ONCE)
    points = base * multiplier * points_bp // ONCE**2
    if points <= 0:
        return 0
    add_lot(member, points=points, source=source, kind=Kind.EARNED, at=at, goods_minor=goods.minor)
    follow_level(member, at=at, known=known, window=timedelta(days=terms.window_days), may_fall=False)
    return points


@transaction.atomic
def reverse_points(*, order_id: UUID, goods_left: Money, at: datetime) -> int:
    """Goods of an order came back, so much is left: take away what the order has earned too much; how many points.

    Of the order's points remains the share of what is left of its goods, the rest of the division dropped. First goes
    what is left of the order's own points, then what had expired of them (nobody misses it), then others of the
    customer's, oldest first; what is still missing was spent and is owed. The level stays until the day's look. An
    order that earned nothing loses nothing; repeating it takes nothing more.
    """
    source = source_of(order_id)
    customer_id = PointsLot.objects.filter(source=source).values_list("member__customer_id", flat=True).first()
    if customer_id is None:
        return 0
    member = lock_member(customer_id)
    expire_lots(member, at)
    lot = PointsLot.objects.get(source=source)
    back = lot.points - lot.points * max(0, goods_left.minor) // lot.goods_minor - lot.reversed
    if back <= 0:
        return 0
    _take_away(member, lot, back, at)
    terms = policy()
    member.earned_in_window = earned_between(member, at - timedelta(days=terms.window_days), at)
    member.save(update_fields=["earned_in_window", "updated_at"])
    return back


def _take_away(member: LoyaltyMember, lot: PointsLot, back: int, at: datetime) -> None:
    own = min(lot.left, back)
    unmissed = min(lot.lapsed, back - own)
    taken = list(take(member, [(lot.pk, own)] if own else []))
    PointsLot.objects.filter(pk=lot.pk).update(reversed=F("reversed") + back, lapsed=F("lapsed") - unmissed)
    spent = back - own - unmissed
    if spent:
        taken += take_back(member, spent)
    if own + spent:
        key = f"{Kind.REVERSED}:{lot.source}:{lot.reversed + back}"
        note(member, Kind.REVERSED, -own - spent, key=key, lots=minus(taken), at=at)


def source_of(order_id: UUID) -> str:
    """Of the lot that an order earned."""
    return f"order:{order_id}"

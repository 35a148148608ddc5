"""Points under their member's lock: lots made, spent oldest first, expired; and the lines of the statement.

What can be spent is the sum of what is left of the lots; what is owed (`LoyaltyMember.owed`) is more than nothing only
while that sum is zero. The signed points of the statement add up to the one minus the other.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Case, F, Q, When

from marketplace.core.locking import LockRank, lock
from promotions.loyalty.errors import InsufficientPointsError, MemberNotFoundError
from promotions.loyalty.models import LoyaltyMember, PointsEntry, PointsLot
from promotions.loyalty.selectors import policy

Kind = PointsEntry.Kind
Taken = Sequence[tuple[UUID, int]]
"""Points by lot."""


def lock_member(customer_id: UUID) -> LoyaltyMember:
    """The customer's row, locked. Raises `MemberNotFoundError` where there never were points."""
    for member in lock(LockRank.LOYALTY, LoyaltyMember.objects.filter(customer_id=customer_id)):
        return member
    raise MemberNotFoundError


def lock_or_make_member(customer_id: UUID) -> LoyaltyMember:
    """The same, and made with the first points; of two at once one row remains."""
    try:
        return lock_member(customer_id)
    except MemberNotFoundError:
        LoyaltyMember.objects.bulk_create([LoyaltyMember(customer_id=customer_id)], ignore_conflicts=True)
        return lock_member(customer_id)


def add_lot(
    member: LoyaltyMember, *, points: int, source: str, kind: Kind, at: datetime, reason: str = "", goods_minor: int = 0
) -> PointsLot:
    """Points for a locked member, under their source once. What is owed is paid with them first."""
    paid = min(points, member.owed)
    lot = PointsLot.objects.create(
        member=member,
        points=points,
        left=points - paid,
        earned_at=at,
        expires_at=at + timedelta(days=policy().expire_after_days),
        source=source,
        goods_minor=goods_minor,
    )
    _change(member, points=points - paid, owed=-paid)
    note(member, kind, points, key=f"{kind}:{source}", lots=[(lot.pk, points - paid)], at=at, reason=reason)
    return lot


def spend(member: LoyaltyMember, points: int, at: datetime) -> Taken:
    """Take so many points of a locked member, oldest first; from which lots. What has expired goes before.

    Raises `InsufficientPointsError`.
    """
    expire_lots(member, at)
    lots = _with_points(member)
    there = sum(lot.left for lot in lots)
    if there < points:
        raise InsufficientPointsError(missing=points - there)
    return take(member, _oldest_first(lots, points))


def take_back(member: LoyaltyMember, points: int) -> Taken:
    """Take so many points of a locked member, oldest first, as far as they go; the rest is owed from now on."""
    lots = _with_points(member)
    there = min(points, sum(lot.left for lot in lots))
    taken = take(member, _oldest_first(lots, there))
    _change(member, points=0, owed=points - there)
    return taken


def take(member: LoyaltyMember, taken: Taken) -> Taken:
    """Take points from these lots: one statement that takes all of them, or `InsufficientPointsError`.

    The member's lock is what keeps two apart; the condition stands behind it.
    """
    if not taken:
        return taken
    has_them = Q(pk__in=[])
    for lot_id, points in taken:
        has_them |= Q(pk=lot_id, left__gte=points)
    left = Case(*(When(pk=lot_id, then=F("left") - points) for lot_id, points in taken))
    total = sum(points for _lot, points in taken)
    if PointsLot.objects.filter(has_them, member=member).update(left=left) != len(taken):
        raise InsufficientPointsError(missing=total)
    _change(member, points=-total)
    return taken


def expire_lots(member: LoyaltyMember, at: datetime) -> int:
    """Points of a locked member whose time is over are gone, each lot with its line; how many. Harmless twice."""
    due = list(PointsLot.objects.filter(member=member, left__gt=0, expires_at__lte=at).order_by("expires_at", "pk"))
    for lot in due:
        gone = lot.left
        PointsLot.objects.filter(pk=lot.pk).update(left=0, lapsed=F("lapsed") + gone)
        _change(member, points=-gone)
        note(member, Kind.EXPIRED, -gone, key=f"{Kind.EXPIRED}:{lot.pk}", lots=[(lot.pk, -gone)], at=at)
    return sum(lot.left for lot in due)


def note(
    member: LoyaltyMember, kind: Kind, points: int, *, key: str, lots: Taken, at: datetime, reason: str = ""
) -> PointsEntry:
    """A line of the statement, with the balance as it is by now. Its key can be used once."""
    return PointsEntry.objects.create(
        member=member,
        kind=kind,
        points=points,
        balance_after=member.points,
        key=key,
        reason=reason,
        lots=[[str(lot_id), moved] for lot_id, moved in lots],
        created_at=at,
    )


def minus(taken: Taken) -> Taken:
    """As the statement writes what went."""
    return [(lot_id, -points) for lot_id, points in taken]


def _with_points(member: LoyaltyMember) -> list[PointsLot]:
    return list(PointsLot.objects.filter(member=member, left__gt=0).order_by("expires_at", "pk"))


def _oldest_first(lots: Sequence[PointsLot], points: int) -> Taken:
    taken = []
    for lot in lots:
        if not points:
            break
        share = min(points, lot.left)
        taken.append((lot.pk, share))
        points -= share
    return taken


def _change(member: LoyaltyMember, *, points: int, owed: int = 0) -> None:
    """The row and the value in hand, which the caller has locked; a constraint keeps both from going below zero."""
    LoyaltyMember.objects.filter(pk=member.pk).update(points=F("points") + points, owed=F("owed") + owed)
    member.points += points
    member.owed += owed

"""Points that staff give or take, each time with a reason."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from marketplace.core import audit
from marketplace.core.errors import FieldError, InvalidInputError, gettext_noop
from promotions.loyalty.models import LoyaltyMember, PointsEntry

from .lots import Kind, add_lot, lock_or_make_member, minus, note, spend

MOST = 10_000_000


@transaction.atomic
def adjust_points(
    *, customer_id: UUID, points: int, reason: str, key: str, actor_id: UUID | None, at: datetime
) -> LoyaltyMember:
    """Give (more than zero) or take points, once per key; audited. They decide no level.

    What is taken goes oldest first, and never more than there is: `InsufficientPointsError`. Raises
    `InvalidInputError` without a reason, or for no points.
    """
    _check(points, reason)
    member = lock_or_make_member(customer_id)
    source = f"adjustment:{key}"
    if PointsEntry.objects.filter(key=f"{Kind.ADJUSTED}:{source}").exists():
        return member
    before = member.points
    if points > 0:
        add_lot(member, points=points, source=source, kind=Kind.ADJUSTED, at=at, reason=reason)
    else:
        taken = spend(member, -points, at)
        note(member, Kind.ADJUSTED, points, key=f"{Kind.ADJUSTED}:{source}", lots=minus(taken), at=at, reason=reason)
    audit.record(
        actor_id=actor_id,
        action="promotions.adjust_points",
        subject=member,
        before={"points": before},
        after={"points": member.points},
        reason=reason,
    )
    return member


def _check(points: int, reason: str) -> None:
    errors = []
    if not points or abs(points) > MOST:
        errors.append(FieldError("points", "invalid", gettext_noop("Give a number of points, or take one.")))
    if not reason.strip():
        errors.append(FieldError("reason", "blank", gettext_noop("Say why.")))
    if errors:
        raise InvalidInputError(errors)

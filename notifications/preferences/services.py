"""Writes of what people want to be told."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from notifications.kinds.channels import Channel
from notifications.kinds.table import KINDS

from .errors import QuietHoursError, RequiredNotificationError, UnknownKindError
from .models import Preference, QuietHours


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A customer's word about one kind over one channel; None takes it back."""

    kind: str
    channel: str
    is_on: bool | None


@transaction.atomic
def change_preferences(
    *,
    customer_id: UUID,
    wishes: Sequence[Wish] = (),
    hours: Mapping[str, Any] | None = None,
    with_house: bool = False,
) -> None:
    """All of it or nothing. `hours` are columns of `QuietHours`, both ends of the quiet hours or none of them.

    Of two wishes about the same the later counts. Raises `UnknownKindError` (also for a kind of the house, unless
    `with_house`), `RequiredNotificationError`, `QuietHoursError`.
    """
    for wish in wishes:
        _check(wish, with_house=with_house)
    latest = {(wish.kind, wish.channel): wish for wish in wishes}.values()
    _forget([wish for wish in latest if wish.is_on is None], customer_id)
    _keep([wish for wish in latest if wish.is_on is not None], customer_id)
    if hours:
        begins, ends = hours.get("quiet_from"), hours.get("quiet_until")
        if begins is not None and begins == ends:
            raise QuietHoursError
        QuietHours.objects.update_or_create(customer=customer_id, defaults=dict(hours))


def switch_mail_off(*, customer_id: UUID, kind: str | None) -> list[str]:
    """No more e-mail of that kind, or with None of any that is not required; which kinds that were. Harmless twice.

    Raises `RequiredNotificationError`, `UnknownKindError`.
    """
    kinds = [kind] if kind else [row.code for row in KINDS.values() if not row.is_required_on(Channel.EMAIL)]
    wishes = [Wish(kind=code, channel=Channel.EMAIL, is_on=False) for code in kinds]
    change_preferences(customer_id=customer_id, wishes=wishes, with_house=True)
    return kinds


def forget_preferences(customer_id: UUID) -> None:
    """Erasure."""
    Preference.objects.filter(customer=customer_id).delete()
    QuietHours.objects.filter(customer=customer_id).delete()


def _check(wish: Wish, *, with_house: bool) -> None:
    row = KINDS.get(wish.kind)
    if row is None or (row.is_for_house and not with_house):
        raise UnknownKindError(notification_kind=wish.kind)
    if wish.is_on is False and row.is_required_on(wish.channel):
        raise RequiredNotificationError(notification_kind=wish.kind, channel=wish.channel)


def _forget(wishes: Collection[Wish], customer_id: UUID) -> None:
    if wishes:
        which = Q(pk__in=[])
        for wish in wishes:
            which |= Q(kind=wish.kind, channel=wish.channel)
        Preference.objects.filter(which, customer=customer_id).delete()


def _keep(wishes: Collection[Wish], customer_id: UUID) -> None:
    Preference.objects.bulk_create(
        (
            Preference(customer=customer_id, kind=wish.kind, channel=wish.channel, is_on=bool(wish.is_on))
            # In one order for everybody, so that two requests of one customer do not wait for each other in a circle.
            for wish in sorted(wishes, key=lambda wish: (wish.kind, wish.channel))
        ),
        update_conflicts=True,
        unique_fields=["customer", "kind", "channel"],
        update_fields=["is_on", "updated_at"],
    )

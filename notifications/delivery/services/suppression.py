"""Addresses that must not be written to any more."""

from uuid import UUID

from django.db import transaction

from marketplace.core import audit
from notifications.delivery.models import Suppression
from notifications.delivery.planning import address_hash
from notifications.kinds.channels import Channel


def suppress_address(*, address: str, reason: str, detail: str = "") -> None:
    """Write to this address no more. A graver reason replaces a lighter one; harmless twice."""
    row = Suppression(channel=Channel.EMAIL, address_hash=address_hash(address), reason=reason, detail=detail[:200])
    Suppression.objects.bulk_create([row], ignore_conflicts=True)
    if reason != Suppression.Reason.UNSUBSCRIBED:
        lighter = Suppression.objects.filter(channel=Channel.EMAIL, address_hash=row.address_hash)
        lighter.filter(reason=Suppression.Reason.UNSUBSCRIBED).update(reason=reason, detail=row.detail)


@transaction.atomic
def lift_suppression(*, suppression: Suppression, actor_id: UUID) -> None:
    """The address may be written to again."""
    audit.record(
        actor_id=actor_id,
        action="notifications.lift_suppression",
        subject=suppression,
        before={"channel": suppression.channel, "reason": suppression.reason},
    )
    suppression.delete()

"""Claims of gifts, by people and by guests."""

import secrets
from datetime import datetime
from uuid import UUID

from django.db import transaction

from links.events import GiftClaimed
from links.gift_lists.errors import GiftClaimedError
from links.gift_lists.models import GiftClaim
from links.gift_lists.selectors import token_hash
from marketplace.core.outbox.publishing import publish

from .locking import lock_gift, lock_wanted_gift


@transaction.atomic
def claim_gift(*, gift_id: UUID, claimer_id: UUID | None, guest_name: str) -> tuple[GiftClaim, str]:
    """Promise to give it; the claim, and for a guest the token that takes it back, which is told this once.

    For people the same again is the same claim. Who keeps the list is refused before this is asked. Raises
    `GiftClaimedError`, `GiftNotWantedError`, `GiftListClosedError`, `NotFoundError`.
    """
    gift = lock_wanted_gift(gift_id)
    before = gift.claims.filter(released_at__isnull=True).first()
    if before is not None:
        if claimer_id is None or before.claimer_id != claimer_id:
            raise GiftClaimedError
        return before, ""
    token = "" if claimer_id else secrets.token_urlsafe(32)
    claim = GiftClaim.objects.create(
        gift=gift,
        claimer_id=claimer_id,
        guest_name="" if claimer_id else guest_name,
        token_hash=token_hash(token) if token else "",
    )
    publish(GiftClaimed(gift_id=gift.pk, gift_list_id=gift.gift_list_id, claim_id=claim.pk))
    return claim, token


@transaction.atomic
def release_claim(*, claim: GiftClaim, at: datetime) -> None:
    """Take it back; somebody else may claim the gift again. Harmless twice."""
    lock_gift(claim.gift_id)
    GiftClaim.objects.filter(pk=claim.pk, released_at__isnull=True).update(released_at=at)

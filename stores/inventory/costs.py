"""What variants cost follows what is paid for them: receipts of goods and the ERP both end here."""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction

from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money
from stores.catalog.models import Variant
from stores.catalog.services import change_variant


@transaction.atomic
def follow_costs(*, costs: Mapping[UUID, Money], cause: str, actor_id: UUID | None) -> int:
    """Set the cost of each variant (by id) through the catalogue's service, where it is another; how many were.

    Variants are locked in key order first: two receipts of the same goods cannot wait for each other in a circle.
    Raises `CurrencyMismatchError`.
    """
    variants = lock(LockRank.CATALOG, Variant.objects.filter(pk__in=costs))
    changed = [variant for variant in variants if variant.cost != costs[variant.pk]]
    for variant in changed:
        change_variant(
            variant=variant,
            expected_version=None,
            changes={"cost": costs[variant.pk]},
            actor_id=actor_id,
            cause=cause,
        )
    return len(changed)

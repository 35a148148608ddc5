"""Many prices at once, exactly as they were seen beforehand."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from marketplace.core import audit
from marketplace.core.clock import db_now
from marketplace.core.locking import LockRank, lock
from stores.catalog import listings
from stores.catalog.models import Variant
from stores.catalog.repriced import tell_repriced
from stores.catalog.repricing import PlannedPrice

from .variants import note_prices


@transaction.atomic
def apply_prices(
    *, plan: Sequence[PlannedPrice], within: "QuerySet[Variant]", bulk_id: UUID, actor_id: UUID | None
) -> list[PlannedPrice]:
    """Set the planned prices; the rows of the plan that were changed since, or are not `within`, are left and answered.

    Each variant has its audit entry, and its price history says `bulk:<bulk_id>`. Harmless twice: the second time
    every row has been changed since.
    """
    wanted = {row.variant_id: row for row in plan if row.after is not None}
    rows = lock(LockRank.CATALOG, Variant.objects.filter(pk__in=within.filter(pk__in=wanted).values("pk")))
    fresh = [row for row in rows if (row.version, row.price) == (wanted[row.pk].version, wanted[row.pk].before)]
    for variant in fresh:
        after = wanted[variant.pk].after
        assert after is not None
        variant.price_minor, variant.version, variant.updated_at = after.minor, variant.version + 1, db_now()
    Variant.objects.bulk_update(fresh, ["price_minor", "version", "updated_at"], batch_size=500)
    note_prices(fresh, cause=f"bulk:{bulk_id}", actor_id=actor_id)
    for variant in fresh:
        audit.record(
            actor_id=actor_id,
            action="stores.change_prices",
            subject=variant,
            before={"price_minor": wanted[variant.pk].before.minor},
            after={"price_minor": variant.price_minor},
            reason=f"bulk:{bulk_id}",
        )
    listings.refresh((variant.product_id for variant in fresh), words=False)
    tell_repriced(variant.product_id for variant in fresh)
    done = {variant.pk for variant in fresh}
    return [row for row in plan if row.variant_id not in done]

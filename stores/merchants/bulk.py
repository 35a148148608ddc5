"""Adding many stores at once (demo data, importers). Re-runnable: a slug that is there stays as it is."""

from collections.abc import Iterable
from itertools import islice

from django.conf import settings
from django.db import transaction

from marketplace.core.geo import canonical_degrees
from stores.contracts import Added, StoreRow

from .models import Store, StoreMember

CHUNK = 500


def add_stores(rows: Iterable[StoreRow]) -> Added:
    """Add the stores that are not there yet, in chunks of one transaction each."""
    iterator = iter(rows)
    added = Added({}, 0)
    while chunk := {row.slug: row for row in islice(iterator, CHUNK)}:
        part = _add_chunk(chunk)
        added = Added(added.ids | part.ids, added.new_count + part.new_count)
    return added


@transaction.atomic
def _add_chunk(chunk: dict[str, StoreRow]) -> Added:
    ids = dict(Store.objects.filter(slug__in=chunk).values_list("slug", "pk"))
    fresh = [
        Store(
            slug=row.slug,
            name=row.name,
            latitude=canonical_degrees(row.latitude),
            longitude=canonical_degrees(row.longitude),
            currency=row.currency or settings.DEFAULT_CURRENCY,
            language=row.language,
        )
        for row in chunk.values()
        if row.slug not in ids
    ]
    Store.objects.bulk_create(fresh)
    ids |= {store.slug: store.pk for store in fresh}
    StoreMember.objects.bulk_create(
        (
            StoreMember(store_id=ids[row.slug], user_id=user_id, role=StoreMember.Role.OWNER)
            for row in chunk.values()
            for user_id in row.owner_ids
        ),
        ignore_conflicts=True,
    )
    return Added(ids, len(fresh))

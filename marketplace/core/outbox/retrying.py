"""Another chance for deliveries that were set aside, once somebody has mended what they failed of."""

from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from marketplace.core.audit import record_many
from marketplace.core.clock import db_now

from .models import EventDelivery

PENDING, PARKED = EventDelivery.State.PENDING, EventDelivery.State.PARKED
AT_ONCE: Final = 1_000


def try_again(deliveries: "QuerySet[EventDelivery, EventDelivery]", *, actor_id: UUID | None) -> int:
    """All its attempts anew, from now on, for each parked one among these; the others are passed over. How many.

    A thousand a transaction. Harmless twice. Each is in the audit trail; None as actor is who runs the servers.
    """
    keys = list(deliveries.filter(state=PARKED).order_by("pk").values_list("pk", flat=True))
    return sum(_release(keys[start : start + AT_ONCE], actor_id) for start in range(0, len(keys), AT_ONCE))


@transaction.atomic
def _release(keys: list[int], actor_id: UUID | None) -> int:
    parked = list(EventDelivery.objects.filter(pk__in=keys, state=PARKED).select_for_update().order_by("pk"))
    EventDelivery.objects.filter(pk__in=[each.pk for each in parked]).update(
        state=PENDING, attempts=0, sends=0, due_at=db_now()
    )
    changes = [(each, {"state": PARKED.value}, {"state": PENDING.value}) for each in parked]
    record_many(actor_id=actor_id, action="core.retry_delivery", entries=changes)
    return len(parked)

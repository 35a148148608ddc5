"""Suspect events that staff find to be good ones."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from marketplace.core.audit import record
from promotions.engagement import orm_counting, statements
from promotions.engagement.models import EngagementEvent, EventDrain
from promotions.engagement.selectors import policy_in_force

from .draining import agree_on_policy, run


@transaction.atomic
def restore_suspects(*, event_ids: Iterable[UUID], actor_id: UUID | None, at: datetime) -> int:
    """Count those of the events that are suspect, as if they had come in now; how many. Twice is once."""
    ids = list(event_ids)
    agree_on_policy()
    policy = policy_in_force()
    drain = EventDrain.objects.create(events_count=0, drained_at=at)
    if connection.vendor == "postgresql":
        _said, restored = run(statements.count_restored(), [str(each) for each in ids], drain.pk, policy)
    else:
        events = orm_counting.take_suspects(ids, drain.pk)
        orm_counting.count(events, policy, at)
        restored = len(events)
    if restored:
        EventDrain.objects.filter(pk=drain.pk).update(events_count=restored)
        record(actor_id=actor_id, action="promotions.restore_events", subject=drain, after={"events": restored})
    else:
        drain.delete()
    return restored


def suspects_of(actors: Iterable[UUID]) -> list[UUID]:
    """Ids of everything suspect that those actors did."""
    return list(EngagementEvent.objects.filter(actor__in=actors, is_suspect=True).values_list("pk", flat=True))

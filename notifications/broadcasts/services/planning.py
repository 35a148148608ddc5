"""The terms of a broadcast: made, changed, removed; each time audited."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from marketplace.core import audit
from marketplace.core.errors import FieldError, InvalidInputError, gettext_noop
from marketplace.core.http.etags import compare_and_set
from notifications.broadcasts.errors import BroadcastStateError
from notifications.broadcasts.models import Broadcast
from notifications.broadcasts.states import OPEN, State
from notifications.broadcasts.terms import BroadcastTerms, terms_of, wrong_terms

from .lifecycle import locked_broadcast, refuse_past


@transaction.atomic
def create_broadcast(*, terms: BroadcastTerms, actor_id: UUID | None) -> Broadcast:
    """Make a draft. Raises `InvalidInputError` with every wrong field; nothing is then left."""
    _check(terms)
    broadcast = Broadcast.objects.create(**terms.columns())
    _set_segments(broadcast, terms)
    audit.record(actor_id=actor_id, action="notifications.create_broadcast", subject=broadcast, after=terms.said())
    return broadcast


@transaction.atomic
def change_broadcast(
    *,
    broadcast_id: UUID,
    changes: Mapping[str, Any],
    actor_id: UUID | None,
    at: datetime,
    expected_version: int | None = None,
) -> Broadcast:
    """Change some of the terms (`BroadcastTerms`' names), until it is being sent.

    Raises `BroadcastNotFoundError`, `StaleError`, `BroadcastStateError`, `InvalidInputError`: also for a scheduled one
    that would have no moment, or one that has passed.
    """
    broadcast = locked_broadcast(broadcast_id, expected_version)
    if broadcast.state not in OPEN:
        raise BroadcastStateError(state=broadcast.state)
    before = terms_of(broadcast)
    terms = replace(before, **changes)
    if terms == before:
        return broadcast
    _check(terms)
    if broadcast.state == State.SCHEDULED:
        refuse_past(terms.send_at, at)
    compare_and_set(broadcast, broadcast.version, **terms.columns())
    _set_segments(broadcast, terms)
    old, new = before.said(), terms.said()
    changed = [name for name in old if old[name] != new[name]]
    audit.record(
        actor_id=actor_id,
        action="notifications.change_broadcast",
        subject=broadcast,
        before={name: old[name] for name in changed},
        after={name: new[name] for name in changed},
    )
    return broadcast


@transaction.atomic
def delete_broadcast(*, broadcast_id: UUID, actor_id: UUID | None, expected_version: int | None = None) -> None:
    """Remove a draft. Raises `BroadcastNotFoundError`, `StaleError`, `BroadcastStateError`: the others stay."""
    broadcast = locked_broadcast(broadcast_id, expected_version)
    if broadcast.state != State.DRAFT:
        raise BroadcastStateError(state=broadcast.state)
    said = terms_of(broadcast).said()
    audit.record(actor_id=actor_id, action="notifications.delete_broadcast", subject=broadcast, before=said)
    broadcast.delete()


def _set_segments(broadcast: Broadcast, terms: BroadcastTerms) -> None:
    segments: Any = broadcast.segments
    segments.set(terms.segment_ids)


def _check(terms: BroadcastTerms) -> None:
    errors = wrong_terms(terms)
    segments: Any = Broadcast._meta.get_field("segments").related_model
    if segments._default_manager.filter(pk__in=terms.segment_ids).count() != len(terms.segment_ids):
        errors.append(FieldError("segments", "does_not_exist", gettext_noop("Some of these do not exist.")))
    if errors:
        raise InvalidInputError(errors)

"""Broadcasts for tests, here and in other contexts: made by the services, so that everything agrees."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from marketplace.core.outbox.relay import drain
from notifications.broadcasts.models import Broadcast
from notifications.broadcasts.services import lifecycle, planning
from notifications.broadcasts.terms import BroadcastTerms


def broadcast_terms(**terms: Any) -> BroadcastTerms:
    """For everybody, over the inbox alone."""
    defaults: dict[str, Any] = {
        "name": "Opening",
        "title_en": "We open at 100 %",
        "title_es": "Abrimos al 100 %",
        "body_en": "Come and see us.",
        "body_es": "Ven a visitarnos.",
    }
    return BroadcastTerms(**(defaults | terms))


def make_broadcast(*, state: str = "draft", at: datetime | None = None, **terms: Any) -> Broadcast:
    """A broadcast in that state; one that is scheduled is due in an hour, one that was sent was told to everybody."""
    at = at or timezone.now()
    if state == "scheduled":
        terms.setdefault("send_at", at + timedelta(hours=1))
    broadcast = planning.create_broadcast(terms=broadcast_terms(**terms), actor_id=None)
    who: dict[str, Any] = {"broadcast_id": broadcast.pk, "actor_id": None, "at": at}
    if state == "scheduled":
        lifecycle.schedule_broadcast(**who)
    if state in {"sending", "sent", "stopped"}:
        lifecycle.send_broadcast(**who)
    if state == "sent":
        drain()
    if state == "stopped":
        lifecycle.stop_broadcast(**who)
    broadcast.refresh_from_db()
    assert broadcast.state == state
    return broadcast

"""Events that the shop's own pages send, where a person is signed in by a cookie and not by a token."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest

from marketplace.core.http.throttling import client_address, network_of, within_rate

from . import wire
from .actors import actor_of_request
from .bots import is_bot
from .services.collecting import collect_events


def collect_from_page(request: HttpRequest, *, customer_id: UUID | None, at: datetime) -> int | None:
    """Take a batch as `events/batch/` does; how many events were taken. None: too many came from there, nothing was.

    Raises what `wire.read_batch` raises for a body that is no batch.
    """
    actor = customer_id or actor_of_request(request)
    if not within_rate("events_address", network_of(client_address(request))) or not within_rate("events", str(actor)):
        return None
    said = wire.read_batch(request.read(wire.MOST_BYTES + 1))
    if is_bot(request.headers.get("User-Agent", "")):
        return 0
    return collect_events(read=said, customer_id=customer_id, actor=actor, at=at).accepted

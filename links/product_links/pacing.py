"""Turns at strangers' hosts: one reader at a time, and at least LINK_SECONDS_PER_HOST between two requests.

`HostPace.next_at` is both: while a host is being read it lies in the future, so that no other process, however many
there are, gets a turn; a reader that dies frees the host by time. All by the database's clock.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from protego import Protego

from marketplace.core.clock import db_now, read_db_now

from . import fetching
from .addresses import Address
from .models import HostPace

TURN: Final = timedelta(seconds=40)
"""Longer than the longest visit: a request with all its redirects."""
ROBOTS_FOR: Final = timedelta(days=1)
LONGEST_PAUSE: Final = 30.0
"""A `Crawl-delay` beyond it is taken for this."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to ask a host, until it is given back. `held_until` names it: nobody else's turn ends then."""

    pace: HostPace
    held_until: datetime


def take_turn(host: str) -> Turn | None:
    """One conditional UPDATE; None while somebody else has the host, or its pause is not over."""
    HostPace.objects.get_or_create(host=host, defaults={"next_at": db_now()})
    if not HostPace.objects.filter(host=host, next_at__lte=db_now()).update(next_at=db_now() + TURN):
        return None
    pace = HostPace.objects.get(host=host)
    return Turn(pace, pace.next_at)


def end_turn(turn: Turn, *, pause: float) -> None:
    """Give the host back after so many seconds. A turn that lapsed is not there to be ended."""
    held = HostPace.objects.filter(host=turn.pace.host, next_at=turn.held_until)
    held.update(next_at=db_now() + timedelta(seconds=pause))


def knows_robots(pace: HostPace, at: datetime) -> bool:
    """Whether the host's rules were read within a day."""
    return pace.robots_read_at is not None and pace.robots_read_at > at - ROBOTS_FOR


def read_robots(pace: HostPace, scheme: str) -> None:
    """Ask for the host's rules and keep them. Only with the host's turn. Raises `FetchError`."""
    pace.robots = fetching.fetch_robots(pace.host, scheme)
    pace.robots_read_at = read_db_now()
    pace.save(update_fields=["robots", "robots_read_at"])


def may_read(pace: HostPace, address: Address) -> bool:
    """Whether the host lets us read that address."""
    return bool(Protego.parse(pace.robots).can_fetch(address.url, fetching.user_agent_name()))


def pause_of(pace: HostPace) -> float:
    """Seconds between two requests: ours, or the host's own wish if that is more."""
    wish = Protego.parse(pace.robots).crawl_delay(fetching.user_agent_name()) if pace.robots else None
    return max(float(settings.LINK_SECONDS_PER_HOST), min(float(wish or 0.0), LONGEST_PAUSE))

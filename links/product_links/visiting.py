"""One visit to a shop: its turn, its rules, and the turns of whatever hosts it sends us on to."""

import time
from dataclasses import dataclass, field
from datetime import datetime

from . import pacing
from .addresses import Address
from .fetching import Fetched, FetchError, fetch_page
from .pacing import Turn


class HostBusyError(Exception):
    """Somebody else has the host that a page sends us on to: later."""


@dataclass(slots=True)
class Visit:
    """Holds the turns of the hosts that were asked, until `end`."""

    at: datetime
    turns: dict[str, Turn] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    pauses: dict[str, float] = field(default_factory=dict)

    def begin(self, host: str) -> bool:
        """Take a host's turn; False while it is not to be had."""
        turn = pacing.take_turn(host)
        if turn is not None:
            self.turns[host] = turn
        return turn is not None

    def end(self) -> None:
        """Give every host back."""
        for host, turn in self.turns.items():
            least = pacing.pause_of(turn.pace) if host in self.asked else 0.0
            pacing.end_turn(turn, pause=max(least, self.pauses.get(host, 0.0)))

    def leave_alone(self, host: str, seconds: float) -> None:
        """A longer pause at the end: the host has said that it is busy."""
        self.pauses[host] = seconds

    def read_robots(self, address: Address) -> bool:
        """Ask for the host's rules if they are not known; whether it was asked."""
        pace = self.turns[address.host].pace
        if pacing.knows_robots(pace, self.at):
            return False
        self.asked.add(address.host)
        pacing.read_robots(pace, address.url.partition("://")[0])
        return True

    def fetch(self, address: Address) -> Fetched:
        """Read the page. Raises `FetchError`, `HostBusyError`."""
        return fetch_page(address, before_each=self._before)

    def _before(self, address: Address) -> None:
        """Turn, rules and pause of each address on the way."""
        host = address.host
        if host not in self.turns and not self.begin(host):
            raise HostBusyError
        self.read_robots(address)
        pace = self.turns[host].pace
        if not pacing.may_read(pace, address):
            raise FetchError("robots", is_final=True)
        if host in self.asked:
            time.sleep(pacing.pause_of(pace))
        self.asked.add(host)

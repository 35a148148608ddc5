"""The broadcast's state machine, in one table.

What is being sent is sent by the fan-out of its message: it is sent once that has been told to its end. Stopping is
for good: some may have been told.
"""

from typing import Final

from .models import Broadcast

State = Broadcast.State

TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    State.DRAFT: frozenset({State.SCHEDULED, State.SENDING}),
    State.SCHEDULED: frozenset({State.SENDING, State.STOPPED}),
    State.SENDING: frozenset({State.SENT, State.STOPPED}),
    State.SENT: frozenset(),
    State.STOPPED: frozenset(),
}

OPEN: Final = (State.DRAFT, State.SCHEDULED)
"""May still be changed."""

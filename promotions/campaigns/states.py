"""The campaign's state machine, in one table.

Activating a draft schedules it, and starts it at once where its moment has come. Deactivating takes back what has not
begun (a draft again) and ends what has: customers were told of it, and its start is published once.
"""

from typing import Final

from .models import Campaign

State = Campaign.State

TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    State.DRAFT: frozenset({State.SCHEDULED}),
    # Ended without having started: both moments passed while nobody looked.
    State.SCHEDULED: frozenset({State.ACTIVE, State.DRAFT, State.ENDED}),
    State.ACTIVE: frozenset({State.ENDED}),
    State.ENDED: frozenset(),
}

ON: Final = (State.SCHEDULED, State.ACTIVE)
"""In the rule book."""

"""Refusals of broadcasts."""

from marketplace.core.errors import DomainError, NotFoundError, gettext_noop


class BroadcastNotFoundError(NotFoundError):
    """No such broadcast."""


class BroadcastStateError(DomainError):
    """The state machine has no such step from here."""

    code = "broadcast_state"
    message = gettext_noop("A broadcast in state “%(state)s” does not allow this.")

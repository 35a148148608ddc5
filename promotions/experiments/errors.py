"""Refusals of experiments."""

from marketplace.core.errors import DomainError, NotFoundError, gettext_noop


class ExperimentNotFoundError(NotFoundError):
    """No such experiment, or no such variant of it."""


class ExperimentStateError(DomainError):
    """It has no such step from here; what was promised at the start stays as it is."""

    code = "experiment_state"
    message = gettext_noop("An experiment in state “%(state)s” does not allow this.")


class ExperimentKeyTakenError(DomainError):
    """Keys name experiments for good."""

    code = "experiment_key_taken"
    message = gettext_noop("The key %(key)s is taken.")


class KnobTakenError(DomainError):
    """Two at once about one knob would answer each other's question."""

    code = "knob_taken"
    message = gettext_noop("The experiment “%(name)s” varies the same; stop it first.")


class WinnerPickedError(DomainError):
    """A winner was picked before, and its value written."""

    code = "winner_picked"
    message = gettext_noop("The winner of this experiment has been picked: %(key)s.")


class ExperimentUnreadableError(DomainError):
    """Its units did not come in as they were shared out: there is no winner to be had, what is done today stays."""

    code = "experiment_unreadable"
    message = gettext_noop("The sample ratio check failed: these figures must not be read, and no variant can win.")

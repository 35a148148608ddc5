"""Refusals about scores."""

from marketplace.core.errors import DomainError, ErrorKind, gettext_noop


class NoScoresError(DomainError):
    """No scores were computed yet, or that version was not completed or is gone."""

    code = "no_scores"
    kind = ErrorKind.NOT_FOUND
    message = gettext_noop("There is no such version of the scores.")

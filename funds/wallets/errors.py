"""Refusals of the wallet."""

from marketplace.core.errors import DomainError, ErrorKind, gettext_noop


class WeeklyLimitError(DomainError):
    """An automatic purchase would exceed the customer's own limit for the week. `left` is what still fits."""

    code = "weekly_limit_exceeded"
    message = gettext_noop("Automatic purchases of this week may still take %(left)s %(currency)s.")


class StatementTooLongError(DomainError):
    """More lines than a printed statement may have."""

    code = "statement_too_long"
    kind = ErrorKind.INVALID
    message = gettext_noop("A PDF holds %(most)s lines at most; choose fewer days, or CSV.")

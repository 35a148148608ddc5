"""Refusals of the ledger."""

from marketplace.core.errors import DomainError, ErrorKind, gettext_noop


class InsufficientFundsError(DomainError):
    """A strict account would go below zero. `missing` and `currency` say by how much."""

    code = "insufficient_funds"
    message = gettext_noop("The balance is too small: %(missing)s %(currency)s are missing.")


class KeyReusedError(DomainError):
    """The business key belongs to a journal or hold with other content."""

    code = "ledger_key_reused"
    kind = ErrorKind.UNPROCESSABLE
    message = gettext_noop("This key was used for another movement of money.")


class UnknownAccountError(DomainError):
    """No such account, or it keeps another currency than the posting."""

    code = "account_mismatch"
    message = gettext_noop("The account does not exist or keeps another currency.")


class UnknownHoldError(DomainError):
    """No such hold."""

    code = "hold_not_found"
    kind = ErrorKind.NOT_FOUND
    message = gettext_noop("There is no such hold.")


class HoldNotActiveError(DomainError):
    """The hold was captured, released or has expired."""

    code = "hold_not_active"
    message = gettext_noop("The hold is no longer active (%(state)s).")


class CaptureExceedsHoldError(DomainError):
    """More was to be captured than is left of the hold."""

    code = "capture_exceeds_hold"
    message = gettext_noop("Only %(left)s %(currency)s are left of the hold.")


class NotReversibleError(DomainError):
    """A reversal cannot itself be reversed."""

    code = "not_reversible"
    message = gettext_noop("This movement of money cannot be reversed.")


class AccountNotEmptyError(DomainError):
    """Somebody with money or a pending payment cannot be erased."""

    code = "wallet_not_empty"
    message = gettext_noop("There is still money in the wallet or on its way. Spend or withdraw it first.")

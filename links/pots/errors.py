"""Refusals of pots."""

from marketplace.core.errors import DomainError, gettext_noop


class GiftFundedError(DomainError):
    """A gift takes no more than it costs. `left` and `currency` say what it still takes."""

    code = "gift_funded"
    message = gettext_noop("The gift takes %(left)s %(currency)s more at most.")


class PotsNotEmptyError(DomainError):
    """Money of or for this person is in pots, so the account cannot be erased."""

    code = "pots_not_empty"
    message = gettext_noop("There is still money in gift pots. Close the lists, or wait until they are closed, first.")

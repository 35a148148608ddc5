"""Refusals of the payments slice."""

from marketplace.core.errors import DomainError, ErrorKind, ForbiddenError, NotFoundError, gettext_noop


class UnknownProviderError(DomainError):
    """The provider does not exist here or is switched off."""

    code = "unknown_provider"
    kind = ErrorKind.INVALID
    message = gettext_noop("This payment provider is not available.")


class CurrencyNotTakenError(DomainError):
    """The provider does not take this currency."""

    code = "currency_not_taken"
    message = gettext_noop("The payment provider does not take %(currency)s.")


class ForgedWebhookError(ForbiddenError):
    """A webhook that does not come from the provider, or is too old."""

    code = "webhook_refused"
    message = gettext_noop("The notification's signature is not valid.")


class UnknownDepositError(NotFoundError):
    """No such deposit, or somebody else's."""


class DepositNotCancellableError(DomainError):
    """The provider may already have the money."""

    code = "deposit_not_cancellable"
    message = gettext_noop("The deposit can no longer be cancelled (%(state)s).")


class UnknownPayoutError(NotFoundError):
    """No such payout, or somebody else's."""


class PayoutNotCancellableError(DomainError):
    """The money may already be on its way."""

    code = "payout_not_cancellable"
    message = gettext_noop("The payout can no longer be cancelled (%(state)s).")


class AnswerMismatchError(Exception):
    """The provider's answer cannot be right (another amount, another reference). No refusal: the task is parked."""


class RefundExceedsPaymentError(DomainError):
    """More was to be refunded than is left of the payment."""

    code = "refund_exceeds_payment"
    message = gettext_noop("Only %(left)s %(currency)s of the payment can still be refunded.")


class NotRefundableError(DomainError):
    """The payment never brought money in, or is disputed."""

    code = "payment_not_refundable"
    message = gettext_noop("This payment cannot be refunded (%(state)s).")


class ReasonRequiredError(DomainError):
    """Staff who move money say why."""

    code = "reason_required"
    kind = ErrorKind.INVALID
    message = gettext_noop("Give a reason.")


class NotDecidableError(DomainError):
    """There is nothing to decide any more, or another decision is waiting."""

    code = "not_decidable"
    message = gettext_noop("There is nothing to decide here (%(state)s).")


class OwnWalletError(ForbiddenError):
    """Nobody decides about the own wallet."""

    code = "own_wallet"
    message = gettext_noop("Somebody else has to decide about your own wallet.")


class SecondPersonError(ForbiddenError):
    """Whoever asked for it cannot also approve it."""

    code = "second_person_required"
    message = gettext_noop("A second person has to decide this.")

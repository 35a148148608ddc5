"""Refusals of the checkout. Each says what changed; the cart stays as it was."""

from collections.abc import Sequence
from typing import Any

from marketplace.core.errors import DomainError, gettext_noop
from marketplace.core.money import Money


class CartEmptyError(DomainError):
    """There is nothing to buy; perhaps it was bought in another window."""

    code = "cart_empty"
    message = gettext_noop("Your cart is empty.")


class ItemsUnavailableError(DomainError):
    """Some lines cannot be bought as they are; `lines` says which and why."""

    code = "items_unavailable"
    message = gettext_noop("Some of your cart cannot be bought any more. Please look at it again.")

    def __init__(self, lines: Sequence[dict[str, Any]]) -> None:
        super().__init__(lines=list(lines))


class PriceChangedError(DomainError):
    """Another total than the customer has seen; nothing was bought."""

    code = "price_changed"
    message = gettext_noop("The price has changed. Please look at your cart again.")

    def __init__(self, *, total: Money, expected: Money | None, lines: Sequence[dict[str, Any]]) -> None:
        difference = total - expected if expected is not None else None
        super().__init__(
            total=shown(total),
            expected_total=None if expected is None else shown(expected),
            difference=None if difference is None else shown(difference),
            lines=list(lines),
        )


class PaymentSplitError(DomainError):
    """The parts do not come to the total."""

    code = "payment_split"
    message = gettext_noop("What you pay from the wallet and otherwise must come to %(total)s %(currency)s.")


class ReservedNeedsWalletError(DomainError):
    """A reserved unit is held for a minute: it is paid at once."""

    code = "reserved_needs_wallet"
    message = gettext_noop("A reserved unit is paid from the wallet, within its minute.")


class AddressNeededError(DomainError):
    """Something is to be sent, and nobody knows where to."""

    code = "address_needed"
    message = gettext_noop("Say where to send it: your address book is empty.")


class TooManyWaitingOrdersError(DomainError):
    """Others wait for their money already; each keeps goods from other customers."""

    code = "too_many_waiting_orders"
    message = gettext_noop("%(limit)s of your orders wait for their payment. Pay or cancel one first.")


class TotalTooLargeError(DomainError):
    """More than one order may come to."""

    code = "total_too_large"
    message = gettext_noop("This is more than one order can come to.")


class OrderNotPayableError(DomainError):
    """The order is paid, or it is over."""

    code = "order_not_payable"
    message = gettext_noop("An order that is %(state)s, or whose time to be paid is over, cannot be paid.")


def shown(money: Money) -> dict[str, str]:
    """Money as members of a problem document."""
    return {"amount": f"{money.decimal:f}", "currency": money.currency}

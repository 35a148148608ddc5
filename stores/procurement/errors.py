"""Refusals of procurement."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from marketplace.core.errors import DomainError, ErrorKind, gettext_noop


class SupplierArchivedError(DomainError):
    """Nothing is ordered of a supplier that was taken out of use."""

    code = "supplier_archived"
    message = gettext_noop("This supplier is not in use any more.")


class SupplierFixedError(DomainError):
    """Whom a supplier serves and in which currency is decided once: prices and orders rest on it."""

    code = "supplier_fixed"
    message = gettext_noop("The department, store and currency of a supplier do not change.")


class OutOfSupplyError(DomainError):
    """The supplier does not deliver that: another department's variant, or another store's."""

    code = "supplier_out_of_scope"
    message = gettext_noop("The supplier does not deliver this to this store.")


class OrderStateError(DomainError):
    """The order's state has no such step."""

    code = "purchase_order_state"
    message = gettext_noop("A purchase order that is %(state)s cannot do that.")


class EmptyOrderError(DomainError):
    """An order without lines orders nothing."""

    code = "purchase_order_empty"
    message = gettext_noop("The purchase order has no lines.")


@dataclass(frozen=True, slots=True)
class Excess:
    """A line of which more came than may be taken."""

    line_id: UUID
    open_quantity: int
    most: int
    received: int


class OverReceiptError(DomainError):
    """More came than was ordered, beyond what the supplier may deliver too much. Says every such line in `lines`."""

    code = "over_receipt"
    message = gettext_noop("At most %(most)s more may be received, not %(received)s.")

    def __init__(self, excesses: Sequence[Excess]) -> None:
        super().__init__(
            most=excesses[0].most,
            received=excesses[0].received,
            lines=[
                {"line": each.line_id, "open": each.open_quantity, "most": each.most, "received": each.received}
                for each in excesses
            ],
        )


class ReceiptKeyReusedError(DomainError):
    """The key of a receipt was used for something else before."""

    code = "receipt_key_reused"
    kind = ErrorKind.UNPROCESSABLE
    message = gettext_noop("This key was used for another receipt.")


class NothingToOrderError(DomainError):
    """No suggestion is there that could be ordered."""

    code = "nothing_to_order"
    message = gettext_noop("There is nothing to order.")


class SuggestionGoneError(DomainError):
    """A chosen suggestion is not there (any more), or has no supplier one may order of."""

    code = "suggestion_gone"
    message = gettext_noop("%(count)s of the chosen suggestions cannot be ordered (any more).")

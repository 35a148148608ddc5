"""Refusals of the invoices slice."""

from marketplace.core.errors import NotFoundError, gettext_noop


class InvoiceNotFoundError(NotFoundError):
    """No such invoice of the order, or it has no number yet."""

    code = "invoice_not_found"
    message = gettext_noop("No such invoice.")

"""How states look and read at the desk."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

STATE_COLOURS: Final = {
    "placed": "warning",
    "paid": "info",
    "packed": "info",
    "shipped": "primary",
    "delivered": "success",
    "closed": "default",
    "cancelled": "danger",
    "expired": "danger",
    "partly_returned": "warning",
    "returned": "danger",
}
PAYMENT: Final[Mapping[str, Any]] = {
    "unpaid": _("unpaid"),
    "paid": _("paid"),
    "returned_in_part": _("partly returned"),
    "returned": _("returned"),
    "void": _("void"),
}
PAYMENT_COLOURS: Final = {
    "unpaid": "warning",
    "paid": "success",
    "returned_in_part": "info",
    "returned": "info",
    "void": "default",
}
FULFILMENT: Final[Mapping[str, Any]] = {
    "waiting": _("waiting"),
    "packed": _("packed"),
    "shipped": _("shipped"),
    "delivered": _("delivered"),
    "none": _("nothing to send"),
}
RETURN_COLOURS: Final = {"requested": "warning", "approved": "info", "received": "success", "refused": "danger"}
PARCEL_COLOURS: Final = {
    "packed": "info",
    "shipped": "primary",
    "delivered": "success",
    "lost": "danger",
    "cancelled": "default",
}
BENEFITS: Final[Mapping[str, Any]] = {
    "flash": _("Flash promotion “%(name)s” saved %(amount)s"),
    "discount": _("Discount “%(name)s” saved %(amount)s"),
    "campaign": _("Campaign “%(name)s” saved %(amount)s"),
}
APPLIED: Final = _("“%(name)s” applied")

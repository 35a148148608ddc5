"""Addresses: a customer's own, copied into what is sent there."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel
from users.accounts.models import User


class Address(UUIDModel):
    """Where a customer has things sent. Of a customer's addresses exactly one is the default, while there is any.

    Orders keep a copy: changing or deleting an address changes nothing that was ordered.
    """

    customer = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", verbose_name=_("customer"))
    label = models.CharField(_("label"), max_length=40, blank=True)
    recipient = models.CharField(_("recipient"), max_length=120)
    phone = models.CharField(_("telephone"), max_length=32, blank=True)
    line1 = models.CharField(_("street and number"), max_length=200)
    line2 = models.CharField(_("flat, neighbourhood"), max_length=200, blank=True)
    city = models.CharField(_("city"), max_length=100)
    state = models.CharField(_("state or province"), max_length=100, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    country = models.CharField(_("country"), max_length=2)
    notes = models.CharField(_("notes for the courier"), max_length=300, blank=True)
    is_default = models.BooleanField(_("default"), default=False)

    # What an order keeps of it.
    COPIED = ("recipient", "phone", "line1", "line2", "city", "state", "postal_code", "country", "notes")

    class Meta:
        app_label = "users"
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(is_default=True), name="users_address_one_default"
            ),
            models.CheckConstraint(
                condition=~Q(recipient="") & ~Q(line1="") & ~Q(city=""), name="users_address_says_where"
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.line1

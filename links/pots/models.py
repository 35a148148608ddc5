"""Contributions, and what left a pot. The money itself is in the ledger: a pot is an account (`AccountKind.POT`).

A pot belongs to a list or to one gift of it and is known by that row's id. For each pot the ledger's balance is the sum
of what its contributions have left: amount less used, refunded and moved.
"""

from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel
from marketplace.core.money import Money


class Contribution(UUIDModel):
    """Money that somebody gave towards a list, towards one gift, or straight into a person's wallet.

    What is bought from a pot uses the oldest contributions first, so that each row says what became of its money.
    """

    contributor = models.ForeignKey(
        "users.User", verbose_name=_("contributor"), on_delete=models.PROTECT, related_name="+"
    )
    # Exactly one of the three. Into a wallet there is no pot: the money is the other's at once.
    gift_list = models.ForeignKey(
        "links.GiftList", verbose_name=_("gift list"), on_delete=models.PROTECT, null=True, related_name="+"
    )
    gift = models.ForeignKey(
        "links.Gift", verbose_name=_("gift"), on_delete=models.PROTECT, null=True, related_name="+"
    )
    beneficiary = models.ForeignKey(
        "users.User", verbose_name=_("beneficiary"), on_delete=models.PROTECT, null=True, related_name="+"
    )
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount (minor units)"))
    used_minor = models.BigIntegerField(_("spent on gifts (minor units)"), default=0)
    refunded_minor = models.BigIntegerField(_("refunded (minor units)"), default=0)
    moved_minor = models.BigIntegerField(_("moved to the owner's wallet (minor units)"), default=0)
    message = models.CharField(_("message"), max_length=280, blank=True)
    is_anonymous = models.BooleanField(_("anonymous"), default=False)
    journal_id = models.BigIntegerField(editable=False)
    # The giver's own word for it: the same once more is the same contribution. What went to the list's pot because the
    # gift was paid for has the same one and `is_rest`.
    key = models.CharField(max_length=80, editable=False)
    is_rest = models.BooleanField(default=False, editable=False)

    class Meta:
        app_label = "links"
        verbose_name = _("contribution")
        verbose_name_plural = _("contributions")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(gift_list__isnull=False, gift__isnull=True, beneficiary__isnull=True)
                | Q(gift_list__isnull=True, gift__isnull=False, beneficiary__isnull=True)
                | Q(gift_list__isnull=True, gift__isnull=True, beneficiary__isnull=False),
                name="links_contribution_goes_one_way",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, used_minor__gte=0, refunded_minor__gte=0, moved_minor__gte=0)
                & Q(amount_minor__gte=F("used_minor") + F("refunded_minor") + F("moved_minor")),
                name="links_contribution_adds_up",
            ),
            models.UniqueConstraint(fields=["contributor", "key", "is_rest"], name="links_contribution_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["gift_list", "created_at"], name="links_contribution_of_list"),
            models.Index(fields=["gift", "created_at"], name="links_contribution_of_gift"),
            models.Index(fields=["contributor", "-created_at"], name="links_contribution_of_giver"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.created_at:%Y-%m-%d}"

    @property
    def amount(self) -> Money:
        """What was given."""
        return Money(self.amount_minor, self.currency)

    @property
    def left(self) -> Money:
        """What is still in its pot. Into a wallet there is none."""
        if self.beneficiary_id is not None:
            return Money.zero(self.currency)
        return Money(self.amount_minor - self.used_minor - self.refunded_minor - self.moved_minor, self.currency)

    @property
    def pot_id(self) -> UUID:
        """The pot it went into. Not for one into a wallet."""
        pot = self.gift_id or self.gift_list_id
        assert pot is not None
        return pot


class PotUse(UUIDModel):
    """Money that a purchase took from pots into the owner's wallet, and whether it came back.

    `key` is the purchase's. `shares` says from which contribution how much, in minor units.
    """

    gift = models.ForeignKey("links.Gift", verbose_name=_("gift"), on_delete=models.PROTECT, related_name="+")
    key = models.CharField(_("key"), max_length=80, unique=True)
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount (minor units)"))
    returned_minor = models.BigIntegerField(_("returned (minor units)"), default=0)
    shares = models.JSONField(_("shares"), default=dict)

    class Meta:
        app_label = "links"
        verbose_name = _("use of a pot")
        verbose_name_plural = _("uses of pots")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, returned_minor__gte=0, returned_minor__lte=F("amount_minor")),
                name="links_potuse_adds_up",
            )
        ]

    def __str__(self) -> str:
        return f"{Money(self.amount_minor, self.currency)} {self.key}"

"""Money that leaves: refunds of deposits and payouts to customers and stores. Both begin with a hold on the money."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from funds.ledger.models import Hold, OwnerKind
from marketplace.core.base import UUIDModel
from marketplace.core.money import Money

from .provider_records import ProviderPayment


class Refund(UUIDModel):
    """An approved payment or part of it, on its way back to who paid. The money is held until it is settled."""

    class State(models.TextChoices):
        """How far the provider has been asked is the task's; here is only what became of the money."""

        REQUESTED = "requested", _("requested")
        SETTLED = "settled", _("settled")
        FAILED = "failed", _("refused")

    payment = models.ForeignKey(
        ProviderPayment, on_delete=models.PROTECT, related_name="refunds", verbose_name=_("payment")
    )
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount (minor units)"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.REQUESTED)
    hold = models.ForeignKey(
        Hold, on_delete=models.PROTECT, related_name="+", db_constraint=False, verbose_name=_("hold")
    )
    reason = models.CharField(_("reason"), max_length=200)
    requested_by = models.UUIDField(_("requested by"), null=True)
    provider_refund_id = models.CharField(_("provider's id"), max_length=80, blank=True)
    settled_at = models.DateTimeField(_("settled at"), null=True)

    class Meta:
        app_label = "funds"
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [models.CheckConstraint(condition=Q(amount_minor__gt=0), name="funds_refund_amount")]

    def __str__(self) -> str:
        return f"{self.state} {self.amount}"

    @property
    def amount(self) -> Money:
        """What goes back."""
        return Money(self.amount_minor, self.currency)


class Payout(UUIDModel):
    """Money on its way to a customer's or a store's bank account.

    Held money is released only on a definite refusal. `accepted` means that the provider has taken it up and it cannot
    be called off; it is asked again at `next_check_at` until the payout is settled or refused.
    """

    class State(models.TextChoices):
        """Queued, sending and unknown are states of the task that carries it out."""

        REQUESTED = "requested", _("requested")
        ACCEPTED = "accepted", _("accepted by the provider")
        SETTLED = "settled", _("settled")
        FAILED = "failed", _("refused")
        CANCELLED = "cancelled", _("cancelled")

    OPEN_STATES = (State.REQUESTED, State.ACCEPTED)

    owner_kind = models.CharField(_("owner kind"), max_length=8, choices=OwnerKind.choices)
    owner_id = models.UUIDField(_("owner"))
    provider = models.CharField(_("provider"), max_length=20)
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount (minor units)"))
    destination = models.CharField(_("bank account"), max_length=64, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.REQUESTED)
    hold = models.ForeignKey(
        Hold, on_delete=models.PROTECT, related_name="+", db_constraint=False, verbose_name=_("hold")
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    requested_by = models.UUIDField(_("requested by"), null=True)
    provider_payout_id = models.CharField(_("provider's id"), max_length=80, blank=True)
    failure = models.CharField(_("why it was refused"), max_length=200, blank=True)
    next_check_at = models.DateTimeField(_("provider asked again at"), null=True)
    settled_at = models.DateTimeField(_("settled at"), null=True)

    class Meta:
        app_label = "funds"
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        constraints = [models.CheckConstraint(condition=Q(amount_minor__gt=0), name="funds_payout_amount")]
        indexes = [
            models.Index(fields=["owner_kind", "owner_id", "id"], name="funds_payout_of_owner"),
            models.Index(
                fields=["next_check_at"], condition=Q(next_check_at__isnull=False), name="funds_payout_unsettled"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.amount}"

    @property
    def amount(self) -> Money:
        """What leaves."""
        return Money(self.amount_minor, self.currency)

    @property
    def masked_destination(self) -> str:
        """The bank account as it is shown: the last four characters."""
        return f"…{self.destination[-4:]}" if self.destination else ""

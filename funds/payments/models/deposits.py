"""Money that customers bring in: the intent. What the provider did about it is in `provider_records`."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel
from marketplace.core.money import Money


class Deposit(UUIDModel):
    """Money a customer wants to bring in through a provider. Credited by provider payment, never by intent.

    `order_id` names the order that is to be paid with it, if any: the money goes through the wallet all the same, so
    that nothing is lost when the order is gone by then. `next_check_at` is when the provider is asked again, whatever
    became of its webhooks.
    """

    class State(models.TextChoices):
        """The main road is created, preference ready, pending, credited; a later event never moves it back."""

        CREATED = "created", _("created")
        PREFERENCE_READY = "preference_ready", _("ready to be paid")
        PENDING = "pending", _("pending")
        CREDITED = "credited", _("credited")
        PARTIALLY_REFUNDED = "partially_refunded", _("partially refunded")
        REFUNDED = "refunded", _("refunded")
        DISPUTED = "disputed", _("disputed")
        CHARGED_BACK = "charged_back", _("charged back")
        REJECTED = "rejected", _("rejected")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("expired")

    OPEN_STATES = (State.CREATED, State.PREFERENCE_READY, State.PENDING)

    customer = models.ForeignKey(
        "users.User", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("customer")
    )
    provider = models.CharField(_("provider"), max_length=20)
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount (minor units)"))
    order_id = models.UUIDField(_("for the order"), null=True)
    state = models.CharField(_("state"), max_length=20, choices=State.choices, default=State.CREATED)
    checkout_url = models.CharField(_("checkout URL"), max_length=500, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    expires_at = models.DateTimeField(_("can be paid until"), null=True)
    next_check_at = models.DateTimeField(_("provider asked again at"), null=True)
    credited_at = models.DateTimeField(_("credited at"), null=True)

    class Meta:
        app_label = "funds"
        verbose_name = _("deposit")
        verbose_name_plural = _("deposits")
        constraints = [models.CheckConstraint(condition=Q(amount_minor__gt=0), name="funds_deposit_amount")]
        indexes = [
            models.Index(fields=["customer", "id"], name="funds_deposit_of_customer"),
            models.Index(
                fields=["next_check_at"], condition=Q(next_check_at__isnull=False), name="funds_deposit_unsettled"
            ),
            models.Index(fields=["order_id"], condition=Q(order_id__isnull=False), name="funds_deposit_of_order"),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.amount}"

    @property
    def amount(self) -> Money:
        """What is to be brought in."""
        return Money(self.amount_minor, self.currency)

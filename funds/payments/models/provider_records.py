"""What providers recorded: their payments, the event ledger of each, their webhooks, and how they are doing."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from funds.ledger.models import Journal
from marketplace.core.money import Money

from .deposits import Deposit


class ProviderPayment(models.Model):
    """A payment as the provider knows it now. An approved one is credited exactly once, under its own id.

    What does not match (amount, currency, receiver, reference) is quarantined with its reason: it moves no money until
    staff have decided. `deposit` is null for a payment under a reference that is not ours.
    """

    class State(models.TextChoices):
        """In the provider's words, made common."""

        PENDING = "pending", _("pending")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        DISPUTED = "disputed", _("disputed")
        CHARGED_BACK = "charged_back", _("charged back")
        QUARANTINED = "quarantined", _("set aside for review")

    class Quarantine(models.TextChoices):
        """Why it was set aside."""

        AMOUNT = "amount", _("another amount than asked for")
        CURRENCY = "currency", _("another currency than asked for")
        RECEIVER = "receiver", _("paid to another account than the shop's")
        REFERENCE = "reference", _("under an unknown reference")
        CHANGED = "changed", _("the provider changed what it said before")

    id = models.BigAutoField(primary_key=True)
    provider = models.CharField(_("provider"), max_length=20)
    payment_id = models.CharField(_("provider's id"), max_length=80)
    deposit = models.ForeignKey(
        Deposit, on_delete=models.PROTECT, null=True, related_name="payments", verbose_name=_("deposit")
    )
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount (minor units)"))
    state = models.CharField(_("state"), max_length=12, choices=State.choices)
    quarantine = models.CharField(_("set aside because"), max_length=10, choices=Quarantine.choices, blank=True)
    provider_updated_at = models.DateTimeField(_("updated by the provider at"))
    created_at = models.DateTimeField(_("recorded at"), auto_now_add=True)

    class Meta:
        app_label = "funds"
        verbose_name = _("provider payment")
        verbose_name_plural = _("provider payments")
        constraints = [
            models.UniqueConstraint(fields=["provider", "payment_id"], name="funds_provider_payment_once"),
            models.CheckConstraint(
                condition=Q(state="quarantined") & ~Q(quarantine="") | ~Q(state="quarantined") & Q(quarantine=""),
                name="funds_provider_payment_quarantine",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(state="quarantined"), name="funds_payment_quarantined"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.payment_id}"

    @property
    def amount(self) -> Money:
        """What was paid."""
        return Money(self.amount_minor, self.currency)


class PaymentEvent(models.Model):
    """The event ledger of a provider payment: each thing that happened once, with the journal it caused. Append-only.

    Totals (credited, refunded, charged back) are sums over these rows; nothing else is believed.
    """

    class Kind(models.TextChoices):
        """What happened at the provider."""

        APPROVED = "approved", _("approved")
        FEE = "fee", _("provider's fee")
        REFUNDED = "refunded", _("refunded")
        DISPUTED = "disputed", _("disputed")
        CHARGED_BACK = "charged_back", _("charged back")
        CHARGE_BACK_LIFTED = "lifted", _("charge-back lifted")

    id = models.BigAutoField(primary_key=True)
    payment = models.ForeignKey(
        ProviderPayment, on_delete=models.PROTECT, related_name="events", verbose_name=_("payment")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    reference = models.CharField(_("provider's reference"), max_length=80)
    amount_minor = models.BigIntegerField(_("amount (minor units)"))
    journal = models.ForeignKey(
        Journal,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("journal"),
    )
    at = models.DateTimeField(_("at"))
    created_at = models.DateTimeField(_("recorded at"), auto_now_add=True)

    class Meta:
        app_label = "funds"
        verbose_name = _("payment event")
        verbose_name_plural = _("payment events")
        constraints = [
            models.UniqueConstraint(fields=["payment", "reference", "kind"], name="funds_payment_event_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="funds_payment_event_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"

    @property
    def amount(self) -> Money:
        """In the payment's currency."""
        return Money(self.amount_minor, self.payment.currency)


class ProviderEvent(models.Model):
    """A webhook whose signature was right. A hint only: a payment task reads the payment back."""

    id = models.BigAutoField(primary_key=True)
    provider = models.CharField(_("provider"), max_length=20)
    event_key = models.CharField(_("key"), max_length=120)
    payment_id = models.CharField(_("provider's payment id"), max_length=80)
    received_at = models.DateTimeField(_("received at"))
    processed_at = models.DateTimeField(_("processed at"), null=True)

    class Meta:
        app_label = "funds"
        verbose_name = _("provider event")
        verbose_name_plural = _("provider events")
        constraints = [models.UniqueConstraint(fields=["provider", "event_key"], name="funds_provider_event_once")]
        indexes = [
            models.Index(fields=["received_at"], condition=Q(processed_at__isnull=True), name="funds_event_waiting"),
            models.Index(fields=["provider", "payment_id"], name="funds_event_of_payment"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.payment_id}"


class ProviderCircuit(models.Model):
    """How a provider is doing, shared by all workers through the database.

    After `failures` calls in a row without a usable answer the circuit is open until `open_until`; then one call may
    try. `busy_until` spaces calls out (generic cell rate algorithm).
    """

    provider = models.CharField(_("provider"), max_length=20, primary_key=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    open_until = models.DateTimeField(_("open until"))
    busy_until = models.DateTimeField(_("busy until"))

    class Meta:
        app_label = "funds"
        verbose_name = _("provider circuit")
        verbose_name_plural = _("provider circuits")

    def __str__(self) -> str:
        return self.provider

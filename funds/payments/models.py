"""Payments with providers: the intent, the job that carries it out, each attempt, and what the provider recorded."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel
from marketplace.core.money import Money


class Deposit(UUIDModel):
    """Money a customer wants to bring in through a provider. Credited by provider payment, never by intent."""

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
    state = models.CharField(_("state"), max_length=20, choices=State.choices, default=State.CREATED)
    checkout_url = models.CharField(_("checkout URL"), max_length=500, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    credited_at = models.DateTimeField(_("credited at"), null=True)

    class Meta:
        app_label = "funds"
        verbose_name = _("deposit")
        verbose_name_plural = _("deposits")
        constraints = [models.CheckConstraint(condition=Q(amount_minor__gt=0), name="funds_deposit_amount")]
        indexes = [models.Index(fields=["customer", "id"], name="funds_deposit_of_customer")]

    def __str__(self) -> str:
        return f"{self.state} {self.amount}"

    @property
    def amount(self) -> Money:
        """What is to be brought in."""
        return Money(self.amount_minor, self.currency)


class PaymentTask(UUIDModel):
    """The job itself: what has to be asked of a provider, when, and how far that got.

    The Redis message is only a wake-up with the id. `lease_until` bounds how long a dead worker keeps it;
    `wake_at` is when the sweeper hands it to the queue (again). `intent` counts changes of mind: all attempts of one
    intent send the same key.
    """

    class State(models.TextChoices):
        """`unknown`: the provider may have acted; it is asked before anything is sent again."""

        QUEUED = "queued", _("queued")
        SENDING = "sending", _("sending")
        UNKNOWN = "unknown", _("outcome unknown")
        DONE = "done", _("done")
        FAILED = "failed", _("refused")
        CANCELLED = "cancelled", _("cancelled")
        NEEDS_REVIEW = "needs_review", _("needs review")

    class Kind(models.TextChoices):
        """What is asked of the provider."""

        START_DEPOSIT = "start_deposit", _("start a deposit")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, default=Kind.START_DEPOSIT)
    deposit = models.ForeignKey(Deposit, on_delete=models.PROTECT, related_name="tasks", verbose_name=_("deposit"))
    intent = models.PositiveIntegerField(_("intent"), default=1)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    run_at = models.DateTimeField(_("due at"))
    wake_at = models.DateTimeField(_("next wake-up"))
    lease_until = models.DateTimeField(_("leased until"), null=True)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)

    class Meta:
        app_label = "funds"
        verbose_name = _("payment task")
        verbose_name_plural = _("payment tasks")
        constraints = [
            models.UniqueConstraint(fields=["deposit", "kind", "intent"], name="funds_task_once"),
            models.CheckConstraint(
                condition=Q(state="sending", lease_until__isnull=False) | ~Q(state="sending"), name="funds_task_lease"
            ),
        ]
        indexes = [
            models.Index(
                fields=["wake_at"], condition=Q(state__in=["queued", "unknown", "sending"]), name="funds_task_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"


class PaymentAttempt(models.Model):
    """One try, written before the provider is called. Without an outcome, nobody knows whether the provider acted."""

    class Outcome(models.TextChoices):
        """What the provider said."""

        OPEN = "open", _("no answer recorded")
        ACCEPTED = "accepted", _("accepted")
        REFUSED = "refused", _("refused")
        UNKNOWN = "unknown", _("unknown")

    id = models.BigAutoField(primary_key=True)
    task = models.ForeignKey(PaymentTask, on_delete=models.PROTECT, related_name="tries", verbose_name=_("task"))
    number = models.PositiveSmallIntegerField(_("number"))
    key = models.UUIDField(_("key sent to the provider"))
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome.choices, default=Outcome.OPEN)
    detail = models.CharField(_("detail"), max_length=500, blank=True)
    started_at = models.DateTimeField(_("started at"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        app_label = "funds"
        verbose_name = _("payment attempt")
        verbose_name_plural = _("payment attempts")
        constraints = [models.UniqueConstraint(fields=["task", "number"], name="funds_attempt_once")]

    def __str__(self) -> str:
        return f"#{self.number} {self.outcome}"


class ProviderPayment(models.Model):
    """A payment as the provider knows it. An approved one is credited exactly once, under its own id."""

    class State(models.TextChoices):
        """In the provider's words, made common."""

        PENDING = "pending", _("pending")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        QUARANTINED = "quarantined", _("set aside for review")

    id = models.BigAutoField(primary_key=True)
    provider = models.CharField(_("provider"), max_length=20)
    payment_id = models.CharField(_("provider's id"), max_length=80)
    deposit = models.ForeignKey(Deposit, on_delete=models.PROTECT, related_name="payments", verbose_name=_("deposit"))
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount (minor units)"))
    state = models.CharField(_("state"), max_length=12, choices=State.choices)
    provider_updated_at = models.DateTimeField(_("updated by the provider at"))
    created_at = models.DateTimeField(_("recorded at"), auto_now_add=True)

    class Meta:
        app_label = "funds"
        verbose_name = _("provider payment")
        verbose_name_plural = _("provider payments")
        constraints = [models.UniqueConstraint(fields=["provider", "payment_id"], name="funds_provider_payment_once")]

    def __str__(self) -> str:
        return f"{self.provider} {self.payment_id}"

    @property
    def amount(self) -> Money:
        """What was paid."""
        return Money(self.amount_minor, self.currency)

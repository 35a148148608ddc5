"""The payment queue: each row is a job, its attempts beside it. The broker's message is only a wake-up with the id."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel

from .deposits import Deposit
from .outgoing import Payout, Refund
from .provider_records import ProviderEvent


class PaymentTask(UUIDModel):
    """The job itself: what has to be asked of a provider, when, and how far that got.

    `lease_until` bounds how long a dead worker keeps it; `wake_at` is when the sweeper hands it to the queue (again).
    `intent` counts changes of mind: all attempts of one intent send the same key.
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
        """What is asked of the provider, and which row it is about."""

        START_DEPOSIT = "start_deposit", _("start a deposit")
        READ_PAYMENT = "read_payment", _("read a payment back")
        REFUND = "refund", _("refund a payment")
        PAYOUT = "payout", _("pay out")

    LIVE_STATES = (State.QUEUED, State.UNKNOWN, State.SENDING)

    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    provider = models.CharField(_("provider"), max_length=20)
    deposit = models.ForeignKey(
        Deposit, on_delete=models.PROTECT, null=True, related_name="tasks", verbose_name=_("deposit")
    )
    event = models.ForeignKey(
        ProviderEvent, on_delete=models.PROTECT, null=True, related_name="tasks", verbose_name=_("webhook")
    )
    refund = models.ForeignKey(
        Refund, on_delete=models.PROTECT, null=True, related_name="tasks", verbose_name=_("refund")
    )
    payout = models.ForeignKey(
        Payout, on_delete=models.PROTECT, null=True, related_name="tasks", verbose_name=_("payout")
    )
    intent = models.PositiveIntegerField(_("intent"), default=1)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.QUEUED)
    # Only grows: it fences off a worker that lost its lease. Deferrals are attempts that do not count.
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    deferrals = models.PositiveIntegerField(_("not taken up"), default=0)
    run_at = models.DateTimeField(_("due at"))
    wake_at = models.DateTimeField(_("next wake-up"))
    lease_until = models.DateTimeField(_("leased until"), null=True)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)

    class Meta:
        app_label = "funds"
        verbose_name = _("payment task")
        verbose_name_plural = _("payment tasks")
        constraints = [
            models.UniqueConstraint(fields=["deposit", "intent"], name="funds_task_of_deposit_once"),
            models.UniqueConstraint(fields=["event", "intent"], name="funds_task_of_event_once"),
            models.UniqueConstraint(fields=["refund", "intent"], name="funds_task_of_refund_once"),
            models.UniqueConstraint(fields=["payout", "intent"], name="funds_task_of_payout_once"),
            models.CheckConstraint(
                condition=Q(state="sending", lease_until__isnull=False) | ~Q(state="sending"), name="funds_task_lease"
            ),
            models.CheckConstraint(
                condition=Q(
                    kind="start_deposit",
                    deposit__isnull=False,
                    event__isnull=True,
                    refund__isnull=True,
                    payout__isnull=True,
                )
                | Q(
                    kind="read_payment",
                    deposit__isnull=True,
                    event__isnull=False,
                    refund__isnull=True,
                    payout__isnull=True,
                )
                | Q(
                    kind="refund",
                    deposit__isnull=True,
                    event__isnull=True,
                    refund__isnull=False,
                    payout__isnull=True,
                )
                | Q(
                    kind="payout",
                    deposit__isnull=True,
                    event__isnull=True,
                    refund__isnull=True,
                    payout__isnull=False,
                ),
                name="funds_task_subject",
            ),
        ]
        indexes = [
            models.Index(
                fields=["wake_at"], condition=Q(state__in=["queued", "unknown", "sending"]), name="funds_task_due"
            ),
            models.Index(fields=["run_at"], condition=Q(state="needs_review"), name="funds_task_parked"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    @property
    def subject(self) -> Deposit | ProviderEvent | Refund | Payout:
        """What the task is about (the constraint says that exactly one is there)."""
        found = self.deposit or self.event or self.refund or self.payout
        assert found is not None
        return found


class PaymentAttempt(models.Model):
    """One try, written before the provider is called. Without an outcome, nobody knows whether the provider acted."""

    class Outcome(models.TextChoices):
        """What the provider said."""

        OPEN = "open", _("no answer recorded")
        ACCEPTED = "accepted", _("accepted")
        REFUSED = "refused", _("refused")
        UNKNOWN = "unknown", _("unknown")
        DEFERRED = "deferred", _("not taken up")

    id = models.BigAutoField(primary_key=True)
    task = models.ForeignKey(PaymentTask, on_delete=models.PROTECT, related_name="tries", verbose_name=_("task"))
    number = models.PositiveIntegerField(_("number"))
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

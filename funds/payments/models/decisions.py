"""What staff decided about money, with a reason, and a second person above the limit of the policy in force."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel
from marketplace.core.money import Money, exponent

from .outgoing import Payout
from .provider_records import ProviderPayment
from .tasks import PaymentTask


class FundsPolicy(models.Model):
    """Limits of one currency. The newest row of the currency is in force; without one, the defaults in major units."""

    DEFAULT_LIMIT_MAJOR = 5_000

    id = models.BigAutoField(primary_key=True)
    currency = models.CharField(_("currency"), max_length=3, default=settings.DEFAULT_CURRENCY)
    second_person_above_minor = models.BigIntegerField(_("second person above (minor units)"))
    created_at = models.DateTimeField(_("in force since"), auto_now_add=True)

    class Meta:
        app_label = "funds"
        verbose_name = _("funds policy")
        verbose_name_plural = _("funds policies")
        constraints = [models.CheckConstraint(condition=Q(second_person_above_minor__gte=0), name="funds_policy_limit")]
        indexes = [models.Index(fields=["currency", "-id"], name="funds_policy_in_force")]

    def __str__(self) -> str:
        return f"{self.currency}: {self.limit}"

    @property
    def limit(self) -> Money:
        """Decisions about more than this need a second person."""
        return Money(self.second_person_above_minor, self.currency)

    @classmethod
    def default_for(cls, currency: str) -> "FundsPolicy":
        """The policy where no row was written."""
        return cls(currency=currency, second_person_above_minor=cls.DEFAULT_LIMIT_MAJOR * 10 ** exponent(currency))


class Decision(UUIDModel):
    """One deliberate act of staff on money. Waiting ones have moved nothing yet.

    `amount_minor` is what it is about; for an adjustment a negative amount takes from the wallet.
    """

    class Kind(models.TextChoices):
        """What is to be done."""

        RETRY = "retry", _("try the parked task again")
        GIVE_UP = "give_up", _("give the parked task up")
        ACCEPT_PAYMENT = "accept_payment", _("credit the payment that was set aside")
        DISMISS_PAYMENT = "dismiss_payment", _("leave the payment that was set aside alone")
        REFUND = "refund", _("refund the payment")
        PAYOUT_SETTLED = "payout_settled", _("the payout has arrived")
        PAYOUT_REFUSED = "payout_refused", _("the payout will never arrive")
        ADJUST = "adjust", _("adjust a wallet")

    class State(models.TextChoices):
        """Waiting for a second person, or over."""

        WAITING = "waiting", _("waiting for a second person")
        DONE = "done", _("carried out")
        REJECTED = "rejected", _("rejected")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    task = models.ForeignKey(
        PaymentTask, on_delete=models.PROTECT, null=True, related_name="decisions", verbose_name=_("task")
    )
    payment = models.ForeignKey(
        ProviderPayment, on_delete=models.PROTECT, null=True, related_name="decisions", verbose_name=_("payment")
    )
    payout = models.ForeignKey(
        Payout, on_delete=models.PROTECT, null=True, related_name="decisions", verbose_name=_("payout")
    )
    customer = models.ForeignKey(
        "users.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("customer")
    )
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount (minor units)"))
    reason = models.CharField(_("reason"), max_length=500)
    needs_second_person = models.BooleanField(_("needs a second person"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    requested_by = models.UUIDField(_("requested by"))
    decided_by = models.UUIDField(_("decided by"), null=True)
    decided_at = models.DateTimeField(_("decided at"), null=True)

    class Meta:
        app_label = "funds"
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="funds_decision_reason"),
            models.CheckConstraint(
                condition=~Q(state="done", needs_second_person=True, decided_by=F("requested_by")),
                name="funds_decision_two_people",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", decided_at__isnull=True)
                | Q(decided_at__isnull=False, decided_by__isnull=False),
                name="funds_decision_decided",
            ),
            models.UniqueConstraint(
                fields=["task"], condition=Q(state="waiting", task__isnull=False), name="funds_decision_task_once"
            ),
            models.UniqueConstraint(
                fields=["payment"], condition=Q(state="waiting", payment__isnull=False), name="funds_decision_pay_once"
            ),
            models.UniqueConstraint(
                fields=["payout"], condition=Q(state="waiting", payout__isnull=False), name="funds_decision_out_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state} {self.amount}"

    @property
    def amount(self) -> Money:
        """What it is about."""
        return Money(self.amount_minor, self.currency)

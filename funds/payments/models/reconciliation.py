"""What reconciliation with the providers saw: each look, and each difference it found and what was done about it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .provider_records import ProviderPayment


class ReconciliationRun(models.Model):
    """One look at everything a provider changed between two moments. The next one overlaps it by an hour."""

    id = models.BigAutoField(primary_key=True)
    provider = models.CharField(_("provider"), max_length=20)
    since = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("until"))
    seen_count = models.PositiveIntegerField(_("payments seen"), default=0)
    finding_count = models.PositiveIntegerField(_("differences"), default=0)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        app_label = "funds"
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        indexes = [models.Index(fields=["provider", "-until"], name="funds_reconciliation_last")]

    def __str__(self) -> str:
        return f"{self.provider} {self.until:%Y-%m-%d %H:%M}"


class ReconciliationFinding(models.Model):
    """A difference between the provider and the books, found once. `is_repaired`: nothing is left to do."""

    class Kind(models.TextChoices):
        """What was found."""

        LOST_WEBHOOK = "lost_webhook", _("nobody had told us")
        PROVIDER_ONLY = "provider_only", _("a payment that only the provider knows")
        PAID_TWICE = "paid_twice", _("a deposit paid more than once")
        PROVIDER_REFUND = "provider_refund", _("a refund made at the provider")
        CHARGE_BACK = "charge_back", _("a charge-back")
        MISMATCH = "mismatch", _("a payment that does not match its deposit")
        LATE_SUCCESS = "late_success", _("paid after it had expired")
        PAYOUT = "payout", _("a payout that had ended")
        CLEARING = "clearing", _("clearing differs from the provider's payments")

    id = models.BigAutoField(primary_key=True)
    provider = models.CharField(_("provider"), max_length=20)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    subject = models.CharField(_("subject"), max_length=120)
    payment = models.ForeignKey(
        ProviderPayment, on_delete=models.PROTECT, null=True, related_name="findings", verbose_name=_("payment")
    )
    detail = models.CharField(_("detail"), max_length=300, blank=True)
    is_repaired = models.BooleanField(_("repaired"))
    found_at = models.DateTimeField(_("found at"), auto_now_add=True)

    class Meta:
        app_label = "funds"
        verbose_name = _("reconciliation finding")
        verbose_name_plural = _("reconciliation findings")
        constraints = [
            models.UniqueConstraint(fields=["provider", "kind", "subject"], name="funds_finding_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"

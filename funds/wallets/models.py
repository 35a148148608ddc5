"""What customers add to their wallet: words and limits of their own. The money itself is in the ledger."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from funds.ledger.models import Posting


class StatementNote(models.Model):
    """A customer's own words beside a line of the statement (the line itself never changes)."""

    id = models.BigAutoField(primary_key=True)
    customer_id = models.UUIDField()
    posting = models.ForeignKey(
        Posting, on_delete=models.PROTECT, related_name="notes", db_constraint=False, db_index=False
    )
    text = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        app_label = "funds"
        constraints = [models.UniqueConstraint(fields=["posting", "customer_id"], name="funds_note_once")]
        indexes = [models.Index(fields=["customer_id"], name="funds_note_of_customer")]

    def __str__(self) -> str:
        return f"note on {self.posting_id}"


class WalletSettings(models.Model):
    """A customer's own limits in one currency. Null: no limit, no alert.

    `weekly_limit_minor` binds automatic purchases only. `is_low` remembers that the alert of `low_balance_minor` was
    given, until the balance is above it again.
    """

    id = models.BigAutoField(primary_key=True)
    customer_id = models.UUIDField(_("customer"))
    currency = models.CharField(_("currency"), max_length=3)
    weekly_limit_minor = models.BigIntegerField(_("weekly limit (minor units)"), null=True)
    low_balance_minor = models.BigIntegerField(_("low balance below (minor units)"), null=True)
    is_low = models.BooleanField(_("below the threshold"), default=False)

    class Meta:
        app_label = "funds"
        verbose_name = _("wallet settings")
        verbose_name_plural = _("wallet settings")
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "currency"], name="funds_wallet_settings_once"),
            models.CheckConstraint(
                condition=Q(weekly_limit_minor__isnull=True) | Q(weekly_limit_minor__gte=0),
                name="funds_wallet_settings_weekly",
            ),
            models.CheckConstraint(
                condition=Q(low_balance_minor__isnull=True) | Q(low_balance_minor__gte=0),
                name="funds_wallet_settings_low",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.currency} of {self.customer_id}"

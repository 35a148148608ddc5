"""What customers add to their statement. The money itself is in the ledger."""

from django.db import models
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

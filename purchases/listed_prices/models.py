"""Which variants' shown prices are to be computed anew, and when; what each rule was about when it was looked at."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class DuePrice(models.Model):
    """The moment at which what lists show of a variant is to be computed anew; one that has passed is a dirty flag.

    A variant whose price no rule may change by itself has no row.
    """

    variant = models.OneToOneField("stores.Variant", on_delete=models.CASCADE, primary_key=True, related_name="+")
    due_at = models.DateTimeField()

    class Meta:
        app_label = "purchases"
        verbose_name = _("price to compute")
        verbose_name_plural = _("prices to compute")
        indexes = [models.Index(fields=["due_at"], name="purchases_price_due")]

    def __str__(self) -> str:
        return f"{self.variant_id}: {self.due_at.isoformat()}"


class KnownRule(models.Model):
    """What a rule was about when variants were last marked for it: they are marked once more when it changes or goes.

    `shelves` holds ids by `products`, `categories` and `stores`; None for a rule that lists know nothing of.
    """

    rule_id = models.UUIDField(primary_key=True)
    shelves = models.JSONField(null=True)

    class Meta:
        app_label = "purchases"
        verbose_name = _("price rule as it was")
        verbose_name_plural = _("price rules as they were")

    def __str__(self) -> str:
        return str(self.rule_id)

"""The version of the rule book: one row, raised with every change of a rule."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class RuleBookVersion(models.Model):
    """Counts the changes of all rules. `token` tells two changes with the same number apart: one was rolled back."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY)
    version = models.BigIntegerField(_("version"), default=0)
    token = models.UUIDField()

    class Meta:
        app_label = "promotions"
        verbose_name = _("version of the price rules")
        verbose_name_plural = _("versions of the price rules")
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="promotions_one_rule_book"),
            models.CheckConstraint(condition=Q(version__gte=0), name="promotions_rule_book_counts_up"),
        ]

    def __str__(self) -> str:
        return str(self.version)

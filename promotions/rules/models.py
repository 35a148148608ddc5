"""What rules have in common: how they stand beside others, and the version of the rule book."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .stacking import GROUP_LENGTH, MAX_PRIORITY


class Stacked(models.Model):
    """How a rule stands beside others; `stacking` has the rules of it."""

    priority = models.IntegerField(
        _("priority"),
        default=0,
        validators=[MinValueValidator(-MAX_PRIORITY), MaxValueValidator(MAX_PRIORITY)],
        help_text=_("Higher goes first."),
    )
    is_exclusive = models.BooleanField(
        _("exclusive"),
        default=False,
        help_text=_("Alone among the promotions that meet at a line, or at the order; what it has priced is final."),
    )
    stack_group = models.CharField(
        _("group"),
        max_length=GROUP_LENGTH,
        blank=True,
        default="",
        help_text=_("Promotions of one group apply together."),
    )

    class Meta:
        abstract = True


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

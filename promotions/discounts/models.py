"""Periodic discounts: who (a tier) gets how much off what (a category, or products of it), and when."""

from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import VersionedModel
from marketplace.core.formatting import shown_amount, shown_percent
from marketplace.core.money import Money
from promotions.rules import tiers
from promotions.rules.models import Stacked
from promotions.rules.recurrence import ALL_MONTH_DAYS, ALL_WEEKDAYS, from_bits
from promotions.rules.stacking import MAX_PRIORITY

TIERS = [("", _("every level")), *tiers.TIERS]


class DiscountQuerySet(QuerySet["Discount"]):
    """What is asked of many discounts at once."""

    def switched_on(self) -> "DiscountQuerySet":
        """Active, whatever their moment."""
        return self.filter(is_active=True)

    def under_way(self, at: datetime) -> "DiscountQuerySet":
        """Active and between their moments; days of recurrence aside."""
        return self.switched_on().filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at), starts_at__lte=at)


class Discount(Stacked, VersionedModel):
    """A percentage or an amount off each unit of what lies in the category's subtree, or off selected products of it.

    `weekday_bits` and `month_day_bits`: the platform's days on which it happens (`promotions.rules.recurrence`), none
    for every day. `is_for_products` stays when the last selected product is gone: it then takes nothing off.
    """

    name = models.CharField(_("name"), max_length=120)
    tier = models.CharField(_("level"), max_length=8, choices=TIERS, blank=True, default="")
    category = models.ForeignKey(
        "stores.Category", on_delete=models.PROTECT, related_name="+", verbose_name=_("category")
    )
    products: "models.ManyToManyField[models.Model, models.Model]" = models.ManyToManyField(
        "stores.Product", blank=True, related_name="+", verbose_name=_("products")
    )
    is_for_products = models.BooleanField(default=False, editable=False)
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True)
    weekday_bits = models.PositiveSmallIntegerField(_("weekdays"), default=0, editable=False)
    month_day_bits = models.PositiveIntegerField(_("days of the month"), default=0, editable=False)
    percent_bp = models.PositiveIntegerField(
        _("percentage (hundredths)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(10_000)],
    )
    amount_minor = models.BigIntegerField(_("amount per unit (minor units)"), null=True, editable=False)
    currency = models.CharField(_("currency"), max_length=3, blank=True, default="")
    is_active = models.BooleanField(_("active"), default=True)

    objects = DiscountQuerySet.as_manager()

    class Meta:
        app_label = "promotions"
        verbose_name = _("discount")
        verbose_name_plural = _("discounts")
        constraints = [
            models.CheckConstraint(
                condition=Q(tier__in=[value for value, _label in TIERS]),
                name="promotions_discount_tier",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="promotions_discount_ends_after_start",
                violation_error_message=_("The end must come after the start."),
            ),
            models.CheckConstraint(
                # A comparison with null is neither true nor false, and a check lets that pass: say "not null" too.
                condition=Q(
                    percent_bp__isnull=False, percent_bp__range=(1, 10_000), amount_minor__isnull=True, currency=""
                )
                | (Q(percent_bp__isnull=True, amount_minor__isnull=False, amount_minor__gt=0) & ~Q(currency="")),
                name="promotions_discount_one_benefit",
                violation_error_message=_("Give a percentage or an amount, not both."),
            ),
            models.CheckConstraint(
                condition=Q(weekday_bits__lte=ALL_WEEKDAYS, month_day_bits__lte=ALL_MONTH_DAYS),
                name="promotions_discount_days",
            ),
            models.CheckConstraint(
                condition=Q(priority__range=(-MAX_PRIORITY, MAX_PRIORITY)), name="promotions_discount_priority"
            ),
            models.CheckConstraint(
                condition=Q(is_exclusive=False) | Q(stack_group=""),
                name="promotions_discount_alone_or_grouped",
                violation_error_message=_("An exclusive promotion applies alone; it belongs to no group."),
            ),
        ]
        indexes = [models.Index(fields=["category", "tier"], name="promotions_discount_cell")]

    def __str__(self) -> str:
        return self.name

    @property
    def amount(self) -> Money | None:
        """What a unit is cheaper by; none of a percentage."""
        return None if self.amount_minor is None else Money(self.amount_minor, self.currency)

    @property
    def shown_benefit(self) -> str:
        """What it takes off, as people write it."""
        if self.percent_bp is not None:
            return shown_percent(self.percent_bp)
        return "" if self.amount is None else shown_amount(self.amount)

    @property
    def weekdays(self) -> list[int]:
        """ISO weekdays, 1 is Monday; none is every day."""
        return from_bits(self.weekday_bits)

    @property
    def month_days(self) -> list[int]:
        """Days of the month; none is every day."""
        return from_bits(self.month_day_bits)

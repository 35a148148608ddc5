"""Sales by platform day: sums that reports read instead of orders, and the days whose sums are behind.

A day's rows are made anew as a whole from the orders that were placed on it: twice is once.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from purchases.orders.models import Order


class DailySales(models.Model):
    """What a store sold through one door on a platform day, in one currency.

    An order of several stores counts in `orders` (and its customer in `new_customers`) with its first part alone, so
    that sums over stores count it once; `parts` counts it with each. `list_minor − discount_minor` is what the goods
    cost, with `shipping_minor` it is `revenue_minor`. `refunds_minor` is what went back of it, whenever that was.
    """

    id = models.BigAutoField(primary_key=True)
    day = models.DateField(_("day"))
    currency = models.CharField(_("currency"), max_length=3)
    source = models.CharField(_("source"), max_length=8, choices=Order.Source.choices)
    store = models.ForeignKey(
        "stores.Store", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("store")
    )
    orders = models.PositiveIntegerField(_("orders"))
    parts = models.PositiveIntegerField(_("orders of the store"))
    units = models.PositiveIntegerField(_("units"))
    list_minor = models.BigIntegerField(_("at list prices (minor units)"))
    discount_minor = models.BigIntegerField(_("discount (minor units)"))
    shipping_minor = models.BigIntegerField(_("shipping (minor units)"))
    revenue_minor = models.BigIntegerField(_("revenue (minor units)"))
    refunds_minor = models.BigIntegerField(_("went back (minor units)"))
    new_customers = models.PositiveIntegerField(_("new customers"))

    class Meta:
        app_label = "purchases"
        verbose_name = _("sales of a day")
        verbose_name_plural = _("sales by day")
        constraints = [
            models.UniqueConstraint(fields=["day", "currency", "source", "store"], name="purchases_sales_day"),
            models.CheckConstraint(
                condition=Q(
                    revenue_minor=models.F("list_minor") - models.F("discount_minor") + models.F("shipping_minor"),
                    discount_minor__gte=0,
                    shipping_minor__gte=0,
                    refunds_minor__gte=0,
                ),
                name="purchases_sales_day_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.currency} {self.source}: {self.orders}"


class DailyVariantSales(models.Model):
    """What was sold of a variant on a platform day: what a promotion's lift is measured on.

    `promoted_units` were sold below their list price, whatever made them cheaper.
    """

    id = models.BigAutoField(primary_key=True)
    day = models.DateField(_("day"))
    variant = models.ForeignKey(
        "stores.Variant", on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("variant")
    )
    currency = models.CharField(_("currency"), max_length=3)
    orders = models.PositiveIntegerField(_("orders"))
    units = models.PositiveIntegerField(_("units"))
    promoted_units = models.PositiveIntegerField(_("units below their list price"))
    list_minor = models.BigIntegerField(_("at list prices (minor units)"))
    revenue_minor = models.BigIntegerField(_("revenue (minor units)"))
    refunds_minor = models.BigIntegerField(_("went back (minor units)"))

    class Meta:
        app_label = "purchases"
        verbose_name = _("variant's sales of a day")
        verbose_name_plural = _("variants' sales by day")
        constraints = [
            models.UniqueConstraint(fields=["variant", "day", "currency"], name="purchases_variant_day"),
        ]
        indexes = [models.Index(fields=["day"], name="purchases_variants_of_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.units} x {self.variant_id}"


class DailyBenefit(models.Model):
    """What one rule (a flash promotion, a campaign, a discount) took off on a platform day.

    `revenue_minor` is what the lines that it touched were sold for. No foreign key: the rule's kind names the table.
    """

    id = models.BigAutoField(primary_key=True)
    day = models.DateField(_("day"))
    currency = models.CharField(_("currency"), max_length=3)
    kind = models.CharField(_("kind"), max_length=16)
    rule_id = models.UUIDField(_("promotion"))
    name = models.CharField(_("name"), max_length=200)
    orders = models.PositiveIntegerField(_("orders"))
    amount_minor = models.BigIntegerField(_("took off (minor units)"))
    revenue_minor = models.BigIntegerField(_("revenue of what it touched (minor units)"))

    class Meta:
        app_label = "purchases"
        verbose_name = _("promotion's day")
        verbose_name_plural = _("promotions by day")
        constraints = [
            models.UniqueConstraint(fields=["day", "currency", "rule_id"], name="purchases_benefit_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.kind} {self.name}: {self.amount_minor}"


class StaleSalesDay(models.Model):
    """A platform day whose sums are behind: an order of it changed since. Whoever adds it up takes the row away."""

    day = models.DateField(_("day"), primary_key=True)
    touched_at = models.DateTimeField(_("touched at"), auto_now=True)

    class Meta:
        app_label = "purchases"
        verbose_name = _("day of sales to add up")
        verbose_name_plural = _("days of sales to add up")

    def __str__(self) -> str:
        return str(self.day)

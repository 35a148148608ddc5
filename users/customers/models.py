"""Customers: where they are, what they speak, which segments and tier they belong to."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel
from users.accounts.models import User


class Tier(models.TextChoices):
    """By successful orders; the limits are policy rows."""

    BRONZE = "bronze", _("Bronze")
    SILVER = "silver", _("Silver")
    GOLD = "gold", _("Gold")


class TierPolicy(models.Model):
    """From how many successful orders on a tier begins. The newest row is in force; without one, the defaults."""

    id = models.BigAutoField(primary_key=True)
    silver_from = models.PositiveIntegerField(_("silver from"), default=21)
    gold_from = models.PositiveIntegerField(_("gold from"), default=50)
    created_at = models.DateTimeField(_("in force since"), auto_now_add=True)

    class Meta:
        app_label = "users"
        verbose_name = _("tier policy")
        verbose_name_plural = _("tier policies")
        constraints = [
            models.CheckConstraint(
                condition=Q(silver_from__gte=1, gold_from__gt=models.F("silver_from")),
                name="users_tier_limits_ascend",
                violation_error_message=_("Silver begins at one order or more, gold above silver."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.silver_from} / {self.gold_from}"


class SegmentPolicy(models.Model):
    """What "new" and "frequent" mean. The newest row is in force; without one, the defaults.

    New: the account is younger than `new_days` and no order of it has succeeded. Frequent: at least
    `frequent_orders` orders have succeeded, the last of them within `frequent_days`.
    """

    id = models.BigAutoField(primary_key=True)
    new_days = models.PositiveIntegerField(_("new for days"), default=30)
    frequent_orders = models.PositiveIntegerField(_("frequent from orders"), default=3)
    frequent_days = models.PositiveIntegerField(_("last order within days"), default=90)
    created_at = models.DateTimeField(_("in force since"), auto_now_add=True)

    class Meta:
        app_label = "users"
        verbose_name = _("segment policy")
        verbose_name_plural = _("segment policies")

    def __str__(self) -> str:
        return f"{self.new_days} / {self.frequent_orders} / {self.frequent_days}"


class Segment(UUIDModel):
    """A named group of customers. `rule` says whether behaviour fills it or staff do."""

    class Rule(models.TextChoices):
        """Who decides membership."""

        MANUAL = "manual", _("by staff")
        NEW = "new", _("new customers")
        FREQUENT = "frequent", _("frequent buyers")

    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(_("slug"), max_length=80, unique=True)
    rule = models.CharField(_("rule"), max_length=16, choices=Rule.choices, default=Rule.MANUAL)

    class Meta:
        app_label = "users"
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule"],
                condition=~Q(rule="manual"),
                name="users_segment_one_per_rule",
                violation_error_message=_("Another segment has this rule."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class CustomerProfile(UUIDModel):
    """What the shop knows of a customer. A place is both coordinates or none."""

    user = models.OneToOneField(User, verbose_name=_("user"), on_delete=models.PROTECT, related_name="profile")
    latitude = models.FloatField(
        _("latitude"), null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)]
    )
    longitude = models.FloatField(
        _("longitude"), null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )
    language = models.CharField(
        _("language"), max_length=8, choices=[("en", "English"), ("es", "Español")], default="es"
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="America/Mexico_City")
    tier = models.CharField(_("tier"), max_length=8, choices=Tier.choices, default=Tier.BRONZE)
    # Projection of order events (purchases pushes it down): orders that succeeded, and when the last one did.
    successful_orders_count = models.PositiveIntegerField(_("successful orders"), default=0, editable=False)
    last_order_at = models.DateTimeField(_("last order at"), null=True, editable=False)
    segments: "models.ManyToManyField[Segment, SegmentMembership]" = models.ManyToManyField(
        Segment, through="users.SegmentMembership", related_name="+"
    )

    class Meta:
        app_label = "users"
        verbose_name = _("customer profile")
        verbose_name_plural = _("customer profiles")
        constraints = [
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="users_profile_whole_place",
                violation_error_message=_("Give both coordinates, or none."),
            )
        ]

    def __str__(self) -> str:
        return str(self.user_id)


class SegmentMembership(models.Model):
    """A customer in a segment."""

    id = models.BigAutoField(primary_key=True)
    profile = models.ForeignKey(CustomerProfile, on_delete=models.CASCADE, related_name="memberships")
    segment = models.ForeignKey(
        Segment, verbose_name=_("segment"), on_delete=models.CASCADE, related_name="memberships"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "users"
        constraints = [models.UniqueConstraint(fields=["profile", "segment"], name="users_membership_once")]

    def __str__(self) -> str:
        return f"{self.profile_id} in {self.segment_id}"


class CustomerPlace(models.Model):
    """Projection for audiences: one row per (segment, active customer), and one under the nil segment.

    The nil segment is everyone. Asked with a box and the exact great circle; the covering index answers alone.
    A customer without a place has rows without coordinates: inside no circle, but part of an audience that has none.
    Written by the same services that write profile and membership, in the same transaction. `customer` is the
    user's id. No foreign keys: the row is derived, and millions of inserts beside it must not pay for checks.
    """

    id = models.BigAutoField(primary_key=True)
    segment = models.UUIDField()
    customer = models.UUIDField()
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)

    class Meta:
        app_label = "users"
        constraints = [models.UniqueConstraint(fields=["customer", "segment"], name="users_place_once")]
        indexes = [
            # The customer is part of the key so that the index answers alone, on both engines.
            models.Index(fields=["segment", "latitude", "longitude", "customer"], name="users_place_by_segment"),
            # Audience chunks walk customers in key order.
            models.Index(fields=["customer", "segment", "latitude", "longitude"], name="users_place_by_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.customer} in {self.segment}"

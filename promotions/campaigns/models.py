"""Campaigns, their coupons, and the count of their uses."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel, VersionedModel
from marketplace.core.money import Money
from promotions.rules.models import Stacked
from promotions.rules.stacking import MAX_PRIORITY

CODE_LENGTH = 40
MAX_USES = 1_000_000_000
_USES = [MinValueValidator(1), MaxValueValidator(MAX_USES)]


class CampaignQuerySet(QuerySet["Campaign"]):
    """What is asked of many campaigns at once."""

    def switched_on(self) -> "CampaignQuerySet":
        """Scheduled or active: in the rule book."""
        return self.filter(state__in=(Campaign.State.SCHEDULED, Campaign.State.ACTIVE))

    def due_to_start(self, at: datetime) -> "CampaignQuerySet":
        """Scheduled, and their first moment has come."""
        return self.filter(state=Campaign.State.SCHEDULED, starts_at__lte=at)

    def due_to_end(self, at: datetime) -> "CampaignQuerySet":
        """Active, and past their last moment."""
        return self.filter(state=Campaign.State.ACTIVE, ends_at__lte=at)


class Campaign(Stacked, VersionedModel):
    """What the house gives to whom, on what, between two moments.

    The scope says what it is about; only targets of that kind are kept. Amounts and the minimum ticket are in
    `currency`. `is_for_segments` stays when the last segment is gone: the campaign is then for nobody, not for all.
    """

    class State(models.TextChoices):
        """Where it stands; `promotions.campaigns.states` has the steps."""

        DRAFT = "draft", _("draft")
        SCHEDULED = "scheduled", _("scheduled")
        ACTIVE = "active", _("active")
        ENDED = "ended", _("ended")

    class Scope(models.TextChoices):
        """What it is about."""

        ORDER = "order", _("the order")
        CATEGORY = "category", _("categories")
        PRODUCT = "product", _("products")
        STORE = "store", _("stores")

    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("description"), blank=True, default="", max_length=2_000)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.DRAFT, editable=False)
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True)
    scope = models.CharField(_("scope"), max_length=8, choices=Scope.choices, default=Scope.ORDER)
    categories: "models.ManyToManyField[models.Model, models.Model]" = models.ManyToManyField(
        "stores.Category", blank=True, related_name="+", verbose_name=_("categories")
    )
    products: "models.ManyToManyField[models.Model, models.Model]" = models.ManyToManyField(
        "stores.Product", blank=True, related_name="+", verbose_name=_("products")
    )
    stores: "models.ManyToManyField[models.Model, models.Model]" = models.ManyToManyField(
        "stores.Store", blank=True, related_name="+", verbose_name=_("stores")
    )
    segments: "models.ManyToManyField[models.Model, models.Model]" = models.ManyToManyField(
        "users.Segment", blank=True, related_name="+", verbose_name=_("segments")
    )
    is_for_segments = models.BooleanField(default=False, editable=False)
    tiers = models.JSONField(_("levels"), default=list, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True, default="")
    min_ticket_minor = models.BigIntegerField(_("minimum ticket (minor units)"), default=0, editable=False)
    benefits_json = models.JSONField(_("benefits"))
    needs_coupon = models.BooleanField(_("needs a coupon"), default=False)
    max_uses = models.PositiveIntegerField(
        _("uses in total"), null=True, blank=True, validators=_USES, help_text=_("Empty is without end.")
    )
    max_uses_per_customer = models.PositiveIntegerField(
        _("uses per customer"), null=True, blank=True, validators=_USES, help_text=_("Empty is without end.")
    )
    started_at = models.DateTimeField(_("started at"), null=True, editable=False)
    ended_at = models.DateTimeField(_("ended at"), null=True, editable=False)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        app_label = "promotions"
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="promotions_campaign_ends_after_start",
                violation_error_message=_("The end must come after the start."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "scheduled"), started_at__isnull=True, ended_at__isnull=True)
                | Q(state="active", started_at__isnull=False, ended_at__isnull=True)
                | Q(state="ended", ended_at__isnull=False),
                name="promotions_campaign_state_moments",
            ),
            models.CheckConstraint(
                condition=Q(scope__in=("order", "category", "product", "store")), name="promotions_campaign_scope"
            ),
            models.CheckConstraint(
                condition=Q(min_ticket_minor=0) | (Q(min_ticket_minor__gt=0) & ~Q(currency="")),
                name="promotions_campaign_ticket_has_currency",
                violation_error_message=_("Amounts need a currency."),
            ),
            models.CheckConstraint(
                condition=Q(max_uses__isnull=True) | Q(max_uses__gte=1), name="promotions_campaign_max_uses"
            ),
            models.CheckConstraint(
                condition=Q(max_uses_per_customer__isnull=True) | Q(max_uses_per_customer__gte=1),
                name="promotions_campaign_max_uses_each",
            ),
            models.CheckConstraint(
                condition=Q(priority__range=(-MAX_PRIORITY, MAX_PRIORITY)), name="promotions_campaign_priority"
            ),
            models.CheckConstraint(
                condition=Q(is_exclusive=False) | Q(stack_group=""),
                name="promotions_campaign_alone_or_grouped",
                violation_error_message=_("An exclusive promotion applies alone; it belongs to no group."),
            ),
        ]
        indexes = [
            # The relay's question each second: what is due to start, what is due to end.
            models.Index(fields=["starts_at"], condition=Q(state="scheduled"), name="promotions_campaign_to_start"),
            models.Index(fields=["ends_at"], condition=Q(state="active"), name="promotions_campaign_to_end"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def min_ticket(self) -> Money | None:
        """From which sum of goods on; None where there is none."""
        return Money(self.min_ticket_minor, self.currency) if self.min_ticket_minor else None

    @property
    def is_limited(self) -> bool:
        """Whether uses are counted against a limit."""
        return self.max_uses is not None or self.max_uses_per_customer is not None


class Coupon(UUIDModel):
    """A code that opens its campaign, kept in capitals; it may have fewer uses than the campaign."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="coupons")
    code = models.CharField(_("code"), max_length=CODE_LENGTH)
    max_uses = models.PositiveIntegerField(
        _("uses in total"), null=True, blank=True, validators=_USES, help_text=_("Empty is without end.")
    )
    used_count = models.PositiveIntegerField(_("used"), default=0, editable=False)

    class Meta:
        app_label = "promotions"
        verbose_name = _("coupon")
        verbose_name_plural = _("coupons")
        constraints = [
            models.UniqueConstraint(
                Upper("code"),
                name="promotions_coupon_code_once",
                violation_error_message=_("The coupon code is taken."),
            ),
            models.CheckConstraint(
                condition=Q(max_uses__isnull=True) | Q(max_uses__gte=1), name="promotions_coupon_max_uses"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class CampaignUse(models.Model):
    """One use of a campaign by one order: taken, or given back. `is_counted`: counters know of it."""

    id = models.BigAutoField(primary_key=True)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="uses")
    order_id = models.UUIDField(_("order"))
    customer_id = models.UUIDField(_("customer"))
    coupon = models.ForeignKey(Coupon, verbose_name=_("coupon"), on_delete=models.SET_NULL, null=True, related_name="+")
    is_taken = models.BooleanField(_("taken"), default=False)
    is_counted = models.BooleanField(default=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        app_label = "promotions"
        verbose_name = _("use of a campaign")
        verbose_name_plural = _("uses of campaigns")
        constraints = [
            models.UniqueConstraint(fields=["order_id", "campaign"], name="promotions_use_once"),
            models.CheckConstraint(
                condition=Q(is_taken=True) | Q(is_counted=False), name="promotions_use_counted_is_taken"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.order_id}"


class UsageCounter(models.Model):
    """How often a limited campaign is used: a row per customer, and one under the nil customer for everybody."""

    EVERYBODY: ClassVar[UUID] = UUID(int=0)

    id = models.BigAutoField(primary_key=True)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+", db_index=False)
    customer_id = models.UUIDField()
    used = models.PositiveIntegerField(default=0)

    class Meta:
        app_label = "promotions"
        verbose_name = _("usage counter")
        verbose_name_plural = _("usage counters")
        constraints = [models.UniqueConstraint(fields=["campaign", "customer_id"], name="promotions_counter_once")]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.customer_id}: {self.used}"

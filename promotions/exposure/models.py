"""Selections that were served, place by place, with the reason of each; pins; sums by place."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel, VersionedModel


class Context(models.TextChoices):
    """Where it is shown."""

    HOME = "home", _("home page")
    CATEGORY = "category", _("category page")
    PERSONALIZED = "personalized", _("personal selection")


class Reason(models.TextChoices):
    """The branch that placed a product."""

    PINNED = "pinned", _("put there by staff")
    POPULAR = "popular", _("popular")
    COLD_BOOST = "cold_boost", _("new, being tried out")
    PROFIT = "profit", _("worth its price to the shop")
    FRESH = "fresh", _("just published or back in stock")
    PERSONAL = "personal", _("like what you looked at")
    FALLBACK = "fallback", _("chosen without scores")


class Pin(VersionedModel):
    """A product that staff put in a place for a time. It passes by diversity, never by stock or visibility."""

    context = models.CharField(_("where"), max_length=12, choices=Context.choices)
    category = models.ForeignKey(
        "stores.Category", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("category")
    )
    product = models.ForeignKey("stores.Product", on_delete=models.PROTECT, related_name="+", verbose_name=_("product"))
    position = models.PositiveSmallIntegerField(_("place"))
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        app_label = "promotions"
        verbose_name = _("pinned product")
        verbose_name_plural = _("pinned products")
        constraints = [
            models.CheckConstraint(condition=Q(position__gte=1, position__lte=48), name="promotions_pin_position"),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")), name="promotions_pin_period"
            ),
            models.CheckConstraint(
                condition=Q(context="category", category__isnull=False)
                | (~Q(context="category") & Q(category__isnull=True)),
                name="promotions_pin_category",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.context} {self.position}: {self.product_id}"


class Slate(UUIDModel):
    """One selection as it was made: for whom, from which versions, with which seed. Kept to answer "why this?".

    `key` is the cache's: equal keys are equal slates. A personal one names its customer, and goes with the person.
    """

    key = models.CharField(_("key"), max_length=200, unique=True)
    context = models.CharField(_("where"), max_length=12, choices=Context.choices)
    category_id = models.UUIDField(_("category"), null=True)
    customer_id = models.UUIDField(_("customer"), null=True)
    segment = models.CharField(_("segment"), max_length=80, blank=True)
    scores_version = models.BigIntegerField(_("version of the scores"), null=True)
    # Experiment variants in force for it: {"w_popularity": "<variant id>"}; and the numbers it was made with.
    variants = models.JSONField(_("variants"), default=dict)
    parameters = models.JSONField(_("made with"), default=dict)
    seed = models.CharField(_("seed"), max_length=32)
    # Which rules had to give way to fill it: ["store", "category", "repetition"].
    relaxed = models.JSONField(_("rules that gave way"), default=list)
    tier = models.CharField(_("made from"), max_length=12)
    expires_at = models.DateTimeField(_("served until"))

    class Meta:
        app_label = "promotions"
        verbose_name = _("selection")
        verbose_name_plural = _("selections")
        indexes = [
            models.Index(fields=["context", "category_id", "-created_at"], name="promotions_slates_of_context"),
            models.Index(
                fields=["customer_id"], condition=Q(customer_id__isnull=False), name="promotions_slates_of_customer"
            ),
            models.Index(fields=["expires_at"], name="promotions_slates_expired"),
        ]

    def __str__(self) -> str:
        return self.key


class Slot(models.Model):
    """One place of a selection. Its id is the `exposure_id` that clients send back with what people do."""

    id = models.UUIDField(primary_key=True)
    slate = models.ForeignKey(Slate, verbose_name=_("slate"), on_delete=models.CASCADE, related_name="slots")
    position = models.PositiveSmallIntegerField(_("place"))
    product_id = models.UUIDField(_("product"))
    reason = models.CharField(_("reason"), max_length=12, choices=Reason.choices)
    badges = models.JSONField(_("badges"), default=list)
    # The chance that this product stood in this place, over all draws of the seed; 1 where nothing was drawn.
    propensity = models.FloatField(_("propensity"))
    # What decided: the scores, the similarity that was taken off, how often the viewer had seen it, the draw.
    evidence = models.JSONField(_("evidence"), default=dict)

    class Meta:
        app_label = "promotions"
        verbose_name = _("place in a selection")
        verbose_name_plural = _("places in selections")
        constraints = [
            models.UniqueConstraint(fields=["slate", "position"], name="promotions_slot_position"),
            models.UniqueConstraint(fields=["slate", "product_id"], name="promotions_slot_product"),
            models.CheckConstraint(condition=Q(propensity__gt=0, propensity__lte=1), name="promotions_slot_propensity"),
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.product_id}"


class SlotDaily(models.Model):
    """What became of a place on a platform day, for each reason: the click-through rate of slots is read from here."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField(_("day"))
    context = models.CharField(_("where"), max_length=12, choices=Context.choices)
    position = models.PositiveSmallIntegerField(_("place"))
    reason = models.CharField(_("reason"), max_length=12, choices=Reason.choices)
    impressions = models.BigIntegerField(_("viewable impressions"), default=0)
    clicks = models.BigIntegerField(_("clicks"), default=0)

    class Meta:
        app_label = "promotions"
        verbose_name = _("place on a day")
        verbose_name_plural = _("places by day")
        constraints = [
            models.UniqueConstraint(fields=["day", "context", "position", "reason"], name="promotions_slot_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.context} {self.position}"

"""Experiments, their ways, and what each unit saw and did."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel, VersionedModel


class Experiment(VersionedModel):
    """A question with two answers or more. draft → running → stopped; a stopped one may pick its winner.

    It varies one knob. `inclusion_bp` of ten thousand units take part, chosen by one salt; which way each gets, by
    another. Neither changes while it runs.
    """

    class State(models.TextChoices):
        """Where it stands."""

        DRAFT = "draft", _("draft")
        RUNNING = "running", _("running")
        STOPPED = "stopped", _("stopped")

    class Knob(models.TextChoices):
        """What it varies."""

        W_POPULARITY = "w_popularity", _("share of popularity in the exposure score")
        EXPLORE_SHARE = "explore_share", _("share of places for trying out")

    class Metric(models.TextChoices):
        """What is measured of a unit; one of them decides."""

        HIT_RATIO = "exposure_hit_ratio", _("clicks for each viewable impression")
        CONVERSION = "ab_variant_conversion", _("units that bought")
        AMOUNT = "amount_per_unit", _("amount for each unit")

    key = models.SlugField(_("key"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=120)
    hypothesis = models.TextField(_("what is expected"), blank=True)
    knob = models.CharField(_("knob"), max_length=20, choices=Knob.choices)
    # Named before the start: with three to choose from afterwards, one in seven experiments without effect "finds" one.
    decided_by = models.CharField(_("decided by"), max_length=24, choices=Metric.choices, default=Metric.HIT_RATIO)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.DRAFT)
    inclusion_bp = models.PositiveIntegerField(_("units that take part (of 10,000)"), default=10_000)
    salt = models.CharField(max_length=32, editable=False)
    started_at = models.DateTimeField(_("started at"), null=True, editable=False)
    stopped_at = models.DateTimeField(_("stopped at"), null=True, editable=False)
    ends_at = models.DateTimeField(_("stops by itself at"), null=True, blank=True)
    picked = models.ForeignKey(
        "promotions.ExperimentVariant",
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("winner"),
    )

    class Meta:
        app_label = "promotions"
        verbose_name = _("experiment")
        verbose_name_plural = _("experiments")
        constraints = [
            models.CheckConstraint(
                condition=Q(inclusion_bp__gte=1, inclusion_bp__lte=10_000), name="promotions_experiment_inclusion"
            ),
            # Two at once about one knob would answer each other's question.
            models.UniqueConstraint(
                fields=["knob"], condition=Q(state="running"), name="promotions_one_experiment_per_knob"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(started_at__isnull=False), name="promotions_experiment_started"
            ),
            models.CheckConstraint(
                condition=Q(picked__isnull=True) | Q(state="stopped"), name="promotions_experiment_picked"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ExperimentVariant(UUIDModel):
    """One way of doing it: the knob's value, and its share of those who take part."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="variants")
    key = models.SlugField(_("key"), max_length=40)
    value = models.FloatField(_("value"))
    share_bp = models.PositiveIntegerField(_("share (of 10,000)"))
    is_control = models.BooleanField(_("what is done today"), default=False)

    class Meta:
        app_label = "promotions"
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        constraints = [
            models.UniqueConstraint(fields=["experiment", "key"], name="promotions_variant_key"),
            models.UniqueConstraint(
                fields=["experiment"], condition=Q(is_control=True), name="promotions_variant_one_control"
            ),
            models.CheckConstraint(condition=Q(share_bp__gte=1, share_bp__lte=10_000), name="promotions_variant_share"),
            models.CheckConstraint(condition=Q(value__gte=0, value__lte=1), name="promotions_variant_value"),
        ]

    def __str__(self) -> str:
        return self.key


class ExperimentUnit(models.Model):
    """What one unit (customer, or session) of an experiment saw and did.

    Exposed is who has a viewable impression: `first_at` and `last_at` are of impressions, null without one. Conversions
    are purchases within 24 hours of the last exposure before them. A unit that was seen under a variant that is not its
    own (somebody signed in half-way) is `is_mixed` and left out of every figure.
    """

    id = models.BigAutoField(primary_key=True)
    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="units", db_index=False)
    variant = models.ForeignKey(ExperimentVariant, on_delete=models.CASCADE, related_name="+")
    unit = models.UUIDField(_("unit"))
    is_mixed = models.BooleanField(_("seen under two variants"), default=False)
    impressions = models.PositiveIntegerField(_("viewable impressions"), default=0)
    clicks = models.PositiveIntegerField(_("clicked"), default=0)
    purchases = models.PositiveIntegerField(_("attributed purchases"), default=0)
    amount_minor = models.BigIntegerField(_("attributed amount (minor units)"), default=0)
    # Runs of exposures less than a day apart, as [first, last] in microseconds of the epoch: enough to attribute a
    # purchase whatever comes first, it or the exposure. At most one a day.
    runs = models.JSONField(_("exposed from, until"), default=list)
    first_at = models.DateTimeField(_("first exposed at"), null=True)
    last_at = models.DateTimeField(_("last exposed at"), null=True)

    class Meta:
        app_label = "promotions"
        verbose_name = _("unit of an experiment")
        verbose_name_plural = _("units of experiments")
        constraints = [
            models.UniqueConstraint(fields=["experiment", "unit"], name="promotions_unit_of_experiment"),
            models.CheckConstraint(
                condition=Q(first_at__isnull=True, last_at__isnull=True) | Q(first_at__lte=F("last_at")),
                name="promotions_unit_moments",
            ),
        ]
        indexes = [models.Index(fields=["unit"], name="promotions_units_by_unit")]

    def __str__(self) -> str:
        return f"{self.unit}: {self.impressions}"


class ExperimentPurchase(models.Model):
    """Something that was bought while an experiment could count it: an exposure may still come in behind it."""

    id = models.BigAutoField(primary_key=True)
    unit = models.UUIDField(_("unit"), db_index=True)
    amount_minor = models.BigIntegerField(_("amount (minor units)"))
    at = models.DateTimeField(_("bought at"), db_index=True)

    class Meta:
        app_label = "promotions"
        verbose_name = _("purchase beside experiments")
        verbose_name_plural = _("purchases beside experiments")

    def __str__(self) -> str:
        return f"{self.unit}: {self.amount_minor}"

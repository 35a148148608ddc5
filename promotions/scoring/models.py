"""Scores of products, in versions: only a complete one is served."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

_SHARE: list[Any] = [MinValueValidator(0.0), MaxValueValidator(1.0)]


class ScoringPolicy(models.Model):
    """How scores and selections are made of signals. The newest row is in force; without one, the defaults."""

    id = models.BigAutoField(primary_key=True)
    # exposure = w_popularity · popularity + (1 − w_popularity) · (w_cold · cold + w_profit · profit + w_freshness · …)
    w_popularity = models.FloatField(_("share of popularity"), default=0.7, validators=_SHARE)
    w_cold = models.FloatField(_("share of new products in the rest"), default=0.5, validators=_SHARE)
    w_profit = models.FloatField(_("share of profit in the rest"), default=0.3, validators=_SHARE)
    w_freshness = models.FloatField(_("share of freshness in the rest"), default=0.2, validators=_SHARE)
    explore_share = models.FloatField(_("share of places for trying out"), default=0.3, validators=_SHARE)
    cold_impressions = models.FloatField(
        _("impressions after which a product is half known"), default=200.0, validators=[MinValueValidator(1.0)]
    )
    stock_target = models.PositiveIntegerField(_("stock that counts as enough"), default=10)
    freshness_days = models.FloatField(
        _("half-life of freshness (days)"), default=14.0, validators=[MinValueValidator(0.1)]
    )
    created_at = models.DateTimeField(_("in force since"), auto_now_add=True)

    class Meta:
        app_label = "promotions"
        verbose_name = _("scoring policy")
        verbose_name_plural = _("scoring policies")

    def __str__(self) -> str:
        return f"{self.w_popularity} / {self.explore_share}"


class ScoresVersion(models.Model):
    """One computation of all scores. `completed_at`: it is whole and may serve; a half-written one never does."""

    id = models.BigAutoField(primary_key=True)
    policy = models.JSONField(_("computed with"))
    products_count = models.PositiveIntegerField(_("products"), default=0)
    started_at = models.DateTimeField(_("as of"))
    completed_at = models.DateTimeField(_("completed at"), null=True)

    class Meta:
        app_label = "promotions"
        verbose_name = _("version of the scores")
        verbose_name_plural = _("versions of the scores")
        indexes = [
            models.Index(fields=["-id"], condition=Q(completed_at__isnull=False), name="promotions_scores_complete"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class CategoryLevel(models.Model):
    """What popularity is measured against in a category: the 99th percentile of the decayed sums. No category: all."""

    id = models.BigAutoField(primary_key=True)
    version = models.ForeignKey(ScoresVersion, on_delete=models.CASCADE, related_name="levels")
    category_id = models.UUIDField(_("category"), null=True)
    products_count = models.PositiveIntegerField(_("products"))
    # Those whose sum says something: the percentile is theirs, and so few of them are blended with all.
    known_count = models.PositiveIntegerField(_("products with events"))
    p99 = models.FloatField(_("99th percentile"))
    conversion = models.FloatField(_("purchases for each viewable impression"))

    class Meta:
        app_label = "promotions"
        verbose_name = _("level of a category")
        verbose_name_plural = _("levels of categories")
        constraints = [
            models.UniqueConstraint(fields=["version", "category_id"], name="promotions_level_of_category"),
        ]

    def __str__(self) -> str:
        return f"{self.category_id}: {self.p99}"


class ProductScore(models.Model):
    """A product's five scores in one version, each between 0 and 1; `log_key` orders by decayed weight without them.

    Only products that anybody may see and that have a variant have a row. Category, store and brand are copies as of
    the version, for selections.
    """

    id = models.BigAutoField(primary_key=True)
    # No constraint: a hundred thousand rows would look for the same version, each by itself.
    version = models.ForeignKey(
        ScoresVersion,
        verbose_name=_("version"),
        on_delete=models.CASCADE,
        related_name="scores",
        db_index=False,
        db_constraint=False,
    )
    product_id = models.UUIDField(_("product"))
    category_id = models.UUIDField(_("category"))
    store_id = models.UUIDField(_("store"))
    brand_id = models.UUIDField(_("brand"), null=True)
    popularity = models.FloatField(_("popularity"))
    cold = models.FloatField(_("cold"))
    profit = models.FloatField(_("profit"))
    freshness = models.FloatField(_("freshness"))
    exposure = models.FloatField(_("exposure"))
    # Leaderboard key: log2 of the decayed sum at the version's moment; ties of exposure go by it, then by the id.
    log_key = models.FloatField(_("leaderboard key"))
    is_cost_known = models.BooleanField(_("cost known"))
    # What is behind the trial of new products.
    impressions = models.FloatField(_("decayed impressions"))
    clicks = models.FloatField(_("decayed clicks on impressions"))
    fresh_since = models.DateTimeField(_("published or back in stock at"))
    # What could be bought then; none in a store that is not open. Selections are made of what has some.
    available = models.PositiveIntegerField(_("available"), default=1)

    class Meta:
        app_label = "promotions"
        verbose_name = _("product's scores")
        verbose_name_plural = _("products' scores")
        constraints = [
            models.UniqueConstraint(fields=["version", "product_id"], name="promotions_scores_of_product"),
        ]
        indexes = [
            models.Index(
                F("version"),
                F("exposure").desc(),
                F("log_key").desc(),
                condition=Q(available__gt=0),
                name="promotions_by_exposure",
            ),
            models.Index(F("version"), F("cold").desc(), condition=Q(cold__gt=0), name="promotions_by_cold"),
            models.Index(
                F("version"),
                F("category_id"),
                F("exposure").desc(),
                condition=Q(available__gt=0),
                name="promotions_category_exposure",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.exposure:.3f}"

"""What goes over the wire."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.core.http import fields
from promotions.experiments.models import Experiment, ExperimentVariant
from promotions.experiments.report import Arm, Comparison, ExperimentReport
from promotions.experiments.splitting import PARTS
from promotions.experiments.terms import MAX_VARIANTS, VariantTerms
from promotions.experiments.wording import BASES, VERDICTS, WARNINGS

_SHARE = _("Of 10,000.")


class ExperimentVariantTermsSerializer(serializers.Serializer[VariantTerms]):
    """One way, as its makers write it."""

    key = fields.SlugField(max_length=40)
    value = fields.FloatField(min_value=0.0, max_value=1.0)
    share_bp = fields.IntegerField(min_value=1, max_value=PARTS, help_text=_SHARE)
    is_control = fields.BooleanField(required=False, help_text=_("What is done today; one variant."))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Within a change of some of the terms nothing is required by itself; a variant is always given whole."""
        for name in ("key", "value", "share_bp"):
            if name not in attrs:
                raise serializers.ValidationError({name: self.fields[name].error_messages["required"]}, code="required")
        return attrs


class ExperimentTermsSerializer(serializers.Serializer[dict[str, Any]]):
    """An experiment, as its makers write it."""

    key = fields.SlugField(max_length=80)
    name = fields.CharField(max_length=120)
    hypothesis = fields.CharField(required=False, allow_blank=True, max_length=2_000)
    knob = fields.ChoiceField(choices=Experiment.Knob.choices)
    decided_by = fields.ChoiceField(choices=Experiment.Metric.choices, required=False)
    inclusion_bp = fields.IntegerField(required=False, min_value=1, max_value=PARTS, help_text=_SHARE)
    ends_at = fields.DateTimeField(
        required=False, allow_null=True, help_text=_("The planned end. Without one no verdict is of a fixed horizon.")
    )
    variants = serializers.ListField(child=ExperimentVariantTermsSerializer(), required=False, max_length=MAX_VARIANTS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Lists become values."""
        if "variants" in attrs:
            attrs["variants"] = tuple(VariantTerms(**variant) for variant in attrs["variants"])
        return attrs


class ExperimentVariantSerializer(serializers.Serializer[ExperimentVariant]):
    """One way, with its id."""

    id = fields.UUIDField()
    key = fields.CharField()
    value = fields.FloatField()
    share_bp = fields.IntegerField()
    is_control = fields.BooleanField()


class ExperimentSerializer(serializers.Serializer[Experiment]):
    """An experiment as those who run it see it."""

    id = fields.UUIDField()
    key = fields.CharField()
    name = fields.CharField()
    hypothesis = fields.CharField()
    knob = fields.ChoiceField(choices=Experiment.Knob.choices)
    decided_by = fields.ChoiceField(choices=Experiment.Metric.choices)
    state = fields.ChoiceField(choices=Experiment.State.choices)
    inclusion_bp = fields.IntegerField()
    ends_at = fields.DateTimeField(allow_null=True)
    variants = ExperimentVariantSerializer(many=True)
    picked = fields.UUIDField(source="picked_id", allow_null=True, help_text=_("The variant that won."))
    started_at = fields.DateTimeField(allow_null=True)
    stopped_at = fields.DateTimeField(allow_null=True)
    created_at = fields.DateTimeField()
    updated_at = fields.DateTimeField()


class PickSerializer(serializers.Serializer[dict[str, Any]]):
    """Which variant wins."""

    variant = fields.UUIDField()


class EstimateSerializer(serializers.Serializer[Any]):
    """A figure and its 95 % interval; null where there is too little to say."""

    value = fields.FloatField()
    low = fields.FloatField(allow_null=True)
    high = fields.FloatField(allow_null=True)


class MetricsSerializer(serializers.Serializer[Any]):
    """By metric; amounts in minor units."""

    exposure_hit_ratio = EstimateSerializer(help_text=_("Clicks for each viewable impression; delta method by unit."))
    ab_variant_conversion = EstimateSerializer(help_text=_("Units that bought, of exposed units; Wilson."))
    amount_per_unit = EstimateSerializer(help_text=_("Attributed minor units for each exposed unit; Student."))


class ExperimentArmSerializer(serializers.Serializer[Arm]):
    """A variant's units and sums."""

    variant = fields.UUIDField(source="variant_id")
    key = fields.CharField()
    value = fields.FloatField()
    share_bp = fields.IntegerField()
    is_control = fields.BooleanField()
    units = fields.IntegerField()
    impressions = fields.IntegerField()
    clicks = fields.IntegerField()
    buyers = fields.IntegerField()
    purchases = fields.IntegerField()
    amount_minor = fields.IntegerField()
    metrics = MetricsSerializer()


class ExperimentComparisonSerializer(serializers.Serializer[Comparison]):
    """A variant against what is done today."""

    metric = fields.ChoiceField(choices=Experiment.Metric.choices)
    variant = fields.UUIDField(source="variant_id")
    key = fields.CharField()
    difference = fields.FloatField()
    lift = fields.FloatField(allow_null=True, help_text=_("The difference relative to what is done today."))
    low = fields.FloatField(help_text=_("For one look, at the planned end."))
    high = fields.FloatField()
    any_time_low = fields.FloatField(help_text=_("True however often one looks."))
    any_time_high = fields.FloatField()
    p_value = fields.FloatField(help_text=_("Two-sided, for one look, multiplied by the number of comparisons."))
    verdict = fields.ChoiceField(choices=list(VERDICTS.items()))


class BalanceSerializer(serializers.Serializer[Any]):
    """The sample ratio check: Pearson's χ² of the units against the shares; an alarm below 0.001."""

    observed = serializers.ListField(child=fields.IntegerField())
    expected = serializers.ListField(child=fields.FloatField())
    statistic = fields.FloatField()
    df = fields.IntegerField()
    p_value = fields.FloatField()
    is_alarm = fields.BooleanField()


class ExperimentWarningSerializer(serializers.Serializer[Any]):
    """What to mind, and why."""

    code = fields.ChoiceField(choices=[(code, code) for code in WARNINGS])
    detail = fields.CharField()


class ExperimentReportSerializer(serializers.Serializer[ExperimentReport]):
    """Everything about an experiment, as of now."""

    experiment = fields.UUIDField(source="experiment_id")
    key = fields.CharField()
    name = fields.CharField()
    state = fields.ChoiceField(choices=Experiment.State.choices)
    decided_by = fields.ChoiceField(choices=Experiment.Metric.choices)
    is_readable = fields.BooleanField(help_text=_("False: the sample ratio check failed, nothing is compared."))
    basis = fields.ChoiceField(choices=list(BASES.items()), help_text=_("Which interval the verdicts go by."))
    confidence = fields.FloatField(help_text=_("Of the comparisons' intervals."))
    balance = BalanceSerializer()
    mixed_units = fields.IntegerField(help_text=_("Seen under a variant that is not theirs; left out."))
    arms = ExperimentArmSerializer(many=True)
    comparisons = ExperimentComparisonSerializer(many=True)
    warnings = serializers.SerializerMethodField()

    @extend_schema_field(ExperimentWarningSerializer(many=True))
    def get_warnings(self, report: ExperimentReport) -> list[dict[str, str]]:
        """Codes with their sentences, the gravest first."""
        return [{"code": code, "detail": str(WARNINGS[code])} for code in report.warnings]

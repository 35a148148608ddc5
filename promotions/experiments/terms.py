"""An experiment as its makers state it, and what can be wrong with that."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from marketplace.core.errors import FieldError, gettext_noop

from .models import Experiment
from .splitting import PARTS

MAX_VARIANTS: Final = 10


@dataclass(frozen=True, slots=True)
class VariantTerms:
    """One way: the knob's value (0 to 1), and its share (of 10,000) of those who take part."""

    key: str
    value: float
    share_bp: int
    is_control: bool = False


@dataclass(frozen=True, slots=True)
class ExperimentTerms:
    """An experiment as its makers state it. A draft may have no variants yet."""

    key: str
    name: str
    knob: str
    hypothesis: str = ""
    decided_by: str = Experiment.Metric.HIT_RATIO.value
    inclusion_bp: int = PARTS
    ends_at: datetime | None = None
    variants: tuple[VariantTerms, ...] = ()

    def columns(self) -> dict[str, Any]:
        """What stands in the experiment's own row."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "variants"}

    def said(self) -> dict[str, Any]:
        """For the audit."""
        return self.columns() | {"variants": [asdict(variant) for variant in self.variants]}


def terms_of(experiment: Experiment) -> ExperimentTerms:
    """The terms of a row."""
    columns = {name: getattr(experiment, name) for name in ExperimentTerms.__slots__ if name != "variants"}
    variants = tuple(
        VariantTerms(variant.key, variant.value, variant.share_bp, variant.is_control)
        for variant in experiment.variants.order_by("pk")
    )
    return ExperimentTerms(**columns, variants=variants)


def wrong_terms(terms: ExperimentTerms) -> Iterator[FieldError]:
    """Every fault of a draft; what it lacks to be started says `missing_for_start`."""
    if terms.knob not in Experiment.Knob.values:
        yield FieldError("knob", "invalid_choice", gettext_noop("There is no such knob."))
    if terms.decided_by not in Experiment.Metric.values:
        yield FieldError("decided_by", "invalid_choice", gettext_noop("There is no such metric."))
    if not 1 <= terms.inclusion_bp <= PARTS:
        yield FieldError("inclusion_bp", "invalid", gettext_noop("From 1 to 10,000."))
    yield from _wrong_variants(terms.variants)


def _wrong_variants(variants: tuple[VariantTerms, ...]) -> Iterator[FieldError]:
    if len(variants) > MAX_VARIANTS:
        yield FieldError("variants", "max_length", gettext_noop("Ten variants at most."))
    if len({variant.key for variant in variants}) != len(variants):
        yield FieldError("variants", "unique", gettext_noop("Each variant needs a key of its own."))
    if any(not 0.0 <= variant.value <= 1.0 for variant in variants):
        yield FieldError("variants", "invalid", gettext_noop("Values lie between 0 and 1."))
    if any(not 1 <= variant.share_bp <= PARTS for variant in variants):
        yield FieldError("variants", "invalid", gettext_noop("Shares lie between 1 and 10,000."))
    if sum(variant.is_control for variant in variants) > 1:
        yield FieldError("variants", "invalid", gettext_noop("One variant is what is done today, no more."))


def missing_for_start(terms: ExperimentTerms, at: datetime) -> Iterator[FieldError]:
    """What a draft lacks: two variants, one of them what is done today, all shares together the whole."""
    if len(terms.variants) < 2:
        yield FieldError("variants", "min_length", gettext_noop("Two variants at least."))
    elif sum(variant.share_bp for variant in terms.variants) != PARTS:
        yield FieldError("variants", "invalid", gettext_noop("The shares must sum up to 10,000."))
    if not any(variant.is_control for variant in terms.variants):
        yield FieldError("variants", "required", gettext_noop("Mark the variant that is done today."))
    if terms.ends_at is not None and terms.ends_at <= at:
        yield FieldError("ends_at", "invalid", gettext_noop("The end must lie in the future."))

"""A report as the page shows it: figures as people read them, in their language."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.utils.formats import number_format

from .chart import Chart, charts_of
from .inference.intervals import Estimate
from .models import Experiment
from .report import Comparison, ExperimentReport, experiment_report
from .wording import BASES, VERDICTS, WARNINGS

_METRICS: Final[Mapping[str, Any]] = dict(Experiment.Metric.choices)
_NOTHING: Final = "—"


def shown_report(experiment: Experiment, *, at: datetime) -> dict[str, Any]:
    """What the template needs; without comparisons no chart either."""
    report = experiment_report(experiment, at=at)
    return {
        "report": report,
        "basis": BASES[report.basis],
        "decided_by": _METRICS[report.decided_by],
        "confidence": f"{number_format(report.confidence * 100, 1)} %",
        "warnings": [WARNINGS[code] for code in report.warnings],
        "p_value": shown_p(report.balance.p_value),
        "statistic": number_format(report.balance.statistic, 2),
        "shares": _shares(report),
        "arms": [
            (arm, [shown_estimate(metric, arm.metrics[metric]) for metric in Experiment.Metric.values])
            for arm in report.arms
        ],
        "metrics": [_METRICS[metric] for metric in Experiment.Metric.values],
        "comparisons": [_comparison(each, report) for each in report.comparisons],
        "charts": [_chart(chart) for chart in charts_of(report)],
    }


def shown(metric: str, value: float) -> str:
    """A share in percent; an amount in major units of two decimals, its sums being of one scale."""
    if metric == Experiment.Metric.AMOUNT:
        return number_format(value / 100, 2, use_l10n=True, force_grouping=True)
    return f"{number_format(value * 100, 2)} %"


def shown_estimate(metric: str, estimate: Estimate) -> str:
    """The figure and its interval."""
    text = shown(metric, estimate.value)
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text} ({shown(metric, estimate.low)} … {shown(metric, estimate.high)})"


def shown_p(p_value: float) -> str:
    """Four decimals; smaller ones by their bound."""
    return number_format(p_value, 4) if p_value >= 0.0001 else f"< {number_format(0.0001, 4)}"


def _shares(report: ExperimentReport) -> list[tuple[str, int, str]]:
    """Of each variant, how many came and how many should have."""
    balance = report.balance
    return [
        (arm.key, seen, number_format(wanted, 1))
        for arm, seen, wanted in zip(report.arms, balance.observed, balance.expected, strict=False)
    ]


def _comparison(each: Comparison, report: ExperimentReport) -> dict[str, Any]:
    return {
        "metric": _METRICS[each.metric],
        "decides": each.metric == report.decided_by,
        "key": each.key,
        "difference": shown(each.metric, each.difference),
        "lift": _NOTHING if each.lift is None else _signed(each.lift),
        "fixed": f"{shown(each.metric, each.low)} … {shown(each.metric, each.high)}",
        "any_time": f"{shown(each.metric, each.any_time_low)} … {shown(each.metric, each.any_time_high)}",
        "p_value": shown_p(each.p_value),
        "verdict": VERDICTS[each.verdict],
    }


def _signed(share: float) -> str:
    return f"{'+' if share >= 0 else ''}{number_format(share * 100, 1)} %"


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "metric": _METRICS[chart.metric],
        "chart": chart,
        "ticks": [(place, shown(chart.metric, value)) for place, value in chart.ticks],
    }

"""The intervals of a report as places on a line, for the page that draws them."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from .report import Comparison, ExperimentReport

WIDTH: Final = 640
ROW: Final = 34
_LEFT: Final = 170
_RIGHT: Final = 20
_AXIS: Final = 26


class Bar(NamedTuple):
    """One variant's line: thin from `wide_from` to `wide_to` (at any time), thick between (one look), a dot."""

    key: str
    y: int
    dot: float
    thick_from: float
    thick_to: float
    thin_from: float
    thin_to: float
    verdict: str


class Chart(NamedTuple):
    """The differences of one metric; `zero` is where nothing differs, `ticks` are (place, value)."""

    metric: str
    width: int
    height: int
    zero: float
    axis: int
    ticks: Sequence[tuple[float, float]]
    bars: Sequence[Bar]


def charts_of(report: ExperimentReport) -> list[Chart]:
    """One for each metric that has comparisons."""
    metrics = dict.fromkeys(each.metric for each in report.comparisons)
    return [_chart(metric, [each for each in report.comparisons if each.metric == metric]) for metric in metrics]


def _chart(metric: str, comparisons: Sequence[Comparison]) -> Chart:
    low = min(0.0, *(min(each.any_time_low, each.low) for each in comparisons))
    high = max(0.0, *(max(each.any_time_high, each.high) for each in comparisons))
    span = (high - low) or 1.0

    def place(value: float) -> float:
        return round(_LEFT + (value - low) / span * (WIDTH - _LEFT - _RIGHT), 1)

    bars = [
        Bar(
            key=each.key,
            y=ROW // 2 + ROW * row,
            dot=place(each.difference),
            thick_from=place(each.low),
            thick_to=place(each.high),
            thin_from=place(each.any_time_low),
            thin_to=place(each.any_time_high),
            verdict=each.verdict,
        )
        for row, each in enumerate(comparisons)
    ]
    axis = ROW * len(comparisons)
    ticks = [(place(value), value) for value in (low, 0.0, high)]
    return Chart(metric, WIDTH, axis + _AXIS, place(0.0), axis, list(dict.fromkeys(ticks)), bars)

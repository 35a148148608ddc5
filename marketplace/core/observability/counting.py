"""Counters and histograms of what processes do. Any process answers for all of the machine (`tallies`).

A module makes its counter at its top and adds to it where the thing happens:

    LISTS = Counter("marketplace_product_lists_total", "public lists …", ("outcome",))
    LISTS.add("hit")

Labels are of a short list, and their values of a small set that the code knows: route templates, outcomes, names of
tasks. Never a person, a product, an order, an address, or anything else that a caller can think up: every new value is
a series that is kept for good.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from .tallies import Tallies

LABELS: Final = frozenset(
    {
        "change", "context", "currency", "job", "kind", "method", "outcome", "place", "provider", "queue", "route",
        "state", "status", "task", "tier",
    }
)  # fmt: skip
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_ENDLESS: Final = "+Inf"
_SUM: Final = "sum"
_BETWEEN: Final = "\x1f"

Labelled = dict[tuple[str, ...], float]


def check_labels(name: str, labels: tuple[str, ...]) -> None:
    """Raises `ValueError` for a label that is not of the list."""
    if not LABELS.issuperset(labels):
        raise ValueError(f"{name}: only {', '.join(sorted(LABELS))} may be labels")


@cache
def tallies() -> Tallies:
    """The sums of this machine."""
    return Tallies(Path(settings.METRICS_FOLDER))


class Counter:
    """How often something happened; `name` ends in `_total`. Raises `ValueError` for labels not of the list."""

    def __init__(self, name: str, means: str, labels: tuple[str, ...] = ()) -> None:
        check_labels(name, labels)
        self.name, self.means, self.labels = name, means, labels
        _FAMILIES[name] = self

    def add(self, *values: str, amount: int = 1) -> None:
        """Values of the labels in their order."""
        if settings.METRICS_COUNTING and amount:
            tallies().add((_BETWEEN.join((self.name, *values)), amount))

    def family(self, sums: Labelled) -> Metric:
        """As Prometheus has it."""
        family = CounterMetricFamily(self.name, self.means, labels=self.labels)
        for values, value in sorted(sums.items()):
            if len(values) == len(self.labels):  # else of a version that had others
                family.add_metric(values, value)
        return family


class Histogram:
    """How long something took, in seconds: how many took at most so long, and all together."""

    def __init__(
        self, name: str, means: str, labels: tuple[str, ...] = (), *, bounds: tuple[float, ...] = SECONDS
    ) -> None:
        check_labels(name, labels)
        self.name, self.means, self.labels, self._bounds = name, means, labels, bounds
        self._ends = (*(str(bound) for bound in bounds), _ENDLESS)
        _FAMILIES[name] = self

    def add(self, seconds: float, *values: str) -> None:
        """Values of the labels in their order."""
        if settings.METRICS_COUNTING:
            series = _BETWEEN.join((self.name, *values, ""))
            end = self._ends[bisect_left(self._bounds, seconds)]
            tallies().add((series + end, 1), (series + _SUM, seconds))

    def family(self, sums: Labelled) -> Metric:
        """As Prometheus has it: buckets hold what the smaller ones hold, too."""
        family = HistogramMetricFamily(self.name, self.means, labels=self.labels)
        for values in sorted({each[:-1] for each in sums if len(each) == len(self.labels) + 1}):
            reached, buckets = 0.0, list[tuple[str, float]]()
            for end in self._ends:
                reached += sums.get((*values, end), 0.0)
                buckets.append((end, reached))
            family.add_metric(values, buckets, sums.get((*values, _SUM), 0.0))
        return family


_FAMILIES: dict[str, Counter | Histogram] = {}


def families(read: Callable[[], Mapping[str, float]] | None = None) -> Iterator[Metric]:
    """Every counter and histogram, those that are still empty too. What no code counts any more is left out."""
    by_name: dict[str, Labelled] = {}
    for series, value in (read or tallies().totals)().items():
        name, *values = series.split(_BETWEEN)
        by_name.setdefault(name, {})[tuple(values)] = value
    for name, family in _FAMILIES.items():
        yield family.family(by_name.get(name, {}))


def counted_series() -> dict[str, frozenset[str]]:
    """Names of all series that `families` can give, with their labels."""
    found = dict[str, frozenset[str]]()
    for name, family in _FAMILIES.items():
        labels = frozenset(family.labels)
        if isinstance(family, Counter):
            found[name] = labels
        else:
            found |= {f"{name}_bucket": labels | {"le"}, f"{name}_count": labels, f"{name}_sum": labels}
    return found

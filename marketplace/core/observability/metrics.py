"""`/metrics` in Prometheus' text format: gauges, and what `counting` has counted.

Gauges are read from the database when they are asked for: a figure that lives in a process is wrong as soon as there
are several. A context registers one in its app's `ready()`: a name, what it means, and a function that reads it. Labels
are of a short list of things there are few of, never a person, a product or an order.

Who may read: with METRICS_TOKEN set, whoever sends it as a bearer token; without, only a client on this very machine
that came without a proxy. Everybody else gets 403.
"""

import ipaddress
import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from .counting import check_labels, counted_series, families

logger = logging.getLogger(__name__)

UNREADABLE: Final = "marketplace_unreadable_gauges"
_PROXY_HEADERS: Final = ("X-Forwarded-For", "X-Real-IP", "Forwarded")

Values = Mapping[tuple[str, ...], float]


@dataclass(frozen=True, slots=True)
class Gauge:
    """One figure, or one per value of its labels.

    A figure that costs more than a look into an index is read by a process only each `kept_seconds`.
    """

    name: str
    means: str
    read: Callable[[], Values]
    labels: tuple[str, ...] = ()
    kept_seconds: int = 0


_GAUGES: dict[str, Gauge] = {}
_kept: dict[str, tuple[float, Values]] = {}


def register(gauge: Gauge) -> None:
    """Called in an app's `ready()`; harmless twice. Raises `ValueError` for a label that is not of the list."""
    check_labels(gauge.name, gauge.labels)
    _GAUGES[gauge.name] = gauge


@dataclass(frozen=True, slots=True)
class Exposed:
    """A series of `/metrics`: `gauge` or `counter` (what only grows, buckets of histograms too), and its labels."""

    kind: str
    labels: frozenset[str]


def exposed() -> dict[str, Exposed]:
    """By name, every series that a scrape can have. No query: rules and dashboards are held against it."""
    found = {gauge.name: Exposed("gauge", frozenset(gauge.labels)) for gauge in _GAUGES.values()}
    found[UNREADABLE] = Exposed("gauge", frozenset())
    return found | {name: Exposed("counter", labels) for name, labels in counted_series().items()}


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Every gauge as it is now, and every counter."""
    if not _may_read(request):
        raise PermissionDenied
    registry = CollectorRegistry()
    registry.register(_FromDatabase())
    registry.register(_Counted())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _FromDatabase(Collector):
    """Reads each gauge once; one that fails does not hide the others, and is counted."""

    def describe(self) -> list[Metric]:
        return []  # else the registry would read everything twice to learn the names

    def collect(self) -> Iterator[Metric]:
        unreadable = 0
        for gauge in _GAUGES.values():
            family = GaugeMetricFamily(gauge.name, gauge.means, labels=gauge.labels)
            try:
                for labels, value in _read(gauge).items():
                    family.add_metric(labels, value)
            except Exception:
                logger.exception("gauge unreadable", extra={"gauge": gauge.name})
                unreadable += 1
            else:
                yield family
        yield GaugeMetricFamily(UNREADABLE, "gauges that could not be read this time", value=unreadable)


def _read(gauge: Gauge) -> Values:
    if not gauge.kept_seconds:
        return gauge.read()
    read_at, values = _kept.get(gauge.name, (-math.inf, {}))
    if time.monotonic() - read_at >= gauge.kept_seconds:
        values = gauge.read()
        _kept[gauge.name] = time.monotonic(), values
    return values


def forget_kept() -> None:
    """Every gauge is read anew (tests)."""
    _kept.clear()


class _Counted(Collector):
    """What processes of this machine have counted."""

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        return families()


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        return constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}")
    if any(name in request.headers for name in _PROXY_HEADERS):
        return False  # behind a proxy on this machine everybody's address is this machine's
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False

"""The promotions that can be taken now, kept in this process.

The shared cache holds one word, the version; who changes promotions changes the word after commit. A process whose
copy carries another word, or is old, reads all of them again in one query. Starts and ends need nobody: each promotion
carries its moments, and the copy holds those of the next minutes too. The copy only ever proposes; the claim
asks the database.
"""

import math
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, OuterRef

from marketplace.core.geo import EARTH_RADIUS_KM, boxes_around
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from promotions.contracts import RunningPromo

from .eligibility import Customer
from .models import FlashPromo, PromoUnit

VERSION_KEY = "promotions.running.version"
MAX_AGE_SECONDS = 60.0
"""After this long the copy is read again in any case: a change whose word was lost shows at last."""
HORIZON = timedelta(seconds=2 * MAX_AGE_SECONDS)
BLIND_SECONDS = 2.0
"""How old a copy may be while the shared cache does not answer."""

_COLUMNS = (
    "id", "store_id", "store__name", "variant_id", "variant__product_id", "variant__product__name",
    "promo_price_minor", "variant__price_minor", "currency", "units", "starts_at", "ends_at",
    "latitude", "longitude", "radius_km", "segments",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Nearby:
    """A promotion the customer may take; no distance where the customer has no place."""

    promo: RunningPromo
    distance_km: float | None


class RunningCopy:
    """All promotions of the next minutes, laid out for filtering."""

    def __init__(self, promos: Iterable[RunningPromo], version: str) -> None:
        self.version = version
        self._read_at = time.monotonic()
        self.promos = sorted(promos, key=lambda promo: (promo.ends_at, promo.promo_id))
        # (south, north, west, east), starts, ends, segments, what the haversine takes, promotion
        self._near: list[_Near] = []
        self._anywhere: list[RunningPromo] = []
        for promo in self.promos:
            if promo.radius_km is None:
                self._anywhere.append(promo)
            else:
                self._near.extend(_near(promo))

    def age(self) -> float:
        """Seconds since it was read."""
        return time.monotonic() - self._read_at

    def at(self, at: datetime) -> list[RunningPromo]:
        """Running at that moment, those that end first coming first."""
        return [promo for promo in self.promos if promo.starts_at <= at < promo.ends_at]

    def eligible(self, customer: Customer, at: datetime) -> list[Nearby]:
        """What the customer may take at that moment: nearest first, then the one that ends first."""
        segments = frozenset(customer.segment_ids)
        anywhere = [
            promo
            for promo in self._anywhere
            if promo.starts_at <= at < promo.ends_at and _meets(promo.segment_ids, segments)
        ]
        latitude, longitude = customer.latitude, customer.longitude
        if latitude is None or longitude is None:
            return [Nearby(promo, None) for promo in anywhere]
        found = self._within_reach(latitude, longitude, segments, at.timestamp())
        phi, lam = math.radians(latitude), math.radians(longitude)
        found += [(_haversine(promo, phi, lam), promo) for promo in anywhere]
        found.sort(key=_by_distance_then_end)
        return [Nearby(promo, 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, hav)))) for hav, promo in found]

    def _within_reach(
        self, latitude: float, longitude: float, segments: frozenset[UUID], now: float
    ) -> "list[tuple[float, RunningPromo]]":
        # Comparing haversines spares the arc sine; boxes spare most of the haversines.
        phi, lam, cos_phi = math.radians(latitude), math.radians(longitude), math.cos(math.radians(latitude))
        sin = math.sin
        found = {}
        for south, north, west, east, starts, ends, wanted, row_phi, row_lam, row_cos, most, promo in self._near:
            if (
                south <= latitude <= north
                and west <= longitude <= east
                and starts <= now < ends
                and (not wanted or not wanted.isdisjoint(segments))
            ):
                hav = sin((row_phi - phi) / 2) ** 2 + cos_phi * row_cos * sin((row_lam - lam) / 2) ** 2
                if hav <= most:
                    found[promo.promo_id] = (hav, promo)
        return list(found.values())


_Near = tuple[
    float, float, float, float, float, float, frozenset[UUID], float, float, float, float, RunningPromo
]  # fmt: skip


def _near(promo: RunningPromo) -> Iterable[_Near]:
    radius = promo.radius_km or 0.0
    phi, lam = math.radians(promo.latitude), math.radians(promo.longitude)
    half_angle = min(radius / (2 * EARTH_RADIUS_KM), math.pi / 2)
    for box in boxes_around(promo.latitude, promo.longitude, radius):
        yield (
            box.south, box.north, box.west, box.east,
            promo.starts_at.timestamp(), promo.ends_at.timestamp(), promo.segment_ids,
            phi, lam, math.cos(phi), math.sin(half_angle) ** 2, promo,
        )  # fmt: skip


def _haversine(promo: RunningPromo, phi: float, lam: float) -> float:
    row_phi, row_lam = math.radians(promo.latitude), math.radians(promo.longitude)
    return math.sin((row_phi - phi) / 2) ** 2 + math.cos(phi) * math.cos(row_phi) * math.sin((row_lam - lam) / 2) ** 2


def _by_distance_then_end(found: tuple[float, RunningPromo]) -> tuple[float, datetime, UUID]:
    return found[0], found[1].ends_at, found[1].promo_id


def _meets(wanted: frozenset[UUID], segments: frozenset[UUID]) -> bool:
    return not wanted or not wanted.isdisjoint(segments)


class _Keeper:
    """This process's copy, and when to read it again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._copy: RunningCopy | None = None

    def copy(self, at: datetime) -> RunningCopy:
        version = _shared_version()
        copy = self._copy
        if copy is not None and self._is_good(copy, version):
            return copy
        with self._lock:
            copy = self._copy
            if copy is None or not self._is_good(copy, version):
                # The word was read before the rows: a change in between makes this copy old at once, never wrong.
                copy = self._copy = RunningCopy(_read(at), version)
            return copy

    @staticmethod
    def _is_good(copy: RunningCopy, version: str) -> bool:
        if not version:
            return copy.age() < BLIND_SECONDS
        return copy.version == version and copy.age() < MAX_AGE_SECONDS


_keeper = _Keeper()


def running_copy(at: datetime) -> RunningCopy:
    """The copy, read again if anything changed; no query while nothing did, one when something did."""
    return _keeper.copy(at)


def forget_running() -> None:
    """Say, once the transaction is committed, that promotions changed: every process reads again."""
    transaction.on_commit(_change_version, robust=True)


def _change_version() -> None:
    cache.set(VERSION_KEY, uuid7().hex, timeout=None)


def _shared_version() -> str:
    version = cache.get(VERSION_KEY)
    if version is None:
        cache.add(VERSION_KEY, uuid7().hex, timeout=None)
        version = cache.get(VERSION_KEY)
    return version or ""


def _read(at: datetime) -> list[RunningPromo]:
    rows = (
        FlashPromo.objects.filter(
            Exists(PromoUnit.objects.filter(PromoUnit.OPEN, promo=OuterRef("pk"))),
            is_active=True,
            ended_at__isnull=True,
            starts_at__lte=at + HORIZON,
            ends_at__gt=at,
            store__state="open",
            variant__is_active=True,
            variant__product__is_published=True,
            variant__product__archived_at__isnull=True,
        )
        .order_by("pk")
        .values_list(*_COLUMNS)
    )
    # One row per promotion and segment: the join is what keeps it at one query.
    return [_promo(list(group)) for _id, group in groupby(rows, key=itemgetter(0))]


def _promo(rows: list[tuple[Any, ...]]) -> RunningPromo:
    values: dict[str, Any] = dict(zip(_COLUMNS, rows[0], strict=True))
    return RunningPromo(
        promo_id=values["id"],
        store_id=values["store_id"],
        store_name=values["store__name"],
        variant_id=values["variant_id"],
        product_id=values["variant__product_id"],
        product_name=values["variant__product__name"],
        price=Money(values["promo_price_minor"], values["currency"]),
        list_price=Money(values["variant__price_minor"], values["currency"]),
        units=values["units"],
        starts_at=values["starts_at"],
        ends_at=values["ends_at"],
        latitude=values["latitude"],
        longitude=values["longitude"],
        radius_km=values["radius_km"],
        segment_ids=frozenset(row[-1] for row in rows if row[-1] is not None),
    )

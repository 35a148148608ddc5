"""The promotions that can be taken now, kept in this process.

The shared cache holds two words and no promotion. Who changes a promotion changes the word `version` after commit; a
process that meets another word than its own reads what changed, in one query. Who removes one changes the word
`generation`, and everything is read again, as it is every few minutes in any case. Starts and ends need nobody: each
promotion carries its moments, and the copy holds those of the next minutes too. The copy only proposes; the
claim asks the database.
"""

import math
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, overload
from uuid import UUID

from django.core.cache import cache
from django.db import transaction
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet

from marketplace.core.geo import EARTH_RADIUS_KM
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from promotions.contracts import RunningPromo

from .eligibility import Customer
from .models import FlashPromo, PromoUnit

VERSION_KEY = "promotions.running.version"
GENERATION_KEY = "promotions.running.generation"
REREAD_SECONDS = 300.0
"""Everything is read again this often: what happened to a product is noticed at last."""
GLANCE_SECONDS = 10.0
"""What changed is read this often even without a new word: a word can be lost, with its writer or with the cache."""
BLIND_GLANCE_SECONDS = 1.0
"""The same while the shared cache does not answer."""
HORIZON = timedelta(seconds=2 * REREAD_SECONDS)
OVERLAP = timedelta(seconds=60)
"""Changes are asked for from so long before the last reading: transactions end later than they write, clocks differ."""

_COLUMNS = (
    "id", "store_id", "store__name", "variant_id", "variant__product_id", "variant__product__name",
    "promo_price_minor", "variant__price_minor", "currency", "units", "starts_at", "ends_at",
    "latitude", "longitude", "radius_km", "segments", "is_offered",
)  # fmt: skip

# The place on the unit sphere, the largest squared chord, start, end, segments, promotion. Chords instead of angles:
# comparing them needs no trigonometry per promotion, and neither a pole nor the antimeridian is special.
_Row = tuple[float, float, float, float, float, float, frozenset[UUID], RunningPromo]
Words = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Nearby:
    """A promotion the customer may take; no distance where the customer has no place."""

    promo: RunningPromo
    distance_km: float | None


class NearestFirst(Sequence[Nearby]):
    """Promotions in order; what nobody looks at is not made."""

    def __init__(self, rows: list[_Row], order: list[int], chords: list[float] | None) -> None:
        self._rows = rows
        self._order = order
        self._chords = chords

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, index: int) -> Nearby: ...

    @overload
    def __getitem__(self, index: slice) -> list[Nearby]: ...

    def __getitem__(self, index: int | slice) -> Nearby | list[Nearby]:
        if isinstance(index, slice):
            return [self._nearby(each) for each in self._order[index]]
        return self._nearby(self._order[index])

    def _nearby(self, index: int) -> Nearby:
        promo = self._rows[index][7]
        if self._chords is None:
            return Nearby(promo, None)
        half_chord = math.sqrt(self._chords[index]) / 2
        return Nearby(promo, 2 * EARTH_RADIUS_KM * math.asin(min(1.0, half_chord)))


class RunningCopy:
    """All promotions of the next minutes, laid out for filtering. Never changed; a later one takes its place."""

    def __init__(self, rows: dict[UUID, _Row], *, words: Words, reread_at: float, glanced_at: float) -> None:
        self.words = words
        self.reread_at = reread_at
        self.glanced_at = glanced_at
        self.rows = rows
        # Those that end first come first; sorting by distance keeps that order among equals.
        self._rows = sorted(rows.values(), key=_by_end)

    def at(self, at: datetime) -> list[RunningPromo]:
        """Running at that moment, those that end first coming first."""
        now = at.timestamp()
        return [row[7] for row in self._rows if row[4] <= now < row[5]]

    def eligible(self, customer: Customer, at: datetime) -> NearestFirst:
        """What the customer may take at that moment: nearest first, then the one that ends first.

        Works on plain numbers, so that ten thousand promotions leave nothing for the garbage collector to walk through.
        """
        segments, now = frozenset(customer.segment_ids), at.timestamp()
        chords = None
        if customer.latitude is None or customer.longitude is None:
            near = [index for index, row in enumerate(self._rows) if row[3] == math.inf]
        else:
            chords = self._chords_from(customer.latitude, customer.longitude)
            near = [index for index, row in enumerate(self._rows) if chords[index] <= row[3]]
            near.sort(key=chords.__getitem__)
        return NearestFirst(self._rows, [index for index in near if _is_open(self._rows[index], segments, now)], chords)

    def _chords_from(self, latitude: float, longitude: float) -> list[float]:
        """Squared, in order of the rows."""
        a, b, c = _on_sphere(latitude, longitude)
        return [(row[0] - a) ** 2 + (row[1] - b) ** 2 + (row[2] - c) ** 2 for row in self._rows]


def _is_open(row: _Row, segments: frozenset[UUID], now: float) -> bool:
    return row[4] <= now < row[5] and (not row[6] or not row[6].isdisjoint(segments))


def copy_of(promos: Iterable[RunningPromo]) -> RunningCopy:
    """A copy made of these promotions."""
    now = time.monotonic()
    return RunningCopy({promo.promo_id: _row(promo) for promo in promos}, words=("", ""), reread_at=now, glanced_at=now)


def _row(promo: RunningPromo) -> _Row:
    most = math.inf
    if promo.radius_km is not None:
        half_angle = promo.radius_km / (2 * EARTH_RADIUS_KM)
        most = 4 * math.sin(half_angle) ** 2 if half_angle < math.pi / 2 else 4.0 + 1e-9
    x, y, z = _on_sphere(promo.latitude, promo.longitude)
    return x, y, z, most, promo.starts_at.timestamp(), promo.ends_at.timestamp(), promo.segment_ids, promo


def _on_sphere(latitude: float, longitude: float) -> tuple[float, float, float]:
    phi, lam = math.radians(latitude), math.radians(longitude)
    return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)


def _by_end(row: _Row) -> tuple[float, UUID]:
    return row[5], row[7].promo_id


class _Keeper:
    """This process's copy, and when to read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._copy: RunningCopy | None = None

    def copy(self, at: datetime) -> RunningCopy:
        words = _shared_words()
        copy = self._copy
        if copy is not None and _is_good(copy, words):
            return copy
        with self._lock:
            copy = self._copy
            # The words were read before the rows: a change in between makes this copy old at once, never wrong.
            if copy is None or _is_spent(copy, words):
                self._copy = copy = _read_all(words, at)
            elif not _is_good(copy, words):
                self._copy = copy = _read_changes(copy, words, at)
            return copy


def _is_spent(copy: RunningCopy, words: Words) -> bool:
    return copy.words[0] != words[0] or time.monotonic() - copy.reread_at >= REREAD_SECONDS


def _is_good(copy: RunningCopy, words: Words) -> bool:
    lasts = GLANCE_SECONDS if words[0] else BLIND_GLANCE_SECONDS
    return copy.words == words and not _is_spent(copy, words) and time.monotonic() - copy.glanced_at < lasts


_keeper = _Keeper()


def running_copy(at: datetime) -> RunningCopy:
    """The copy; no query while nothing changed, one when something did."""
    return _keeper.copy(at)


def promos_changed() -> None:
    """Say, once the transaction is committed, that promotions changed: every process reads those."""
    transaction.on_commit(_new_version, robust=True)


def promo_removed() -> None:
    """Say, once the transaction is committed, that one is gone: every process reads all of them."""
    transaction.on_commit(_new_generation, robust=True)


def _new_version() -> None:
    cache.set(VERSION_KEY, uuid7().hex, timeout=None)


def _new_generation() -> None:
    cache.set(GENERATION_KEY, uuid7().hex, timeout=None)


def _shared_words() -> Words:
    """Generation and version; empty while the cache does not answer."""
    keys = (GENERATION_KEY, VERSION_KEY)
    words = cache.get_many(keys)
    for key in keys:
        if key not in words:
            cache.add(key, uuid7().hex, timeout=None)
            words[key] = cache.get(key) or ""
    return words[GENERATION_KEY], words[VERSION_KEY]


def _read_all(words: Words, at: datetime) -> RunningCopy:
    now = time.monotonic()
    offered = _rows(_with_offer(at).filter(is_offered=True, starts_at__lte=at + HORIZON))
    return RunningCopy({pk: row for pk, row in offered.items() if row}, words=words, reread_at=now, glanced_at=now)


def _read_changes(copy: RunningCopy, words: Words, at: datetime) -> RunningCopy:
    now = time.monotonic()
    since = at - timedelta(seconds=now - copy.glanced_at) - OVERLAP
    rows = dict(copy.rows)
    for pk, row in _rows(_with_offer(at).filter(updated_at__gte=since)).items():
        if row is None:
            rows.pop(pk, None)
        else:
            rows[pk] = row
    return RunningCopy(rows, words=words, reread_at=copy.reread_at, glanced_at=now)


def _with_offer(at: datetime) -> "QuerySet[Any, Any]":
    """Adds `is_offered`: can be taken, now or later."""
    offered = Q(
        Exists(PromoUnit.objects.filter(PromoUnit.OPEN, promo=OuterRef("pk"))),
        is_active=True,
        ended_at__isnull=True,
        ends_at__gt=at,
        store__state="open",
        variant__is_active=True,
        variant__product__is_published=True,
        variant__product__archived_at__isnull=True,
    )
    return FlashPromo.objects.annotate(is_offered=ExpressionWrapper(offered, output_field=BooleanField()))


def _rows(promos: "QuerySet[Any, Any]") -> dict[UUID, _Row | None]:
    # One row per promotion and segment: the join is what keeps it at one query.
    rows = promos.order_by("pk").values_list(*_COLUMNS)
    return {pk: _row_of(list(group)) for pk, group in groupby(rows, key=itemgetter(0))}


def _row_of(rows: list[tuple[Any, ...]]) -> _Row | None:
    values: dict[str, Any] = dict(zip(_COLUMNS, rows[0], strict=True))
    if not values["is_offered"]:
        return None
    segments = _COLUMNS.index("segments")
    return _row(
        RunningPromo(
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
            segment_ids=frozenset(row[segments] for row in rows if row[segments] is not None),
        )
    )

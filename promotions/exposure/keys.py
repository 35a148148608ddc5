"""Keys and seeds of selections. Pure.

A key names everything that a selection depends on, and the period it is served in: equal keys are equal selections,
in every process. Periods last ten minutes give or take a tenth (a minute for one person's), each key's its own, so
that they do not all end at once. The seed names less: within an hour nothing but its versions changes what is drawn.
"""

import hashlib
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from .values import Asked, Way

PUBLIC_SECONDS = 600
PERSONAL_SECONDS = 60
SPREAD = 0.1
HOUR = 3600


class Recipe(NamedTuple):
    """What a selection depends on. `segment`: a customer of its own, or nothing for everybody's."""

    asked: Asked
    segment: str
    ways: Mapping[str, Way]
    scores_version: int | None
    policy: str
    pins: str

    @property
    def versions(self) -> str:
        """In one word."""
        return f"s{self.scores_version or 0}:p{self.policy}:n{self.pins}"

    @property
    def variant(self) -> str:
        """The experiments' ways in one word; `-` without any."""
        if not self.ways:
            return "-"
        named = "|".join(sorted(way.variant_id.hex for way in self.ways.values()))
        return hashlib.blake2b(named.encode(), digest_size=6).hexdigest()

    @property
    def place(self) -> str:
        """The place of the shop in one word."""
        category = self.asked.category_id
        return f"{self.asked.context}:{category.hex if category else '-'}"


class Period(NamedTuple):
    """When a key is served: the number of the period, and its end."""

    number: int
    ends_at: datetime


def key_of(recipe: Recipe, at: datetime) -> tuple[str, datetime]:
    """The key at that moment, and until when it is served."""
    base = f"{recipe.place}:{recipe.asked.size}:{recipe.segment or '-'}:{recipe.variant}:{recipe.versions}"
    # Without scores, what can be shown changes with every product that is added.
    is_short = bool(recipe.segment) or recipe.scores_version is None
    period = period_of(base, PERSONAL_SECONDS if is_short else PUBLIC_SECONDS, at)
    hour = int(at.timestamp()) // HOUR
    return f"{base}:h{hour % 10_000}:{period.number}", period.ends_at


def period_of(base: str, seconds: int, at: datetime) -> Period:
    """The period of a key at a moment: `seconds` long, give or take a tenth by the key itself, ending with the hour."""
    share = int.from_bytes(hashlib.blake2b(base.encode(), digest_size=4).digest()) / 2**32
    length = seconds * (1.0 - SPREAD + 2 * SPREAD * share)
    now = at.timestamp()
    number = math.floor(now / length)
    hour_ends = (math.floor(now / HOUR) + 1) * HOUR
    return Period(number, datetime.fromtimestamp(min((number + 1) * length, hour_ends), tz=UTC))


def seed_of(recipe: Recipe, at: datetime) -> str:
    """The seed: context, category, segment, variant, hour, versions."""
    hour = int(at.timestamp()) // HOUR
    named = f"{recipe.place}|{recipe.segment}|{recipe.variant}|{hour}|{recipe.versions}"
    return hashlib.blake2b(named.encode(), digest_size=16).hexdigest()

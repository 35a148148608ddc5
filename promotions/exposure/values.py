"""What crosses between the steps of serving: what is asked, who looks, and the selection as caches keep it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

MADE_SIZES = (12, 24, 48)
MOST_PLACES = MADE_SIZES[-1]
DEFAULT_PLACES = 24


class Tier(StrEnum):
    """Where an answer came from, the nearest first."""

    PROCESS = "process"
    SHARED = "shared"
    STORED = "stored"
    COMPUTED = "computed"
    POPULARITY = "popularity"


class Asked(NamedTuple):
    """A place of the shop, and how many products it has room for."""

    context: str
    category_id: UUID | None
    size: int

    def as_made(self) -> "Asked":
        """The same place with the next size that selections are made in: whoever asks for fewer gets its first places.

        Few sizes, so that nobody fills caches and tables by asking for each.
        """
        return self._replace(size=next(size for size in MADE_SIZES if size >= self.size))


class Viewer(NamedTuple):
    """Who looks. `unit` is what experiments and events know them by: the customer, else the session.

    Without a customer there is no tier and no place; `segment_ids` is then empty.
    """

    unit: UUID | None
    customer_id: UUID | None = None
    tier: str = ""
    segment_ids: frozenset[UUID] = frozenset()
    latitude: float | None = None
    longitude: float | None = None


class Way(NamedTuple):
    """A variant in force for a selection."""

    variant_id: UUID
    experiment_id: UUID
    key: str
    value: float


class Place(NamedTuple):
    """A place of a stored selection; `exposure_id` is the slot's."""

    exposure_id: UUID
    position: int
    product_id: UUID
    reason: str
    badges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredSlate:
    """A selection as it was made; equal keys are equal selections."""

    slate_id: UUID
    key: str
    scores_version: int | None
    ways: Mapping[str, Way]
    relaxed: tuple[str, ...]
    is_fallback: bool
    expires_at: datetime
    places: tuple[Place, ...]

    def to_text(self) -> str:
        """For the shared cache."""
        return json.dumps(
            {
                "id": self.slate_id.hex,
                "key": self.key,
                "version": self.scores_version,
                "ways": {knob: ways_json(way) for knob, way in self.ways.items()},
                "relaxed": self.relaxed,
                "fallback": self.is_fallback,
                "until": self.expires_at.isoformat(),
                "places": [
                    [each.exposure_id.hex, each.position, each.product_id.hex, each.reason, each.badges]
                    for each in self.places
                ],
            },
            separators=(",", ":"),
        )

    @classmethod
    def of_text(cls, text: str) -> "StoredSlate":
        """The other way. Raises `AttributeError`, `KeyError`, `TypeError` or `ValueError` for what is none."""
        kept = json.loads(text)
        return cls(
            slate_id=UUID(kept["id"]),
            key=kept["key"],
            scores_version=kept["version"],
            ways={knob: way_of(way) for knob, way in kept["ways"].items()},
            relaxed=tuple(kept["relaxed"]),
            is_fallback=kept["fallback"],
            expires_at=datetime.fromisoformat(kept["until"]),
            places=tuple(
                Place(UUID(slot), position, UUID(product), reason, tuple(badges))
                for slot, position, product, reason, badges in kept["places"]
            ),
        )


def ways_json(way: Way) -> dict[str, Any]:
    """As a slate keeps it."""
    return {"id": str(way.variant_id), "experiment": str(way.experiment_id), "key": way.key, "value": way.value}


def way_of(kept: Mapping[str, Any]) -> Way:
    """The other way."""
    return Way(UUID(kept["id"]), UUID(kept["experiment"]), kept["key"], kept["value"])

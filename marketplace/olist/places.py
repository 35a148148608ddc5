"""Where a zip prefix is: the centre of its points, and declared jitter around it."""

import hashlib
import math
from dataclasses import dataclass, field

KM_PER_DEGREE = 111.195
# The data set has points that lie in other countries; Brazil's box, with its islands.
SOUTH, NORTH, WEST, EAST = -34.0, 5.5, -74.1, -28.8
# Prefixes are regional from the left: one that is not in the list is put where its neighbours are.
_REGION_DIGITS = (5, 3, 2)


@dataclass(slots=True)
class _Sum:
    latitude: float = 0.0
    longitude: float = 0.0
    count: int = 0


@dataclass(slots=True)
class ZipCentres:
    """Centres by prefix; as many entries as there are prefixes, whatever the number of points."""

    _sums: dict[str, _Sum] = field(default_factory=dict)

    def add(self, prefix: str, latitude: float, longitude: float) -> None:
        """One more point of the prefix."""
        for digits in _REGION_DIGITS:
            total = self._sums.setdefault(prefix[:digits], _Sum())
            total.latitude += latitude
            total.longitude += longitude
            total.count += 1

    def centre(self, prefix: str) -> tuple[float, float] | None:
        """The centre of the prefix, else of its region; None for a region that has no point."""
        for digits in _REGION_DIGITS:
            total = self._sums.get(prefix[:digits])
            if total is not None:
                return total.latitude / total.count, total.longitude / total.count
        return None


def is_in_brazil(latitude: float, longitude: float) -> bool:
    """Whether a point can belong to the data set. False for NaN."""
    return SOUTH <= latitude <= NORTH and WEST <= longitude <= EAST


def jittered(place: tuple[float, float], key: str, km: float) -> tuple[float, float]:
    """A point of the circle of `km` around the place, evenly spread; the same for the same key."""
    if not km:
        return place
    digest = hashlib.sha256(key.encode()).digest()
    radius = km * math.sqrt(int.from_bytes(digest[:8], "big") / 2**64)
    angle = math.tau * int.from_bytes(digest[8:16], "big") / 2**64
    latitude, longitude = place
    return (
        latitude + radius * math.cos(angle) / KM_PER_DEGREE,
        longitude + radius * math.sin(angle) / (KM_PER_DEGREE * math.cos(math.radians(latitude))),
    )

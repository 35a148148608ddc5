"""Distance on the sphere: one rule in Python and in SQL.

Haversine (R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68, 1984) on a sphere of Earth's mean
radius (IUGG). Against the ellipsoid it errs by at most 0.5 %; the rule is the sphere.
"""

import math
from dataclasses import dataclass

from django.db.models import F, FloatField, Func, Q, Value
from django.db.models.functions import Cos, Radians, Sin
from django.db.models.lookups import LessThanOrEqual

from . import postgis

EARTH_RADIUS_KM = 6371.0088
HALF_EARTH_KM = math.pi * EARTH_RADIUS_KM
"""No two points are farther apart than this."""

# Widens the box a little, so that rounding never cuts off a point on the circle itself.
_BOX_MARGIN_DEGREES = 1e-9


def canonical_degrees(value: float) -> float:
    """A coordinate to a centimetre. Everything that stores one stores this.

    PostgreSQL raises on floating-point underflow, so a latitude of 1e-310 would break every later query.
    """
    return round(value, 7) + 0.0  # the sum turns -0.0 into 0.0


@dataclass(frozen=True, slots=True)
class Box:
    """Degrees, edges included."""

    south: float
    north: float
    west: float
    east: float


def _haversine(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """The haversine of the angle between two points: 0 (same place) to 1 (antipodes)."""
    phi, other_phi = math.radians(latitude), math.radians(other_latitude)
    half_phi = (other_phi - phi) / 2
    half_lambda = math.radians(other_longitude - longitude) / 2
    return math.sin(half_phi) ** 2 + math.cos(phi) * math.cos(other_phi) * math.sin(half_lambda) ** 2


def great_circle_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Distance in kilometres."""
    return (
        2
        * EARTH_RADIUS_KM
        * math.asin(math.sqrt(min(1.0, _haversine(latitude, longitude, other_latitude, other_longitude))))
    )


def boxes_around(latitude: float, longitude: float, radius_km: float) -> tuple[Box, ...]:
    """Boxes that hold the whole circle: one, or two where it crosses the antimeridian.

    A circle that touches a pole holds every longitude
    (J. P. Matuschek, "Finding Points Within a Distance of a Latitude/Longitude").
    """
    angle = radius_km / EARTH_RADIUS_KM
    reach = math.degrees(angle) + _BOX_MARGIN_DEGREES
    south, north = latitude - reach, latitude + reach
    if south <= -90 or north >= 90:
        return (Box(max(south, -90.0), min(north, 90.0), -180.0, 180.0),)
    spread = math.degrees(math.asin(min(1.0, math.sin(angle) / math.cos(math.radians(latitude))))) + _BOX_MARGIN_DEGREES
    west, east = longitude - spread, longitude + spread
    if west < -180:
        return (Box(south, north, west + 360, 180.0), Box(south, north, -180.0, east))
    if east > 180:
        return (Box(south, north, west, 180.0), Box(south, north, -180.0, east - 360))
    return (Box(south, north, west, east),)


def within_circle(latitude: float, longitude: float, radius_km: float, *, prefix: str = "") -> Q:
    """Condition on the columns `<prefix>latitude` and `<prefix>longitude`: in the circle, edge included.

    The box comes first, for the index; the exact great circle decides. With GEOGRAPHY=postgis PostGIS is asked the
    same.
    """
    latitude, longitude = canonical_degrees(latitude), canonical_degrees(longitude)
    if radius_km >= HALF_EARTH_KM:
        return Q(**{f"{prefix}latitude__isnull": False})
    if postgis.is_chosen():
        return Q(postgis.within_metres(latitude, longitude, radius_km * 1000, prefix=prefix))
    box_filter = Q()
    for box in boxes_around(latitude, longitude, radius_km):
        box_filter |= Q(
            **{
                f"{prefix}latitude__range": (box.south, box.north),
                f"{prefix}longitude__range": (box.west, box.east),
            }
        )
    return box_filter & Q(_exact(latitude, longitude, radius_km, prefix))


def _exact(latitude: float, longitude: float, radius_km: float, prefix: str) -> LessThanOrEqual:
    # Comparing haversines spares the arc sine for every row; it grows with the angle.
    most = math.sin(radius_km / (2 * EARTH_RADIUS_KM)) ** 2
    phi = Radians(F(f"{prefix}latitude"))
    half_phi = Sin((phi - Value(math.radians(latitude))) / Value(2.0))
    half_lambda = Sin(Radians(F(f"{prefix}longitude") - Value(longitude)) / Value(2.0))
    haversine = half_phi * half_phi + Cos(phi) * Value(math.cos(math.radians(latitude))) * half_lambda * half_lambda
    return LessThanOrEqual(Func(haversine, template="(%(expressions)s)", output_field=FloatField()), Value(most))

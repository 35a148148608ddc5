"""Geography: Python, SQL and a brute-force reference agree, at the poles and the antimeridian too."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.core.geo import HALF_EARTH_KM, boxes_around, canonical_degrees, great_circle_km, within_circle
from marketplace.core.ids import NIL, uuid7
from users.models import CustomerPlace

latitudes = st.floats(-90, 90, allow_nan=False).map(canonical_degrees)
longitudes = st.floats(-180, 180, allow_nan=False).map(canonical_degrees)
HARD_POINTS = [
    (90.0, 0.0), (-90.0, 13.0), (89.9, 179.9), (89.9, -0.1), (0.0, 180.0), (0.0, -180.0), (0.0, 179.99), (0.0, -179.99),
    (19.43, -99.13), (19.44, -99.12), (0.0, 0.0), (-33.4, -70.6), (51.5, 0.0), (-89.99, 100.0),
]  # fmt: skip


def vector_km(lat, lon, other_lat, other_lon):
    """The same distance by another road: the angle between two vectors."""

    def vector(la, lo):
        la, lo = math.radians(la), math.radians(lo)
        return (math.cos(la) * math.cos(lo), math.cos(la) * math.sin(lo), math.sin(la))

    a, b = vector(lat, lon), vector(other_lat, other_lon)
    cross = math.dist((a[1] * b[2], a[2] * b[0], a[0] * b[1]), (a[2] * b[1], a[0] * b[2], a[1] * b[0]))
    return 6371.0088 * math.atan2(cross, sum(x * y for x, y in zip(a, b, strict=True)))


@given(latitudes, longitudes, latitudes, longitudes)
def test_great_circle_equals_the_vector_formula(lat, lon, other_lat, other_lon):
    assert great_circle_km(lat, lon, other_lat, other_lon) == pytest.approx(
        vector_km(lat, lon, other_lat, other_lon), abs=0.2, rel=1e-6
    )


@given(latitudes, longitudes, latitudes, longitudes, st.floats(0.01, 20_000))
def test_boxes_hold_every_point_of_the_circle(lat, lon, other_lat, other_lon, radius):
    if great_circle_km(lat, lon, other_lat, other_lon) <= radius:
        assert any(
            box.south <= other_lat <= box.north and box.west <= other_lon <= box.east
            for box in boxes_around(lat, lon, radius)
        )


def test_known_distance():
    # Mexico City to Guadalajara, by air.
    assert great_circle_km(19.4326, -99.1332, 20.6597, -103.3496) == pytest.approx(461, abs=2)


@pytest.fixture
def places(db):
    return CustomerPlace.objects.bulk_create(
        CustomerPlace(segment=NIL, customer=uuid7(), latitude=lat, longitude=lon) for lat, lon in HARD_POINTS
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(HARD_POINTS) | st.tuples(latitudes, longitudes),
    st.sampled_from([0.01, 1.0, 12.0, 500.0, 10_000.0, 20_000.0, HALF_EARTH_KM, 20_040.0]),
)
def test_sql_finds_what_python_finds(places, centre, radius):
    lat, lon = centre
    # A point on the very edge may fall to either side by the last bit.
    expected = {p.customer for p in places if great_circle_km(lat, lon, p.latitude, p.longitude) <= radius}
    edge = {p.customer for p in places if abs(great_circle_km(lat, lon, p.latitude, p.longitude) - radius) < 1e-3}

    found = set(CustomerPlace.objects.filter(within_circle(lat, lon, radius)).values_list("customer", flat=True))

    assert found - edge == expected - edge

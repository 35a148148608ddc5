"""PostGIS behind the same function: equal answers, its index, and clear words where it is not installed."""

import math

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from marketplace.core import postgis
from marketplace.core.geo import HALF_EARTH_KM, great_circle_km, within_circle
from marketplace.core.ids import NIL, uuid7
from users.contracts import Audience
from users.facade import places_in
from users.models import CustomerPlace

from .test_geo import HARD_POINTS, latitudes, longitudes

spots = st.sampled_from(HARD_POINTS) | st.tuples(latitudes, longitudes)
EDGE_KM = 1e-3


def extension_is_available() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'postgis')")
        found: bool = cursor.fetchone()[0]
    return found


@pytest.fixture(params=["places", "postgis"])
def engine(request, settings, db):
    """Both ways; the extension goes again with the test's transaction."""
    settings.GEOGRAPHY = request.param
    if request.param == "postgis":
        install()
    return request.param


def install() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("PostGIS is PostgreSQL's")
    if not extension_is_available():
        pytest.skip("the postgis extension is not installed on this PostgreSQL server")
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION postgis")


@examples(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(spots, min_size=1, max_size=12),
    spots,
    st.sampled_from([0.01, 1.0, 2.0, 12.0, 500.0, 5_000.0, 10_000.0]) | st.floats(0.01, 19_000),
)
def test_random_places_are_found_as_the_great_circle_says(engine, points, centre, radius):
    CustomerPlace.objects.all().delete()
    customers = [uuid7() for _ in points]
    CustomerPlace.objects.bulk_create(
        CustomerPlace(segment=NIL, customer=customer, latitude=lat, longitude=lon)
        for customer, (lat, lon) in zip(customers, points, strict=True)
    )
    distances = {
        customer: great_circle_km(centre[0], centre[1], lat, lon)
        for customer, (lat, lon) in zip(customers, points, strict=True)
    }

    audience = Audience(latitude=centre[0], longitude=centre[1], radius_km=radius)
    found = set(places_in(audience).values_list("customer", flat=True))

    # On the very edge the last bits decide, and PostGIS's sphere is three centimetres smaller.
    decided = {customer for customer, km in distances.items() if abs(km - radius) > EDGE_KM}
    assert found & decided == {customer for customer in decided if distances[customer] <= radius}


def test_places_without_coordinates_are_in_no_circle(engine):
    CustomerPlace.objects.create(segment=NIL, customer=uuid7())

    assert list(CustomerPlace.objects.filter(within_circle(0.0, 0.0, 5_000))) == []
    assert list(CustomerPlace.objects.filter(within_circle(0.0, 0.0, HALF_EARTH_KM + 1))) == []


@pytest.mark.django_db
def test_sphere_and_spheroid_differ_by_half_a_percent_at_most():
    install()

    with connection.cursor() as cursor:
        for lat, lon in HARD_POINTS:
            points = (
                "ST_SetSRID(ST_MakePoint(0, 45), 4326)::geography, ST_SetSRID(ST_MakePoint(%s, %s), 4326)::geography"
            )
            cursor.execute(f"SELECT ST_Distance({points}, true)", [lon, lat])
            assert math.isclose(cursor.fetchone()[0] / 1000, great_circle_km(45.0, 0.0, lat, lon), rel_tol=0.0056)


@pytest.mark.django_db(transaction=True)
def test_index_is_made_once_and_answers_the_question(settings):
    install()
    try:
        connection.close()  # PostGIS remembers for the session which operators it had before the extension went
        settings.GEOGRAPHY = "postgis"
        call_command("index_geography")
        call_command("index_geography")
        with connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off")
        plan = CustomerPlace.objects.filter(within_circle(19.4, -99.1, 2.0)).explain()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET enable_seqscan")
            cursor.execute("DROP EXTENSION postgis CASCADE")

    assert "users_place_postgis" in plan


@pytest.mark.django_db
def test_command_refuses_where_there_is_no_postgis():
    with pytest.raises(CommandError, match="CREATE EXTENSION postgis"):
        call_command("index_geography")

    assert not postgis.is_installed()


@pytest.mark.django_db
def test_checks_find_a_wrong_choice(settings):
    settings.GEOGRAPHY = "postgis"
    assert "core.E004" in {found.id for found in run_checks(databases=["default"], include_deployment_checks=True)}

    settings.GEOGRAPHY = "guess"
    assert "core.E003" in {found.id for found in run_checks()}


@pytest.mark.django_db
def test_sqlite_answers_by_itself_whatever_is_chosen(settings):
    settings.GEOGRAPHY = "postgis"

    assert postgis.is_chosen() == (connection.vendor == "postgresql")

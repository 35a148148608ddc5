"""The map in forms: data for the drawing, no script in the page, no other server unless somebody says so."""

import json
import re

import pytest
from django.urls import reverse

from marketplace.core.checks import map_tiles_have_an_address
from stores.merchants.models import Store
from stores.merchants.tests.factories import StoreFactory
from users.accounts.tests.factories import AdministratorFactory
from users.customers.models import CustomerProfile
from users.staff.tests.factories import DepartmentMemberFactory

pytestmark = pytest.mark.django_db
DATA = re.compile(r'<script id="map-of-longitude-data" type="application/json">(.*?)</script>', re.DOTALL)


def page(client, thing):
    meta = thing._meta
    return client.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[thing.pk])).content.decode()


def data_of(text):
    found = DATA.search(text)
    return json.loads(found[1]) if found else None


@pytest.fixture
def office(client):
    client.force_login(AdministratorFactory())
    return client


def test_stores_form_shows_the_other_stores(office):
    store, other = StoreFactory(), StoreFactory(name="</script><b>", latitude=19.5)
    StoreFactory(state=Store.State.CLOSED)

    text = page(office, store)
    data = data_of(text)

    assert data["points"] == [
        {"key": str(other.pk), "latitude": 19.5, "longitude": other.longitude, "label": other.name}
    ]
    assert (data["latitude"], data["longitude"]) == ("latitude", "longitude")
    assert "core/map_picker.js" in text
    assert '<b>"' not in text
    assert 'name="latitude"' in text
    assert 'min="-90"' in text or 'name="longitude"' in text


def test_customers_form_shows_stores_and_no_other_customer(office):
    profile = CustomerProfile.objects.get(user=AdministratorFactory())
    CustomerProfile.objects.filter(user=AdministratorFactory()).update(latitude=1.5, longitude=2.5)
    store = StoreFactory()

    data = data_of(page(office, profile))

    assert [point["key"] for point in data["points"]] == [str(store.pk)]


def test_whoever_may_not_change_the_place_gets_no_map(client):
    store = StoreFactory()
    client.force_login(DepartmentMemberFactory(keys=["catalog:write"]).user)

    assert data_of(page(client, store)) is None


def test_no_tile_server_is_named_unless_the_settings_do(office, settings):
    store = StoreFactory()
    without = data_of(page(office, store))
    settings.MAP_TILES_URL = "https://tiles.example/{z}/{x}/{y}.png"
    with_tiles = data_of(page(office, store))

    assert (without["tiles"], without["attribution"]) == ("", "")
    assert with_tiles["tiles"] == settings.MAP_TILES_URL
    assert "OpenStreetMap" in with_tiles["attribution"]


def test_words_are_translated(office):
    office.cookies["django_language"] = "es"

    assert data_of(page(office, StoreFactory()))["words"]["zoom_in"] == "Acercar"


@pytest.mark.parametrize(
    ("url", "count"),
    [("", 0), ("https://t.example/{z}/{x}/{y}.png", 0), ("https://t.example/", 1), ("javascript:{z}{x}{y}", 1)],
)
def test_an_address_that_cannot_work_is_an_error_at_the_start(settings, url, count):
    settings.MAP_TILES_URL = url

    assert len(map_tiles_have_an_address()) == count


def test_a_place_off_the_earth_is_refused_and_nothing_is_saved(office):
    store = StoreFactory()
    form = {
        "expected_version": 1,
        "name": store.name,
        "slug": store.slug,
        "state": "open",
        "latitude": "91",
        "longitude": "-99",
        "currency": "MXN",
        "language": "es",
        "commission_bp": 1000,
        "members-TOTAL_FORMS": 0,
        "members-INITIAL_FORMS": 0,
    }

    answer = office.post(reverse("admin:stores_store_change", args=[store.pk]), form)

    assert "latitude" in answer.context["adminform"].form.errors
    assert Store.objects.get().version == 1

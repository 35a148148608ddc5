"""The History page of an object in the back office: its audit trail, for whoever may see the object."""

import pytest
from django.urls import reverse

from marketplace.core import audit
from stores.catalog.tests.factories import ProductFactory
from stores.merchants import services
from stores.merchants.tests.factories import StoreFactory
from users.accounts.tests.factories import AdministratorFactory, UserFactory
from users.staff.tests.factories import DepartmentFactory, DepartmentMemberFactory

pytestmark = pytest.mark.django_db


def history(client, thing, **query):
    meta = thing._meta
    return client.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_history", args=[thing.pk]), query)


@pytest.fixture
def office(client):
    client.force_login(AdministratorFactory(name="Rosa Admin"))
    return client


def test_who_when_and_what_before_and_after(office):
    rosa = AdministratorFactory(name="Rosa Méndez")
    store = StoreFactory(name="Old <b>name</b>")
    services.change_store(store=store, expected_version=None, changes={"name": "New name"}, actor_id=rosa.pk)

    text = history(office, store).content.decode()

    assert "Rosa Méndez" in text
    assert "<del>Old &lt;b&gt;name&lt;/b&gt;</del>" in text
    assert "New name" in text
    assert "stores.change_store" in text


def test_trail_is_translated(office):
    store = StoreFactory()
    services.change_store(store=store, expected_version=None, changes={"name": "Nuevo"}, actor_id=None)
    office.cookies["django_language"] = "es"

    text = history(office, store).content.decode()

    for word in ("Cuándo", "Quién", "el sistema", "Modificado", "Nombre"):
        assert word in text, word


def test_customers_and_people_who_are_gone_are_known_by_id_alone(office):
    product = ProductFactory()
    customer, gone = UserFactory(name="", email="secret@example.com"), AdministratorFactory(is_active=False)
    for actor in (customer, gone):
        audit.record(actor_id=actor.pk, action="stores.change_product", subject=product, after={"name": "x"})

    text = history(office, product).content.decode()

    assert "secret@example.com" not in text
    assert str(customer.pk) in text
    assert str(gone.pk) in text


def test_of_a_customer_the_trail_says_no_more_than_the_shop_does(office):
    product, customer = ProductFactory(), UserFactory(name="Ana Lucía Robles")
    audit.record(actor_id=customer.pk, action="stores.ask_question", subject=product)

    text = history(office, product).content.decode()

    assert "Ana R." in text
    assert "Robles" not in text


def test_trail_shows_this_object_alone_in_pages(office, django_assert_max_num_queries):
    product, other = ProductFactory(), ProductFactory()
    for number in range(60):
        audit.record(actor_id=None, action="stores.change_product", subject=product, after={"name": f"n{number:02}"})
    audit.record(actor_id=None, action="stores.change_product", subject=other, after={"name": "elsewhere"})

    with django_assert_max_num_queries(20):
        first = history(office, product).content.decode()
    second = history(office, product, page=2).content.decode()

    assert "n59" in first
    assert "n09" not in first
    assert "n09" in second
    assert "elsewhere" not in first + second
    assert history(office, product, page="x").status_code == 200


def test_history_of_a_foreign_object_is_not_there(client):
    product = ProductFactory()
    audit.record(actor_id=None, action="stores.change_product", subject=product, after={"name": "inside"})
    client.force_login(DepartmentMemberFactory(keys=["catalog:write"]).user)
    foreign = history(client, product)
    client.force_login(DepartmentMemberFactory(department=product.category.department, keys=["catalog:read"]).user)

    assert foreign.status_code in {302, 403}
    assert "inside" in history(client, product).content.decode()


def test_an_address_of_odd_characters_is_no_object(office):
    answer = office.get("/admin/stores/product/%00/history/")
    words = {"term": "a\x00", "app_label": "stores", "model_name": "product", "field_name": "brand"}

    assert answer.status_code == 302  # Django's answer: no such object
    assert office.get("/admin/autocomplete/", words).json()["results"] == []


def test_an_object_without_a_trail_says_so(office):
    assert "Nobody has changed" in history(office, DepartmentFactory()).content.decode()

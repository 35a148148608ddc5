"""Imports and exports in the back office."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from marketplace.core.outbox.relay import drain
from stores.catalog.models import Product
from stores.catalog.tests.factories import ProductFactory, VariantFactory
from stores.importing.models import ImportRun

from .files import csv_file, row, shelf

pytestmark = pytest.mark.django_db
ADD = "/admin/stores/importrun/add/"
LIST = "/admin/stores/importrun/"


@pytest.fixture
def desk(clerk_of):
    """A clerk's browser, in the department of `category`."""

    def sit(category, keys=("catalog:write",)):
        client = Client()
        client.force_login(clerk_of(category.department, keys))
        return client

    return sit


def bring(client, rows, name="catalogue.csv"):
    file = SimpleUploadedFile(name, csv_file(rows).getvalue())
    return client.post(ADD, {"file": file, "store_slug": ""}, follow=True)


def test_a_clerk_brings_a_file_in_looks_at_it_and_confirms(desk):
    store, category = shelf()
    VariantFactory.create(
        product=ProductFactory.create(store=store, category=category, slug="plato-3", name="Plato 3"),
        sku="P-3",
        price_minor=1_00,
    )
    client = desk(category)

    page = bring(client, [row(1), row(2, price="gratis"), row(3)])

    run = ImportRun.objects.get()
    text = page.content.decode()
    assert page.redirect_chain[-1][0] == reverse("admin:stores_importrun_change", args=[run.pk])
    assert "<del>1.00</del> → 349.00" in text
    assert "Write the amount as plain digits" in text
    assert Product.objects.count() == 1
    rows = client.get(f"/admin/stores/importrow/?run__id__exact={run.pk}&verdict__exact=error")
    assert [each.line for each in rows.context["cl"].result_list] == [3]
    assert client.get(reverse("admin:stores_importrun_confirm", args=[run.pk])).status_code == 405
    client.post(reverse("admin:stores_importrun_confirm", args=[run.pk]))
    drain()
    run.refresh_from_db()
    assert (run.state, run.applied_count) == ("done", 2)
    again = client.post(reverse("admin:stores_importrun_confirm", args=[run.pk]), follow=True)
    assert "cannot be done now" in again.content.decode()


def test_a_discarded_file_writes_nothing(desk):
    _store, category = shelf()
    client = desk(category)
    bring(client, [row(1)])
    run = ImportRun.objects.get()

    client.post(reverse("admin:stores_importrun_discard", args=[run.pk]))

    run.refresh_from_db()
    assert run.state == "discarded"
    assert not Product.objects.exists()


def test_a_file_that_cannot_be_read_is_refused_at_the_form(desk):
    _store, category = shelf()
    client = desk(category)

    page = bring(client, [{"a": "b"}])

    assert page.status_code == 200
    assert "The first line must name the columns" in page.content.decode()
    assert not ImportRun.objects.exists()


def test_other_peoples_runs_are_not_there(desk):
    _store, category = shelf()
    bring(desk(category), [row(1)])
    run = ImportRun.objects.get()
    other = desk(category)

    assert list(other.get(LIST).context["cl"].result_list) == []
    assert list(other.get("/admin/stores/importrow/").context["cl"].result_list) == []
    assert other.get(reverse("admin:stores_importrun_change", args=[run.pk])).status_code == 302
    assert other.post(reverse("admin:stores_importrun_confirm", args=[run.pk])).status_code == 404
    run.refresh_from_db()
    assert run.state == "ready"


def test_readers_bring_nothing_in_and_take_their_department_away(desk):
    store, category = shelf()
    mine = VariantFactory.create(product__store=store, product__category=category)
    other = VariantFactory.create(product__store=store)
    client = desk(category, ("catalog:read",))

    assert client.get(ADD).status_code == 403
    assert client.get(LIST).status_code == 403
    page = client.get("/admin/stores/product/export/")
    assert page.status_code == 200
    answer = client.post("/admin/stores/product/export/", {"format": "0", "resource": ""})
    text = answer.content.decode()
    assert mine.sku in text
    assert other.sku not in text
    assert "/admin/stores/product/export/" in client.get("/admin/stores/product/").content.decode()
    workbook = client.post("/admin/stores/product/export/", {"format": "1", "resource": ""})
    assert workbook.content[:2] == b"PK"

"""`market/imports/`, `market/products/export/` and the feeds over HTTP."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from marketplace.core.ids import uuid7
from marketplace.core.outbox.relay import drain
from stores.catalog.models import Product, Variant
from stores.catalog.tests.factories import VariantFactory
from stores.importing.columns import NAMES
from stores.importing.models import ImportRow, ImportRun
from stores.importing.work import work_on
from stores.inventory.models import StockMovement
from stores.merchants.tests.factories import StoreFactory

from .files import csv_file, row, shelf

pytestmark = pytest.mark.django_db
URL = "/api/v1/market/imports/"


def upload(api, rows, name="catalogue.csv", **fields):
    content = rows if isinstance(rows, bytes) else csv_file(rows).getvalue()
    return api.post(URL, {"file": SimpleUploadedFile(name, content), **fields}, format="multipart")


def confirm(api, run, key=None):
    return api.post(f"{URL}{run}/confirm/", {}, format="json", headers={"Idempotency-Key": key or uuid7().hex})


def test_shelves_are_filled_with_the_key_of_the_inventory_only(api, clerk_of):
    _store, category = shelf()
    seller = clerk_of(category.department, keys=("catalog:write",))
    keeper = clerk_of(category.department)

    runs = {}
    for name, person in (("seller", seller), ("keeper", keeper)):
        api.force_authenticate(person)
        runs[name] = upload(api, [row(1), row(2, on_hand="500"), row(3, reorder_qty="5")]).data

    assert (runs["seller"]["new_count"], runs["seller"]["error_count"]) == (1, 2)
    assert (runs["keeper"]["new_count"], runs["keeper"]["error_count"]) == (3, 0)
    errors = ImportRow.objects.filter(run=runs["seller"]["id"], verdict="error").order_by("line")
    assert [each.errors[0]["code"] for each in errors] == ["stock_key", "stock_key"]
    confirm(api, runs["keeper"]["id"])
    work_on(runs["keeper"]["id"])
    assert StockMovement.objects.get().actor_id == keeper.pk


def test_a_confirmation_is_no_form(api, administrator):
    shelf()
    api.force_authenticate(administrator)
    run = upload(api, [row(1)]).data["id"]

    form = {"file": SimpleUploadedFile("a.csv", b"x")}
    answer = api.post(f"{URL}{run}/confirm/", form, format="multipart", headers={"Idempotency-Key": "k"})

    assert answer.status_code == 415
    assert ImportRun.objects.get().state == "ready"


def text_of(answer):
    return b"".join(answer.streaming_content).decode()


def test_a_small_file_comes_back_with_its_preview_and_is_written_when_confirmed(api, administrator):
    shelf()
    api.force_authenticate(administrator)

    answer = upload(api, [row(1), row(2, price="gratis")])

    assert answer.status_code == 201
    run = answer.json()
    assert (run["state"], run["new_count"], run["error_count"]) == ("ready", 1, 1)
    rows = api.get(f"{URL}{run['id']}/rows/?verdict=error").json()["results"]
    assert [(each["line"], each["errors"][0]["field"], each["errors"][0]["code"]) for each in rows] == [
        (3, "price", "amount")
    ]
    assert not Product.objects.exists()
    key = uuid7().hex
    assert confirm(api, run["id"], key).status_code == 202
    assert confirm(api, run["id"], key).headers["Idempotency-Replayed"] == "true"
    assert confirm(api, run["id"]).json()["code"] == "import_state"
    drain()
    after = api.get(f"{URL}{run['id']}/").json()
    assert (after["state"], after["applied_count"], after["progress"]) == ("done", 1, 100)
    assert Variant.objects.get().sku == "P-1"


def test_a_long_file_is_taken_and_read_in_the_background(api, administrator):
    shelf()
    api.force_authenticate(administrator)

    answer = upload(api, [row(n) for n in range(2_001)])

    assert (answer.status_code, answer.json()["state"]) == (202, "staging")
    drain()
    assert api.get(f"{URL}{answer.json()['id']}/").json()["rows_count"] == 2_001


def test_reasons_come_in_the_readers_language(api, administrator):
    shelf()
    api.force_authenticate(administrator)
    run = upload(api, [row(1, published="quizá")]).json()["id"]

    rows = api.get(f"{URL}{run}/rows/", headers={"Accept-Language": "es"}).json()["results"]

    assert rows[0]["errors"][0]["detail"] == "Escriba true o false."


def test_rows_are_paged_in_the_order_of_the_file(api, administrator):
    shelf()
    api.force_authenticate(administrator)
    run = upload(api, [row(n, price="x") for n in range(5)]).json()["id"]

    first = api.get(f"{URL}{run}/rows/?verdict=error&page_size=3").json()
    second = api.get(first["next"]).json()

    assert [each["line"] for each in first["results"] + second["results"]] == [2, 3, 4, 5, 6]
    assert api.get(f"{URL}{run}/rows/?verdict=wrong").status_code == 400


def test_a_file_that_cannot_be_read_is_refused_and_nothing_is_kept(api, administrator):
    api.force_authenticate(administrator)

    answer = upload(api, b"a,b\n1,2\n")

    assert (answer.status_code, answer.json()["code"]) == (400, "import_header")
    assert upload(api, b"x", name="catalogue.exe").json()["code"] == "import_format"
    assert api.post(URL, {}, format="multipart").json()["errors"][0]["field"] == "file"
    assert api.post(URL, {}, format="json").status_code == 400
    assert not ImportRun.objects.exists()


def test_a_run_is_its_owners_and_the_administrators(api, administrator, clerk_of):
    _store, category = shelf()
    owner, other = clerk_of(category.department), clerk_of(category.department)
    api.force_authenticate(owner)
    run = upload(api, [row(1)]).json()["id"]
    api.force_authenticate(other)

    assert api.get(f"{URL}{run}/").status_code == 404
    assert api.get(f"{URL}{run}/rows/").status_code == 404
    assert confirm(api, run).status_code == 404
    assert api.post(f"{URL}{run}/discard/").status_code == 404
    assert api.get(URL).json()["results"] == []
    api.force_authenticate(administrator)
    assert len(api.get(URL).json()["results"]) == 1
    assert api.post(f"{URL}{run}/discard/").json()["state"] == "discarded"
    assert not Product.objects.exists()


def test_a_feed_of_an_unknown_or_foreign_store_is_not_found(api, person):
    owner = person()
    shelf(owner=owner)
    StoreFactory.create(slug="otra")
    api.force_authenticate(owner)

    assert upload(api, b"id,title,price\n", store="otra").status_code == 404
    assert upload(api, b"id,title,price\n", store="nowhere").status_code == 404


def test_the_list_costs_the_same_however_long(api, administrator, django_assert_max_num_queries):
    shelf()
    api.force_authenticate(administrator)
    for number in range(3):
        upload(api, [row(number)])

    with django_assert_max_num_queries(1):
        assert len(api.get(URL).json()["results"]) == 3


def test_export_holds_what_the_key_reaches(api, clerk_of):
    mine, other = VariantFactory.create(), VariantFactory.create()
    api.force_authenticate(clerk_of(mine.product.category.department))

    lines = text_of(api.get("/api/v1/market/products/export/")).splitlines()

    assert lines[0] == "\ufeff" + ",".join(NAMES)
    assert [line.split(",")[8] for line in lines[1:]] == [mine.sku]
    assert other.sku not in lines[1]
    answer = api.get("/api/v1/market/products/export/?as=xlsx")
    assert text_bytes(answer)[:2] == b"PK"
    assert api.get("/api/v1/market/products/export/?as=pdf").status_code == 400


def text_bytes(answer):
    return b"".join(answer.streaming_content)


def test_feeds_hold_what_open_stores_sell_and_nothing_else(api):
    sold = VariantFactory.create(barcode="4006381333931", product__store__slug="centro", sku="=1")
    hidden = VariantFactory.create(product__is_published=False)
    closed = VariantFactory.create(product__store__state="closed")
    retired = VariantFactory.create(is_active=False)

    xml = text_of(api.get("/api/v1/market/feeds/products.xml"))
    answer = api.get("/api/v1/market/feeds/products.csv")
    text = text_of(answer)

    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert f"<g:id>centro:{sold.sku}</g:id>" in xml
    assert "<g:price>349.00 MXN</g:price>" in xml
    assert "<g:gtin>4006381333931</g:gtin>" in xml
    assert "<g:availability>out_of_stock</g:availability>" in xml
    assert "'=1" in text
    for other in (hidden, closed, retired):
        assert other.sku not in xml + text
    assert "<item>" not in text_of(api.get("/api/v1/market/feeds/products.xml?store=nowhere"))
    assert "<item>" in text_of(api.get("/api/v1/market/feeds/products.xml?store=centro"))


def test_feeds_are_limited_per_address(api, settings):
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "feeds": "1/hour"}

    assert api.get("/api/v1/market/feeds/products.csv").status_code == 200
    assert api.get("/api/v1/market/feeds/products.csv").status_code == 429


def test_the_routes_have_names():
    assert reverse("product-feed-xml").endswith("market/feeds/products.xml")

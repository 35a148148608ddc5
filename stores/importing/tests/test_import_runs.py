"""From a file to the catalogue: the preview, what is written, and what is not."""

import pytest

from marketplace.core.models import AuditEntry, OutboxEvent
from stores.catalog import listings
from stores.catalog.models import Brand, PriceChange, Product, Variant
from stores.catalog.tests.factories import BrandFactory, CategoryFactory, ProductFactory, VariantFactory
from stores.importing import services, work
from stores.importing.errors import ImportStateError, NothingToImportError
from stores.importing.models import ImportRun
from stores.importing.retention import forget_old
from stores.inventory.models import StockItem, StockMovement
from stores.merchants.tests.factories import StoreFactory

from .files import applied, counts, csv_file, opened, reasons, row, shelf

pytestmark = pytest.mark.django_db


def test_nothing_is_written_before_it_is_confirmed_and_all_of_it_after():
    shelf()
    run = opened(csv_file([row(1, on_hand="7", reorder_point="2"), row(2, barcode="4006381333931")]))

    assert (run.state, counts(run)) == ("ready", (2, 0, 0, 0))
    assert not Product.objects.exists()
    assert not Variant.objects.exists()

    run = applied(run)

    assert (run.state, run.applied_count, run.conflict_count) == ("done", 2, 0)
    first, second = Variant.objects.order_by("sku")
    assert (first.price_minor, first.currency, first.product.name) == (34_900, "MXN", "Plato 1")
    assert second.barcode == "4006381333931"
    assert StockItem.objects.get().on_hand == 7
    assert StockMovement.objects.get().cause == "opening"
    assert set(PriceChange.objects.values_list("cause", flat=True)) == {f"import:{run.pk}"}
    wire_names = OutboxEvent.objects.filter(wire_name__startswith="stores.import").values_list("wire_name", flat=True)
    assert sorted(wire_names) == ["stores.import_applied", "stores.import_ready"]


def test_what_was_imported_is_in_the_shop_under_its_new_words(client):
    shelf()
    applied(opened(csv_file([row(1, name="Olla"), row(2), row(3, published="false")])))

    def found(**query):
        return [each["name"] for each in client.get("/api/v1/market/products/", query).json()["results"]]

    assert sorted(found()) == ["Olla", "Plato 2"]
    assert found(search="olla") == ["Olla"]

    applied(opened(csv_file([row(1, name="Cazuela", price="1.00"), row(2, published="false")])))

    assert found() == found(search="cazuela") == ["Cazuela"]
    assert found(search="olla") == []
    assert listings.count_adrift() == 0


def test_changes_show_before_and_after_and_count_versions():
    _store, category = shelf()
    product = ProductFactory.create(store=_store, category=category, slug="plato-1", name="Plato")
    variant = VariantFactory.create(product=product, sku="P-1", price_minor=10_000)
    BrandFactory.create(slug="talavera")
    run = opened(csv_file([row(1, brand="talavera", cost="12.5", on_hand="99")]))

    assert counts(run) == (0, 1, 0, 0)
    assert run.rows.get().changes == {
        "name": ["Plato", "Plato 1"],
        "brand": ["", "talavera"],
        "price": ["100.00", "349.00"],
        "cost": ["", "12.50"],
    }

    applied(run)

    variant.refresh_from_db()
    product.refresh_from_db()
    assert (variant.price_minor, variant.cost_minor, variant.version) == (34_900, 1_250, 2)
    assert (product.name, product.brand.slug, product.version) == ("Plato 1", "talavera", 2)
    assert not StockItem.objects.exists()
    actions = AuditEntry.objects.filter(action__startswith="stores.change").values_list("action", flat=True)
    assert sorted(actions) == ["stores.change_product", "stores.change_variant"]
    assert PriceChange.objects.get().price_minor == 34_900


def test_the_same_file_again_changes_nothing():
    shelf()
    rows = [row(1, description="Azul"), row(2, product="plato-1", name="Plato 1", description="Azul")]
    applied(opened(csv_file(rows)))

    again = opened(csv_file(rows))

    assert counts(again) == (0, 0, 2, 0)
    with pytest.raises(NothingToImportError):
        services.confirm_run(run_id=again.pk, actor_id=None)


def test_what_a_file_does_not_mention_is_left_as_it_is_and_an_empty_cell_empties():
    store, category = shelf()
    product = ProductFactory.create(store=store, category=category, slug="plato-1", description="Azul", name="Plato")
    VariantFactory.create(product=product, sku="P-1", cost_minor=5, is_active=False)

    applied(opened(csv_file([{"store": "centro", "product": "plato-1", "sku": "P-1", "cost": "", "name": ""}])))

    variant = Variant.objects.select_related("product").get()
    assert (variant.cost_minor, variant.is_active) == (None, False)
    assert (variant.product.name, variant.product.description) == ("Plato", "Azul")


def test_every_error_has_its_line_column_and_reason():
    store, category = shelf()
    VariantFactory.create(product__store=store, product__category=category, sku="TAKEN", barcode="4006381333931")
    rows = [
        row(1),
        row(2, store="nowhere"),
        row(3, category="nothing"),
        row(4, price="free"),
        row(5, price="0.00"),
        row(6, currency="USD"),
        row(7, barcode="4006381333932"),
        row(8, options='{"a": 1}'),
        row(9, published="perhaps"),
        row(10, sku="TAKEN"),
        row(11, name=""),
        row(12, barcode="4006381333931"),
        row(13, brand="unknown"),
        row(14, product="no spaces"),
        row(15, sku="P-1"),
        row(16, product="plato-1", name="Another"),
        row(17, name="N" * 201),
        row(18, on_hand="-1"),
    ]

    run = opened(csv_file(rows))

    assert counts(run) == (1, 0, 0, 17)
    assert reasons(run) == [
        (3, "store", "not_found"),
        (4, "category", "not_found"),
        (5, "price", "amount"),
        (6, "price", "not_positive"),
        (7, "currency", "currency"),
        (8, "barcode", "barcode_check"),
        (9, "options", "options"),
        (10, "published", "yes_no"),
        (11, "sku", "sku_taken"),
        (12, "name", "required"),
        (13, "barcode", "barcode_taken"),
        (14, "brand", "not_found"),
        (15, "product", "slug"),
        (16, "sku", "twice"),
        (17, "product", "differs"),
        (18, "name", "too_long"),
        (19, "on_hand", "count"),
    ]


def test_a_brand_with_a_name_is_made_and_one_that_is_there_keeps_its_own():
    shelf()
    BrandFactory.create(slug="old", name="Old")

    applied(opened(csv_file([row(1, brand="new", brand_name="New"), row(2, brand="old", brand_name="Renamed")])))

    assert dict(Brand.objects.values_list("slug", "name")) == {"new": "New", "old": "Old"}


def test_what_was_changed_since_the_preview_is_a_conflict_and_stays():
    store, category = shelf()
    kept = VariantFactory.create(product__store=store, product__category=category, product__slug="plato-1", sku="P-1")
    VariantFactory.create(product__store=store, product__category=category, product__slug="plato-2", sku="P-2")
    rows = [{"store": "centro", "product": f"plato-{n}", "sku": f"P-{n}", "price": "1.00"} for n in (1, 2)]
    run = opened(csv_file([*rows, row(3)]))
    Variant.objects.filter(pk=kept.pk).update(price_minor=77_700)
    VariantFactory.create(product__store=store, product__category=category, product__slug="plato-3", sku="P-3")

    run = applied(run)

    assert (run.applied_count, run.conflict_count) == (1, 2)
    assert {(line, code) for line, _field, code in reasons(run)} == {(2, "changed_since"), (4, "changed_since")}
    prices = dict(Variant.objects.values_list("sku", "price_minor"))
    assert prices == {"P-1": 77_700, "P-2": 100, "P-3": 34_900}


def test_a_deleted_variant_does_not_come_back(django_capture_on_commit_callbacks):
    store, category = shelf()
    variant = VariantFactory.create(
        product__store=store, product__category=category, product__slug="plato-1", sku="P-1", is_active=False
    )
    Variant.objects.filter(pk=variant.pk).update(archived_at=variant.created_at)

    run = opened(csv_file([row(1)]))

    assert reasons(run) == [(2, "sku", "deleted")]


def test_a_clerk_writes_in_the_department_and_nowhere_else(clerk_of):
    store, category = shelf()
    foreign = CategoryFactory.create(slug="muebles")
    ProductFactory.create(store=store, category=foreign, slug="silla", name="Silla")
    person = clerk_of(category.department)
    rows = [row(1), row(2, category="muebles"), row(3, product="silla", name="Stolen"), row(4, category="")]

    run = opened(csv_file(rows), actor_id=person.pk)

    assert counts(run) == (1, 0, 0, 3)
    assert reasons(run) == [
        (3, "product", "not_found"),
        (4, "product", "not_found"),
        (5, "product", "not_found"),
    ]
    applied(run)
    assert set(Product.objects.values_list("slug", "name")) == {("silla", "Silla"), ("plato-1", "Plato 1")}


def test_a_merchant_writes_in_the_own_store_only(person):
    owner = person()
    shelf(owner=owner)
    StoreFactory.create(slug="otra")

    run = opened(csv_file([row(1), row(2, store="otra")]), actor_id=owner.pk)

    assert counts(run) == (1, 0, 0, 1)
    assert reasons(run) == [(3, "product", "not_found")]


def test_keys_that_were_taken_away_since_the_preview_open_nothing(clerk_of):
    _store, category = shelf()
    person = clerk_of(category.department)
    run = opened(csv_file([row(1)]), actor_id=person.pk)
    person.is_active = False
    person.save()

    run = applied(run)

    assert (run.applied_count, run.conflict_count) == (0, 1)
    assert not Product.objects.exists()


def test_a_run_is_confirmed_once_and_a_discarded_one_never():
    shelf()
    run = opened(csv_file([row(1)]))
    services.confirm_run(run_id=run.pk, actor_id=None)

    with pytest.raises(ImportStateError):
        services.confirm_run(run_id=run.pk, actor_id=None)
    with pytest.raises(ImportStateError):
        services.discard_run(run_id=run.pk, actor_id=None)
    assert work.run_to_end(run.pk).state == "done"
    other = services.discard_run(run_id=opened(csv_file([row(2)])).pk, actor_id=None)
    with pytest.raises(ImportStateError):
        services.confirm_run(run_id=other.pk, actor_id=None)
    assert Product.objects.count() == 1


def test_old_runs_are_forgotten_and_running_ones_are_not(settings):
    shelf()
    done = applied(opened(csv_file([row(1)])))
    waiting = opened(csv_file([row(2)]))
    running = opened(csv_file([row(3)]))
    services.confirm_run(run_id=running.pk, actor_id=None)
    settings.IMPORT_KEPT_DAYS = 0

    forgotten = forget_old(running.updated_at.replace(year=running.updated_at.year + 1))

    assert forgotten == 2
    assert list(ImportRun.objects.all()) == [running]
    assert not ImportRun.objects.filter(pk__in=[done.pk, waiting.pk]).exists()

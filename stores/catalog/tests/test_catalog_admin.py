"""The catalogue's admin pages: forms go through services, versions are compared, keys decide."""

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from marketplace.core.audit import AuditEntry
from marketplace.core.money import Money
from stores.catalog.models import Brand, Category, Product, ProductImage, Variant
from stores.catalog.services import change_variant
from stores.inventory.tests.factories import stocked
from stores.merchants.tests.factories import StoreFactory
from users.staff.tests.factories import DepartmentFactory

from .factories import BrandFactory, CategoryFactory, ProductFactory, VariantFactory

pytestmark = pytest.mark.django_db


def url(model: str, page: str, *args: Any) -> str:
    return reverse(f"admin:stores_{model}_{page}", args=args)


def product_form(product: Product, *variants: dict[str, Any]) -> dict[str, Any]:
    form: dict[str, Any] = {
        "expected_version": product.version,
        "name": product.name,
        "slug": product.slug,
        "category": product.category_id,
        "store": product.store_id,
        "brand": "",
        "description": "",
        "is_published": "on",
        "variants-TOTAL_FORMS": len(variants),
        "variants-INITIAL_FORMS": sum("id" in row for row in variants),
        "images-TOTAL_FORMS": 0,
        "images-INITIAL_FORMS": 0,
    }
    for number, row in enumerate(variants):
        form |= {f"variants-{number}-{name}": value for name, value in row.items()}
    return form


def variant_form(variant: Variant, **changes: Any) -> dict[str, Any]:
    return {
        "id": variant.pk,
        "product": variant.product_id,
        "expected_version": variant.version,
        "sku": variant.sku,
        "barcode": variant.barcode,
        "price": "349.00",
        "cost": "",
        "options": "{}",
        "is_active": "on",
    } | changes


@pytest.fixture
def office(client, administrator):
    """The back office, signed in as an administrator."""
    client.force_login(administrator)
    return client


@pytest.mark.parametrize("model", ["brand", "category", "product"])
def test_pages_open(office, model):
    variant = VariantFactory(product__brand=BrandFactory())
    rows = {"brand": variant.product.brand, "category": variant.product.category, "product": variant.product}

    for page in (
        url(model, "changelist"),
        f"{url(model, 'changelist')}?q=plato",
        url(model, "add"),
        url(model, "change", rows[model].pk),
    ):
        assert office.get(page).status_code == 200, page


def test_new_product_with_its_variant(office):
    category, store = CategoryFactory(), StoreFactory(currency="JPY")
    product = Product(name="Jarrón", slug="jarron", category=category, store=store)
    row = {"sku": "J-1", "price": "349", "cost": "100.000", "options": '{"color": "azul"}', "is_active": "on"}

    answer = office.post(url("product", "add"), product_form(product, row))

    assert answer.status_code == 302, answer.context["errors"]
    variant = Variant.objects.get(product__slug="jarron")
    assert (variant.price_minor, variant.cost_minor, variant.currency, variant.store) == (349, 100, "JPY", store)
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert actions == {"stores.create_product", "stores.create_variant"}


def test_price_is_edited_in_major_units(office):
    variant = VariantFactory()

    office.post(
        url("product", "change", variant.product_id),
        product_form(variant.product, variant_form(variant, price="329.5", cost="0")),
    )

    variant.refresh_from_db()
    assert (variant.price_minor, variant.cost_minor, variant.version) == (32_950, 0, 2)
    entry = AuditEntry.objects.get(action="stores.change_variant")
    assert (entry.before["price_minor"], entry.after["price_minor"]) == (34_900, 32_950)


@pytest.mark.parametrize(
    "changes",
    [
        {"price": "1.005"},
        {"price": "-1"},
        {"price": "0"},
        {"price": "NaN"},
        {"price": "9" * 16},
        {"options": "[1]"},
        {"options": "{"},
        {"sku": ""},
        {"sku": "TAKEN"},
        {"expected_version": 7},
        {"expected_version": ""},
    ],
)
def test_bad_values_come_back_with_the_form(office, changes):
    variant = VariantFactory()
    VariantFactory(sku="TAKEN", product=ProductFactory(store=variant.store))
    before = list(Variant.objects.values_list())

    answer = office.post(
        url("product", "change", variant.product_id),
        product_form(variant.product, variant_form(variant, price="329.00") | changes),
    )

    assert answer.status_code == 200
    assert answer.context["errors"]
    assert list(Variant.objects.values_list()) == before


@pytest.mark.parametrize("model", ["brand", "category", "product"])
def test_second_editor_is_told(office, model):
    row: Any = {"brand": BrandFactory, "category": CategoryFactory, "product": ProductFactory}[model]()
    type(row).objects.update(version=2)
    form = product_form(row) if model == "product" else {"slug": row.slug, "tax_bp": 0, "parent": ""}

    answer = office.post(url(model, "change", row.pk), {**form, "name": "Otro", "expected_version": 1})

    assert answer.status_code == 200
    assert "changed by somebody else" in answer.content.decode()
    row.refresh_from_db()
    assert row.name != "Otro"


def test_category_is_moved_and_refusals_are_shown(office):
    parent = CategoryFactory()
    child = CategoryFactory(parent=parent)
    form = {"name": parent.name, "slug": parent.slug, "tax_bp": 0, "parent": child.pk, "expected_version": 1}

    answer = office.post(url("category", "change", parent.pk), form, follow=True)

    assert "cannot be moved below itself" in answer.content.decode()
    assert Category.objects.get(pk=parent.pk).path == parent.path

    form = {"name": child.name, "slug": child.slug, "tax_bp": 0, "parent": "", "expected_version": 1}
    office.post(url("category", "change", child.pk), form)
    assert Category.objects.get(pk=child.pk).path == f"{child.pk.hex}/"


def test_used_brand_is_not_deleted(office):
    brand = ProductFactory(brand=BrandFactory()).brand

    office.post(url("brand", "delete", brand.pk), {"post": "yes"})
    office.post(
        url("brand", "changelist"), {"action": "delete_selected", "_selected_action": [brand.pk], "post": "yes"}
    )

    assert Brand.objects.filter(pk=brand.pk).exists()


def test_archived_products_leave_the_list(office):
    product = ProductFactory()

    office.post(url("product", "changelist"), {"action": "archive", "_selected_action": [product.pk]})

    product.refresh_from_db()
    assert product.archived_at is not None
    assert office.get(url("product", "change", product.pk)).status_code == 302


def test_clerk_sees_and_changes_their_department_only(client, clerk_of):
    mine, foreign = VariantFactory(), VariantFactory()
    client.force_login(clerk_of(mine.product.category.department))
    before = list(Product.objects.order_by("pk").values_list())

    listed = client.get(url("product", "changelist")).content.decode()
    assert mine.product.name in listed
    assert foreign.product.name not in listed
    assert client.get(url("product", "change", foreign.product_id)).status_code == 302
    client.post(url("product", "change", foreign.product_id), product_form(foreign.product) | {"name": "Mío"})
    moved = product_form(mine.product) | {"category": foreign.product.category_id}
    answer = client.post(url("product", "change", mine.product_id), moved)

    assert answer.status_code in {200, 403}
    assert list(Product.objects.order_by("pk").values_list()) == before


def test_people_without_keys_have_no_pages(client, person):
    client.force_login(person(is_staff=True))

    for model in ("brand", "category", "product", "store", "stockitem"):
        assert client.get(url(model, "changelist")).status_code == 403


def test_reader_reads(client, clerk_of):
    variant = VariantFactory()
    client.force_login(clerk_of(variant.product.category.department, keys=("catalog:read",)))

    assert client.get(url("product", "change", variant.product_id)).status_code == 200
    assert client.post(url("product", "change", variant.product_id), {"name": "x"}).status_code == 403
    assert client.get(url("category", "add")).status_code == 403
    assert DepartmentFactory().pk


def test_second_editor_sees_both_values(office):
    product = ProductFactory(name="Suyo", version=2)

    answer = office.post(
        url("product", "change", product.pk), product_form(product) | {"name": "Mío", "expected_version": 1}
    )

    assert "Name: now “Suyo”, yours “Mío”." in answer.content.decode()


def test_pictures_are_added_and_deleted_on_the_products_page(office):
    product = ProductFactory()
    content = BytesIO()
    Image.new("RGB", (30, 20), "navy").save(content, "PNG")
    form = product_form(product) | {
        "images-TOTAL_FORMS": 1,
        "images-INITIAL_FORMS": 0,
        "images-0-upload": SimpleUploadedFile("x.png", content.getvalue()),
        "images-0-alternative_text": "Azul",
        "images-0-position": 0,
    }

    answer = office.post(url("product", "change", product.pk), form)

    assert answer.status_code == 302, answer.context["errors"]
    image = ProductImage.objects.get(product=product)
    assert image.alternative_text == "Azul"
    page = office.get(url("product", "change", product.pk)).content.decode()
    assert str(image.thumbnail.name) in page
    assert str(image.thumbnail.name) in office.get(f"{url('product', 'changelist')}?picture=yes").content.decode()
    product.refresh_from_db()
    form = product_form(product) | {
        "images-TOTAL_FORMS": 1,
        "images-INITIAL_FORMS": 1,
        "images-0-id": image.pk,
        "images-0-product": product.pk,
        "images-0-alternative_text": "Azul",
        "images-0-position": 0,
        "images-0-DELETE": "on",
    }
    office.post(url("product", "change", product.pk), form)
    assert not ProductImage.objects.exists()


def test_what_is_no_picture_comes_back_with_the_form(office):
    product = ProductFactory()
    form = product_form(product) | {
        "images-TOTAL_FORMS": 1,
        "images-INITIAL_FORMS": 0,
        "images-0-upload": SimpleUploadedFile("x.svg", b"<svg/>"),
        "images-0-alternative_text": "",
        "images-0-position": 0,
    }

    answer = office.post(url("product", "change", product.pk), form)

    assert answer.status_code == 200
    assert "Send a whole picture" in answer.content.decode()
    assert not ProductImage.objects.exists()


@pytest.mark.parametrize("query", ["picture=no", "stock=yes", "stock=no", "promotion=yes", "promotion=no"])
def test_products_are_filtered(office, query):
    stocked(VariantFactory(), 3)

    assert office.get(f"{url('product', 'changelist')}?{query}").status_code == 200


def test_variants_page_shows_stock_and_what_it_has_cost(office):
    variant = VariantFactory(barcode="73513537")
    stocked(variant, 7)
    change_variant(variant=variant, expected_version=None, changes={"price": Money(12_300, "MXN")}, actor_id=None)

    listed = office.get(f"{url('variant', 'changelist')}?q=73513537").content.decode()
    page = office.get(url("variant", "change", variant.pk)).content.decode()

    assert variant.sku in listed
    assert "123.00 MXN" in page
    assert "edit" in page


def reprice(office, *products: Product, **form: Any) -> Any:
    """Up to the preview."""
    first = office.post(
        url("product", "changelist"), {"action": "change_prices", "_selected_action": [row.pk for row in products]}
    )
    return office.post(reverse("admin:stores_product_reprice"), {"products": first.context["products"], **form})


def test_many_prices_are_changed_as_they_were_previewed(office):
    seen, moved, cheap = VariantFactory(), VariantFactory(), VariantFactory(price_minor=300)
    products = [row.product for row in (seen, moved, cheap)]

    preview = reprice(office, *products, kind="amount", value="-5", step="1")

    text = preview.content.decode()
    assert "344.00 MXN" in text
    assert "refused" in text
    assert set(Variant.objects.values_list("price_minor", flat=True)) == {34_900, 300}
    change_variant(variant=moved, expected_version=None, changes={"price": Money(12_300, "MXN")}, actor_id=None)
    done = office.post(
        reverse("admin:stores_product_reprice"), {"plan": preview.context["signed"]}, follow=True
    ).content.decode()
    assert "1 prices changed" in done
    assert "changed since the preview" in done
    assert dict(Variant.objects.values_list("pk", "price_minor")) == {seen.pk: 34_400, moved.pk: 12_300, cheap.pk: 300}
    assert AuditEntry.objects.filter(action="stores.change_prices").count() == 1


@pytest.mark.parametrize(
    "form", [{"value": "x"}, {"value": ""}, {"value": "NaN"}, {"kind": "odd"}, {"step": "7"}, {"value": "9" * 12}]
)
def test_odd_price_changes_are_refused(office, form):
    variant = VariantFactory()

    answer = reprice(office, variant.product, **({"kind": "percent", "value": "10", "step": ""} | form))

    assert answer.status_code == 200
    assert "plan" not in answer.context
    variant.refresh_from_db()
    assert variant.price_minor == 34_900


def test_prices_are_changed_within_reach_and_by_who_saw_them(client, office, clerk_of):
    mine, foreign = VariantFactory(), VariantFactory()
    preview = reprice(office, mine.product, foreign.product, kind="percent", value="10", step="")
    client.force_login(clerk_of(mine.product.category.department))

    client.post(reverse("admin:stores_product_reprice"), {"plan": preview.context["signed"]})
    client.post(reverse("admin:stores_product_reprice"), {"plan": "forged"})
    own = reprice(client, mine.product, foreign.product, kind="percent", value="10", step="")
    client.post(reverse("admin:stores_product_reprice"), {"plan": own.context["signed"]})

    assert dict(Variant.objects.values_list("pk", "price_minor")) == {mine.pk: 38_390, foreign.pk: 34_900}
    client.force_login(clerk_of(mine.product.category.department, keys=("catalog:read",)))
    assert client.post(reverse("admin:stores_product_reprice"), {"plan": "x"}).status_code == 403

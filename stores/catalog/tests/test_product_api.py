"""Products, variants and brands through HTTP."""

from typing import Any

import pytest

from stores.catalog.models import Brand, Product, Variant
from stores.inventory.tests.factories import stocked
from stores.merchants.tests.factories import StoreFactory
from users.staff.tests.factories import DepartmentFactory

from .factories import BrandFactory, CategoryFactory, ProductFactory, VariantFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/market/products/"
PRICE = {"amount": "349.00", "currency": "MXN"}


def names(answer) -> list[str]:
    return [row["name"] for row in answer.json()["results"]]


def rows() -> list[Any]:
    return [*Product.objects.order_by("pk").values_list(), *Variant.objects.order_by("pk").values_list()]


@pytest.mark.parametrize("query", ["", "&search=plato", "&in_stock=true", "&ordering=price", "&min_price=1"])
def test_list_costs_the_same_whatever_the_page(api, django_assert_max_num_queries, query):
    category = CategoryFactory()
    for _ in range(15):
        stocked(VariantFactory(product__category=category))

    with django_assert_max_num_queries(3):
        answer = api.get(f"{URL}?category={category.pk}&page_size=15{query}")

    assert len(answer.json()["results"]) == 15
    assert answer.json()["results"][0]["price_from"] == PRICE
    assert answer.json()["results"][0]["in_stock"] is True


def test_public_sees_published_products_of_stores_that_are_not_closed(api):
    shown = ProductFactory(store__state="paused")
    hidden = [
        ProductFactory(is_published=False),
        ProductFactory(archived_at="2026-01-01T00:00:00Z"),
        ProductFactory(store__state="closed"),
    ]

    assert names(api.get(URL)) == [shown.name]
    assert [api.get(f"{URL}{row.pk}/").status_code for row in hidden] == [404] * 3


def test_filters_narrow(api):
    parent = CategoryFactory()
    brand = BrandFactory(name="Talavera Azul")
    cheap = VariantFactory(product__category=CategoryFactory(parent=parent), product__brand=brand, price_minor=9_999)
    dear = VariantFactory(product__name="Jarrón", price_minor=100_000, sku="JARRON-1")
    stocked(dear, 1)
    VariantFactory(product=dear.product, price_minor=50, is_active=False)
    cheap_name, dear_name = cheap.product.name, "Jarrón"

    expected = {
        f"category={parent.pk}": [cheap_name],
        "category=00000000-0000-0000-0000-000000000000": [],
        f"brand={brand.pk}": [cheap_name],
        f"store={dear.store_id}": [dear_name],
        "max_price=99.99": [cheap_name],
        "min_price=100": [dear_name],
        "min_price=99.99&max_price=100&currency=USD": [],
        "in_stock=true": [dear_name],
        "in_stock=false": [cheap_name],
        "search=jarr": [dear_name],
        "search=azul": [cheap_name],
        "search=jarron-1": [dear_name],
        "ordering=price": [cheap_name, dear_name],
        "ordering=-price": [dear_name, cheap_name],
        "ordering=-name": [cheap_name, dear_name],
        "ordering=price&page_size=1&page=2": [dear_name],
        "": [dear_name, cheap_name],
    }

    assert {query: names(api.get(f"{URL}?{query}")) for query in expected} == expected


@pytest.mark.parametrize(
    "query",
    [
        "category=x",
        "brand=1",
        "min_price=-1",
        "min_price=1e5",
        "max_price=NaN",
        "max_price=１２",
        "min_price=1.234",
        "min_price=999999999999999999",
        "currency=XXX",
        "in_stock=maybe",
        "ordering=cost",
        "ordering=price&page=0",
        "ordering=price&page=1e3",
        "search=%00",
        f"search={'x' * 101}",
        "published=1",
    ],
)
def test_odd_queries_are_refused(api, query):
    answer = api.get(f"{URL}?{query}")

    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_clerk_adds_a_product_and_its_variant(api, clerk_of):
    category, store = CategoryFactory(), StoreFactory()
    api.force_authenticate(clerk_of(category.department))

    product = api.post(
        URL, {"name": "Jarrón azul", "category": str(category.pk), "store": str(store.pk)}, format="json"
    )
    variant = api.post(
        f"{URL}{product.json()['id']}/variants/",
        {"sku": "JAR-1", "price": PRICE, "cost": {"amount": "0.00", "currency": "MXN"}, "options": {"color": "azul"}},
        format="json",
    )

    assert product.status_code == 201, product.json()
    assert (product.json()["slug"], product.json()["price_from"]) == ("jarron-azul", None)
    assert variant.status_code == 201, variant.json()
    assert variant.json()["cost"] == {"amount": "0.00", "currency": "MXN"}
    assert variant["ETag"] == '"1"'
    api.force_authenticate(None)
    assert api.get(f"{URL}{product.json()['id']}/").json()["price_from"] == PRICE


def test_merchant_works_in_their_store_only(api, person):
    merchant = person()
    mine = ProductFactory(store=StoreFactory(member=merchant), is_published=False)
    foreign = VariantFactory().product
    api.force_authenticate(merchant)
    before = rows()
    body = {"name": "x", "category": str(mine.category_id), "store": str(foreign.store_id)}

    answers = [
        api.post(URL, body, format="json"),
        api.patch(f"{URL}{foreign.pk}/", {"name": "Mío"}, format="json"),
        api.delete(f"{URL}{foreign.pk}/"),
        api.post(f"{URL}{foreign.pk}/variants/", {"sku": "x", "price": PRICE}, format="json"),
        api.patch(f"{URL}{foreign.pk}/variants/{foreign.variants.get().pk}/", {"price": PRICE}, format="json"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 5
    assert rows() == before
    assert api.patch(f"{URL}{mine.pk}/", {"name": "Mío"}, format="json").status_code == 200
    assert names(api.get(f"{URL}?published=false")) == ["Mío"]


def test_foreign_department_changes_nothing(api, clerk_of):
    own, foreign = CategoryFactory(), VariantFactory()
    mine = ProductFactory(category=own)
    api.force_authenticate(clerk_of(own.department))
    before = rows()
    body = {"name": "x", "category": str(foreign.product.category_id), "store": str(mine.store_id)}

    answers = [
        api.post(URL, body, format="json"),
        api.patch(f"{URL}{foreign.product_id}/", {"name": "Mío"}, format="json"),
        api.patch(f"{URL}{mine.pk}/", {"category": str(foreign.product.category_id)}, format="json"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert rows() == before


@pytest.mark.parametrize("who", ["nobody", "customer", "reader"])
def test_writing_needs_the_key(api, person, clerk_of, who):
    product = ProductFactory()
    if who != "nobody":
        user = person() if who == "customer" else clerk_of(product.category.department, keys=("catalog:read",))
        api.force_authenticate(user)
    before = rows()

    assert api.patch(f"{URL}{product.pk}/", {"name": "x"}, format="json").status_code == (
        401 if who == "nobody" else 403
    )
    assert rows() == before


def test_stale_versions_change_nothing(api, administrator):
    variant = VariantFactory(version=2, product__version=2)
    api.force_authenticate(administrator)
    before = rows()
    url = f"{URL}{variant.product_id}/"

    answers = [
        api.patch(url, {"name": "x"}, format="json", HTTP_IF_MATCH='"1"'),
        api.delete(url, HTTP_IF_MATCH='"1"'),
        api.patch(f"{url}variants/{variant.pk}/", {"sku": "x"}, format="json", HTTP_IF_MATCH='"1"'),
        api.delete(f"{url}variants/{variant.pk}/", HTTP_IF_MATCH='"1"'),
    ]

    assert [answer.status_code for answer in answers] == [412] * 4
    assert rows() == before


def test_cost_is_for_the_products_people(api, person):
    merchant = person()
    variant = VariantFactory(product__store=StoreFactory(member=merchant), cost_minor=18_000)
    url = f"{URL}{variant.product_id}/variants/"

    public = api.get(url).json()["results"][0]
    api.force_authenticate(merchant)
    own = api.get(f"{url}{variant.pk}/").json()

    assert "cost" not in public
    assert own["cost"] == {"amount": "180.00", "currency": "MXN"}


@pytest.mark.parametrize("field", ["price", "cost"])
def test_money_is_in_the_stores_currency(api, administrator, field):
    variant = VariantFactory()
    api.force_authenticate(administrator)
    before = rows()
    body = {"sku": "NEW", "price": PRICE} | {field: {"amount": "9.00", "currency": "USD"}}
    url = f"{URL}{variant.product_id}/variants/"

    answers = [api.post(url, body, format="json"), api.patch(f"{url}{variant.pk}/", body, format="json")]

    assert [(a.status_code, a.json()["code"]) for a in answers] == [(409, "currency_mismatch")] * 2
    assert rows() == before


def test_sku_is_unique_in_the_store_even_after_deletion(api, administrator):
    gone = VariantFactory(sku="A", archived_at="2026-01-01T00:00:00Z")
    other = VariantFactory(sku="B", product=gone.product)
    api.force_authenticate(administrator)
    url = f"{URL}{gone.product_id}/variants/"

    answers = [
        api.post(url, {"sku": "A", "price": PRICE}, format="json"),
        api.patch(f"{url}{other.pk}/", {"sku": "A"}, format="json"),
    ]

    assert [(a.status_code, a.json()["code"]) for a in answers] == [(409, "sku_taken")] * 2
    assert api.get(f"{url}{gone.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sku": ""}, "sku"),
        ({"sku": "x" * 65}, "sku"),
        ({"price": {"amount": "0.00", "currency": "MXN"}}, "price"),
        ({"price": {"amount": "-1.00", "currency": "MXN"}}, "price"),
        ({"price": {"amount": "1.005", "currency": "MXN"}}, "price"),
        ({"price": {"amount": 5, "currency": "MXN"}}, "price"),
        ({"price": 5}, "price"),
        ({"price": None}, "price"),
        ({"options": []}, "options"),
        ({"options": {"talla": 5}}, "options.talla"),
        ({"options": {"": "x"}}, "options"),
        ({"options": {str(n): "x" for n in range(21)}}, "options"),
        ({"is_active": "yes"}, "is_active"),
    ],
)
def test_bad_variants_name_their_field_and_change_nothing(api, administrator, change, field):
    product = ProductFactory()
    api.force_authenticate(administrator)

    answer = api.post(f"{URL}{product.pk}/variants/", {"sku": "A", "price": PRICE} | change, format="json")

    assert answer.status_code == 400, answer.json()
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not Variant.objects.exists()


def test_product_stays_in_its_store(api, administrator):
    product = ProductFactory()
    api.force_authenticate(administrator)

    answer = api.patch(f"{URL}{product.pk}/", {"store": str(StoreFactory().pk)}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "store_fixed")


def test_deleted_product_and_variant_are_gone_from_view(api, administrator):
    variant = VariantFactory()
    api.force_authenticate(administrator)
    url = f"{URL}{variant.product_id}/"

    assert api.delete(f"{url}variants/{variant.pk}/").status_code == 204
    assert api.get(f"{url}variants/").json()["results"] == []
    assert api.delete(url).status_code == 204
    assert api.get(url).status_code == 404
    assert Variant.objects.filter(pk=variant.pk).exists()


def test_merchants_add_brands_and_staff_change_them(api, person, clerk_of):
    merchant = person()
    StoreFactory(member=merchant)
    api.force_authenticate(merchant)
    brand = api.post("/api/v1/market/brands/", {"name": "Azul"}, format="json")
    url = f"/api/v1/market/brands/{brand.json()['id']}/"
    assert (brand.status_code, brand.json()["slug"]) == (201, "azul")
    assert api.patch(url, {"name": "Rojo"}, format="json").status_code == 403
    assert api.delete(url).status_code == 403

    api.force_authenticate(clerk_of(DepartmentFactory()))
    assert api.patch(url, {"name": "Rojo"}, format="json", HTTP_IF_MATCH=brand["ETag"]).json()["name"] == "Rojo"
    ProductFactory(brand=Brand.objects.get())
    assert api.delete(url).json()["code"] == "brand_in_use"

"""What other contexts may ask of stores."""

import uuid
from dataclasses import replace

import pytest

from marketplace.core.errors import NotFoundError
from marketplace.core.money import CurrencyMismatchError, Money
from stores import facade
from stores.catalog.models import Category, Product, Variant
from stores.catalog.tests.factories import VariantFactory
from stores.contracts import BrandRow, CategoryRow, ProductRow, StockLine, StoreRow, VariantRow
from stores.inventory.models import StockItem, StockMovement
from stores.inventory.tests.factories import stocked
from stores.merchants.errors import LastOwnerError
from stores.merchants.models import Store
from stores.merchants.services import forget_member, refuse_last_owner
from stores.merchants.tests.factories import StoreFactory
from users.staff.tests.factories import DepartmentFactory

pytestmark = pytest.mark.django_db


def test_card_says_all_in_one_query(django_assert_num_queries):
    variant = VariantFactory(product__name="Plato", options={"color": "azul"}, product__category__tax_bp=1600)

    with django_assert_num_queries(1):
        card = facade.variant_card(variant.pk)

    assert (card.name, card.price, card.tax_bp) == ("Plato (azul)", Money(34_900, "MXN"), 1600)
    assert (card.store_id, card.store_name, card.commission_bp) == (variant.store_id, variant.store.name, 1_000)
    assert card.department_id == variant.product.category.department_id
    assert (card.latitude, card.longitude) == (19.4326, -99.1332)
    assert card.is_sellable


@pytest.mark.parametrize(
    "columns",
    [
        {"is_active": False},
        {"archived_at": "2026-01-01T00:00:00Z"},
        {"product__is_published": False},
        {"product__archived_at": "2026-01-01T00:00:00Z"},
        {"product__store__state": "paused"},
        {"product__store__state": "closed"},
    ],
)
def test_what_is_not_offered_is_not_sellable(columns):
    assert not facade.variant_card(VariantFactory(**columns).pk).is_sellable


def test_many_cards_leave_unknown_ids_out(django_assert_num_queries):
    variants = [VariantFactory() for _ in range(3)]

    with django_assert_num_queries(1):
        cards = facade.variant_cards([*(each.pk for each in variants), uuid.uuid4()])

    assert cards.keys() == {each.pk for each in variants}
    with pytest.raises(NotFoundError):
        facade.variant_card(uuid.uuid4())


def test_place_and_people(person):
    owner = person()
    store = StoreFactory(owner=owner, state="paused")
    StoreFactory(owner=owner, archived_at="2026-01-01T00:00:00Z")

    place = facade.store_place(store.pk)

    assert (place.latitude, place.longitude, place.is_open) == (store.latitude, store.longitude, False)
    assert facade.stores_run_by(owner.pk) == {store.pk}
    assert facade.stores_run_by(uuid.uuid4()) == frozenset()
    with pytest.raises(NotFoundError):
        facade.store_place(uuid.uuid4())


def town(department) -> tuple[list[StoreRow], list[CategoryRow], list[ProductRow]]:
    stores = [StoreRow(f"tienda-{n}", f"Tienda {n}", 19.4, -99.1) for n in range(3)]
    categories = [
        CategoryRow("hogar", "Hogar", department.pk, tax_bp=1600),
        CategoryRow("cocina", "Cocina", department.pk, parent_slug="hogar"),
    ]
    products = [
        ProductRow(
            store_slug=f"tienda-{n % 3}",
            slug=f"plato-{n}",
            name=f"Plato {n}",
            category_slug="cocina",
            brand_slug="azul",
            variants=(VariantRow(f"P-{n}", Money(34_900, "MXN"), opening_stock=n, reorder_point=2),),
        )
        for n in range(7)
    ]
    return stores, categories, products


def test_town_is_added_once():
    department = DepartmentFactory()
    stores, categories, products = town(department)

    def add() -> tuple[int, int, int, int, int]:
        brands = facade.add_brands([BrandRow("azul", "Azul")])
        catalog = lambda: facade.add_catalog(iter(products))  # noqa: E731
        first = (facade.add_stores(stores).new_count, facade.add_categories(categories).new_count, brands.new_count)
        added = catalog()
        assert added.variant_ids.keys() == {(row.store_slug, row.variants[0].sku) for row in products}
        return (*first, added.new_products_count, added.new_variants_count)

    assert add() == (3, 2, 1, 7, 7)
    assert add() == (0, 0, 0, 0, 0)

    assert Category.objects.get(slug="cocina").path.startswith(Category.objects.get(slug="hogar").path)
    assert sorted(StockItem.objects.values_list("on_hand", flat=True)) == list(range(7))
    assert StockMovement.objects.count() == 6
    assert (Store.objects.count(), Product.objects.count(), Variant.objects.count()) == (3, 7, 7)


def test_new_variant_of_a_known_product_is_added():
    stores, categories, products = town(DepartmentFactory())
    facade.add_stores(stores)
    facade.add_categories(categories)
    facade.add_brands([BrandRow("azul", "Azul")])
    facade.add_catalog(products[:1])
    more = replace(products[0], variants=(*products[0].variants, VariantRow("P-0-XL", Money(1, "MXN"))))

    added = facade.add_catalog([more])

    assert (added.new_products_count, added.new_variants_count) == (0, 1)
    assert Product.objects.get().variants.count() == 2


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"store_slug": "nowhere"}, NotFoundError),
        ({"category_slug": "nothing"}, NotFoundError),
        ({"brand_slug": "nobody"}, NotFoundError),
        ({"variants": (VariantRow("X", Money(1, "USD")),)}, CurrencyMismatchError),
    ],
)
def test_rows_that_lead_nowhere_change_nothing(change, refusal):
    stores, categories, products = town(DepartmentFactory())
    facade.add_stores(stores)
    facade.add_categories(categories)
    facade.add_brands([BrandRow("azul", "Azul")])

    with pytest.raises(refusal):
        facade.add_catalog([products[0], replace(products[1], **change)])

    assert not Product.objects.exists()


def test_figures():
    VariantFactory(product__store__state="paused")
    StoreFactory()

    assert [kpi.value for kpi in facade.kpis()] == ["1", "1", "0", "0"]


def test_people_leave_their_stores(person):
    owner, other = person(), person()
    store = StoreFactory(owner=owner)
    with pytest.raises(LastOwnerError):
        refuse_last_owner(owner.pk)
    store.members.create(user=other, role="owner")

    refuse_last_owner(owner.pk)
    forget_member(owner.pk)

    assert [member.user for member in store.members.all()] == [other]


def test_movements_of_a_cause_are_told_oldest_first_in_one_query(django_assert_num_queries):
    variant = VariantFactory()
    stocked(variant, 20)
    lines = [StockLine(variant.pk, variant.store_id, 2)]
    facade.sell_stock(lines=lines, idem_key="a", cause="order:1")
    facade.sell_stock(lines=lines, idem_key="b", cause="order:2")
    facade.receive_stock(lines=lines, idem_key="c", cause="return:1")

    with django_assert_num_queries(1):
        told = facade.stock_log(["order:1", "return:1"])

    assert [(step.kind, step.quantity, step.sku, step.cause) for step in told] == [
        ("sale", 2, variant.sku, "order:1"),
        ("receive", 2, variant.sku, "return:1"),
    ]
    assert facade.stock_log([]) == []

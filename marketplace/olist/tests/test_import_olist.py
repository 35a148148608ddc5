"""The import of the Olist data set: what becomes of the rows, of bad rows, and of a second run."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core.geo import great_circle_km
from marketplace.olist import importing
from marketplace.olist.places import ZipCentres, jittered
from marketplace.olist.shelves import OTHER, category_slug, department_of
from purchases.models import Order, OrderLine
from stores.models import Category, Product, StockItem, StockMovement, Store, Variant
from users.models import CustomerProfile

from .dataset import customer, item, key, order, seller, tiny, write

User = get_user_model()
SELLERS, CUSTOMERS = "olist_sellers_dataset.csv", "olist_customers_dataset.csv"
ITEMS, ORDERS = "olist_order_items_dataset.csv", "olist_orders_dataset.csv"
PRODUCTS, PLACES = "olist_products_dataset.csv", "olist_geolocation_dataset.csv"
EVERYTHING = (Store, Category, Product, Variant, StockItem, StockMovement, Order, OrderLine, User, CustomerProfile)


def run(folder: Path, **options: Any) -> str:
    out = StringIO()
    call_command("import_olist", path=folder, stdout=out, verbosity=0, **options)
    return out.getvalue()


def counts() -> list[int]:
    return [model._default_manager.count() for model in EVERYTHING]


@pytest.mark.django_db
def test_rows_become_a_market(tmp_path):
    said = run(write(tmp_path, tiny()), stock=7)

    store = Store.objects.get(slug=f"olist-{key('a', 1)}")
    assert (store.name, store.currency, store.language) == ("Sao Paulo SP · a00000", "BRL", "pt")
    assert (store.latitude, store.longitude) == (-23.57, -46.65)

    product = Product.objects.get(slug=key("b", 1))
    assert (product.name, product.category.name) == ("Health beauty b00000", "Health beauty")
    variant = product.variants.get()
    assert (variant.price_minor, variant.sku) == (9_990, key("b", 1))
    assert StockItem.objects.get(variant=variant).on_hand == 7
    assert Product.objects.get(slug=key("b", 2)).category.name == "Unclassified"

    first, second, third = (Order.objects.get(source_key=f"olist:{key('e', n)}") for n in (1, 2, 3))
    assert (first.state, first.total_minor, first.currency) == ("delivered", 17_980, "BRL")
    assert first.lines.get().quantity == 2
    assert first.placed_at.isoformat() == "2017-10-02T13:56:33+00:00"
    assert (second.state, second.parts.count(), second.total_minor) == ("shipped", 2, 10_490)
    assert (third.state, third.customer) == ("cancelled", first.customer)

    profile = first.customer.profile
    assert (profile.latitude, profile.longitude) == (-23.57, -46.65)
    assert profile.successful_orders_count == 1
    assert not first.customer.has_usable_password()
    assert "Orders:    3, 3 new" in said
    assert "Refused:   0 rows" in said


@pytest.mark.django_db
@pytest.mark.parametrize("chunk", [1, 2, 500])
def test_second_run_adds_nothing(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(importing, "CHUNK", chunk)
    folder = write(tmp_path, tiny())
    run(folder)
    before = counts()

    said = run(folder)

    assert counts() == before
    assert before[:2] == [2, 2]
    assert "Stores:    2, 0 new" in said
    assert "Orders:    3, 0 new" in said


@pytest.mark.django_db
def test_later_rows_are_added_to_what_is_there(tmp_path):
    tables = tiny()
    run(write(tmp_path, tables))
    tables[ITEMS].append(item(key("e", 4), 1, product_id=key("b", 2)))
    tables[ORDERS].append(order(key("e", 4), key("c", 2)))

    said = run(write(tmp_path, tables))

    assert "Orders:    4, 1 new" in said
    assert "Products:  3, 1 new" in said


BAD_ROWS: list[tuple[str, dict[str, Any], str]] = [
    (PLACES, {"geolocation_zip_code_prefix": "01310", "geolocation_lat": "x", "geolocation_lng": "1"}, "no number"),
    (PLACES, {"geolocation_zip_code_prefix": "01310", "geolocation_lat": "41", "geolocation_lng": "-8"}, "outside"),
    (PLACES, {"geolocation_zip_code_prefix": "01310", "geolocation_lat": "nan", "geolocation_lng": "1"}, "outside"),
    (PLACES, {"geolocation_zip_code_prefix": "", "geolocation_lat": "1", "geolocation_lng": "1"}, "zip prefix"),
    (SELLERS, seller("x"), "32 hexadecimal"),
    (SELLERS, seller(key("a", 1)), "came before"),
    (SELLERS, seller(key("a", 3), zip_prefix="99999"), "region without coordinates"),
    (SELLERS, seller(key("a", 3), zip_prefix="１２３４５"), "zip prefix"),
    (CUSTOMERS, customer(key("c", 9), "'; DROP TABLE users_user; --"), "32 hexadecimal"),
    (CUSTOMERS, customer(key("c", 1), key("d", 9)), "came before"),
    (PRODUCTS, {"product_id": key("b", 1), "product_category_name": "x"}, "came before"),
    (ITEMS, item(key("e", 1), 9, price="-5"), "no amount"),
    (ITEMS, item(key("e", 1), 9, price="0.00"), "zero"),
    (ITEMS, item(key("e", 1), 9, price="1e9"), "no amount"),
    (ITEMS, item(key("e", 1), 9, product_id=key("b", 9)), "product that is not"),
    (ITEMS, item(key("e", 1), 9, seller_id=key("a", 9)), "seller that is not"),
    (ITEMS, item(key("e", 1), 9, shipping_limit_date="soon"), "a time"),
    (ITEMS, item(key("e", 1), 1), "came before"),
    (ORDERS, order(key("e", 9), key("c", 1)), "without items"),
    (ORDERS, order(key("e", 1), key("c", 1)), "came before"),
    (ORDERS, order(key("e", 9), key("c", 9)), "customer that is not"),
    (ORDERS, order(key("e", 9), key("c", 1), order_status="lost"), "unknown order status 'lost'"),
    (ORDERS, order(key("e", 9), key("c", 1), order_purchase_timestamp="2017-02-30 00:00:00"), "a time"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("file", "row", "reason"), BAD_ROWS)
def test_bad_row_is_listed_and_the_others_go_on(tmp_path, file, row, reason):
    tables = tiny()
    template = dict.fromkeys(tables[file][0], "")
    tables[file].append({**template, **row})
    line = len(tables[file]) + 1

    said = run(write(tmp_path, tables))

    listed = [text for text in said.splitlines() if text.startswith(f"  {file}:{line}: ")]
    assert len(listed) == 1, said
    assert reason in listed[0]
    assert Store.objects.count() == 2
    # An order whose item was refused is incomplete and left out as well.
    incomplete = file == ITEMS and reason != "came before"
    assert Order.objects.count() == (2 if incomplete else 3)
    assert ("an item of this order was refused" in said) == incomplete


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"one,two\n", "number of fields"),
        (b",".join([b"x"] * 9) + b"\n", "number of fields"),
        (key("a", 5).encode() + b",01310,\xff,SP\n", "not UTF-8"),
        (key("a", 5).encode() + b",01310,a\x00b,SP\n", "NUL"),
        (b'"' + b"x" * 70_000 + b'",01310,a,SP\n', "field limit"),
    ],
)
def test_what_is_no_row_is_listed(tmp_path, raw, reason):
    folder = write(tmp_path, tiny())
    with (folder / SELLERS).open("ab") as file:
        file.write(raw)

    said = run(folder)

    assert f"  {SELLERS}:4: " in said
    assert reason in said
    assert Store.objects.count() == 2


@pytest.mark.django_db
def test_unusable_input_fails_and_writes_nothing(tmp_path):
    before = counts()
    folder = write(tmp_path, tiny())
    (folder / ITEMS).unlink()
    (folder / ORDERS).write_text("id,when\n", encoding="utf-8")
    (folder / PRODUCTS).write_bytes(b"\xff\xfe")

    with pytest.raises(CommandError) as refused:
        run(folder)
    with pytest.raises(CommandError):
        run(folder / "nowhere")

    assert ITEMS in str(refused.value)
    assert f"{ORDERS}: no column order_id" in str(refused.value)
    assert PRODUCTS in str(refused.value)
    assert counts() == before


@pytest.mark.django_db
@pytest.mark.parametrize("options", [{"jitter_km": -1}, {"jitter_km": float("nan")}, {"stock": -1}])
def test_odd_options_are_refused(tmp_path, options):
    with pytest.raises(CommandError):
        run(write(tmp_path, tiny()), **options)

    assert not Store.objects.exists()


@pytest.mark.django_db
def test_declared_jitter_and_password(tmp_path):
    run(write(tmp_path, tiny()), jitter_km=3.0, password="obrigado-2017")

    users = User.objects.filter(email__endswith="@olist.example").select_related("profile")
    distances = [
        great_circle_km(-23.57, -46.65, user.profile.latitude or 0.0, user.profile.longitude or 0.0) for user in users
    ]
    assert len(distances) == 2
    assert all(0 < each <= 3.01 for each in distances)
    assert all(user.check_password("obrigado-2017") for user in users)


@pytest.mark.django_db
def test_customer_of_an_unknown_region_has_no_place(tmp_path):
    tables = tiny()
    tables[CUSTOMERS][1] = customer(key("c", 2), key("d", 2), zip_prefix="99999")

    run(write(tmp_path, tables))

    assert User.objects.get(email=f"{key('d', 2)}@olist.example").profile.latitude is None


def test_unlisted_prefix_is_where_its_neighbours_are():
    centres = ZipCentres()
    centres.add("01310", -23.0, -46.0)
    centres.add("01320", -24.0, -47.0)

    assert centres.centre("01310") == (-23.0, -46.0)
    assert centres.centre("01399") == (-23.5, -46.5)
    assert centres.centre("01999") == (-23.5, -46.5)
    assert centres.centre("02000") is None


@given(st.text(min_size=1), st.floats(0.0, 100.0), st.floats(-33.0, 5.0))
def test_jitter_stays_in_its_circle(text, km, latitude):
    place = (latitude, -46.0)

    once, again = jittered(place, text, km), jittered(place, text, km)

    assert once == again
    assert great_circle_km(*place, *once) <= km * 1.02 + 1e-6


def test_categories_find_their_department():
    names = ("bed_bath_table", "Health Beauty", "computers_accessories", "fashio_female_clothing", "cool_stuff", "")

    assert [department_of(name) for name in names] == [
        "olist-home",
        "olist-health",
        "olist-electronics",
        "olist-fashion",
        "olist-leisure",
        OTHER,
    ]
    assert category_slug("bed_bath_table") == category_slug("Bed Bath Table") == "olist-bed-bath-table"

"""Costs and counted stock from an ERP's file: shown first, taken over whole or not at all."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from stores.catalog.models import Variant
from stores.catalog.tests.factories import ProductFactory, VariantFactory
from stores.contracts import StockLine
from stores.inventory.models import StockItem, StockMovement
from stores.inventory.services import reserve_stock
from stores.merchants.tests.factories import StoreFactory

from .factories import stocked

pytestmark = pytest.mark.django_db
HEADING = "store,sku,cost,currency,on_hand"


@pytest.fixture
def shop():
    """Two SKUs of the store `tienda`: A with 10 on the shelf, B never stocked."""
    product = ProductFactory(store=StoreFactory(slug="tienda"))
    first = VariantFactory(product=product, sku="A", cost_minor=500)
    VariantFactory(product=product, sku="B")
    return stocked(first, 10)


@pytest.fixture
def run(tmp_path: Path):
    """`run(rows, *options)`: the command's words; a refusal's come with what it said before."""

    def call(rows: list[str], *options: str, heading: str = HEADING) -> tuple[str, str]:
        path = tmp_path / "erp.csv"
        path.write_text("\n".join([heading, *rows]), encoding="utf-8")
        out, err = StringIO(), StringIO()
        try:
            call_command("import_erp", str(path), *options, stdout=out, stderr=err)
        except CommandError as refusal:
            err.write(str(refusal))
        return out.getvalue(), err.getvalue()

    return call


def state() -> list[Any]:
    return [
        *Variant.objects.order_by("sku").values_list("sku", "cost_minor"),
        *StockItem.objects.order_by("variant__sku").values_list("variant__sku", "on_hand", "allocated"),
    ]


def test_a_preview_writes_nothing(shop, run):
    before = state()

    out, err = run(["tienda,A,6.50,MXN,8", "tienda,B,,,3"])

    assert "line 2: A cost 5.00 MXN -> 6.50 MXN, on hand 10 -> 8 (-2)" in out
    assert "2 rows, 2 changes, 0 bad rows" in out
    assert "--apply" in out
    assert (err, state()) == ("", before)


def test_costs_and_counts_are_taken_over_once(shop, run):
    rows = ["tienda,A,6.50,MXN,8", "tienda,B,2.00,MXN,3"]

    run(rows, "--apply")
    after = state()
    out, _err = run(rows, "--apply")

    assert after == [("A", 650), ("B", 200), ("A", 8, 0), ("B", 3, 0)]
    assert state() == after
    assert "2 rows, 0 changes" in out
    moved = StockMovement.objects.filter(cause="erp").order_by("pk")
    assert sorted((each.kind, each.quantity) for each in moved) == [("adjust", -2), ("adjust", 3)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("tienda,NIX,1.00,MXN,1", "No store of that name has such a SKU."),
        ("nowhere,A,1.00,MXN,1", "No store of that name has such a SKU."),
        ("tienda,A,1.00,USD,1", "Amounts in USD and MXN cannot be mixed."),
        ("tienda,A,1.001,MXN,1", "Write the amount as plain digits"),
        ("tienda,A,-1,MXN,1", "Write the amount as plain digits"),
        ("tienda,A,1.00,,1", "Unknown currency."),
        ("tienda,A,,,", "Neither a cost nor a stock is given."),
        (",A,1.00,MXN,1", "Store and SKU are needed."),
        ("tienda,A,1.00,MXN,-1", "The stock is a whole number from 0 up."),
        ("tienda,A,1.00,MXN,1.5", "The stock is a whole number from 0 up."),
        ("tienda,A,1.00,MXN,99999999999", "The stock is a whole number from 0 up."),
        ("tienda,A,1.00,MXN,1,more", "another number of cells"),
        ("tienda,A,1.00", "another number of cells"),
        ("tienda,B,9.00,MXN,9", "The SKU is in the file twice."),
        ("tienda,A,1.00,MXN,3", "Less was counted than is set aside: 4."),
    ],
)
def test_a_file_with_a_bad_row_writes_nothing_and_says_which(shop, run, row, reason):
    reserve_stock(lines=[StockLine(shop.variant_id, shop.store_id, 4)], idem_key="promo")
    before = state()

    _out, err = run(["tienda,B,2.00,MXN,3", row], "--apply")

    assert "line 3: " in err
    assert reason in err
    assert "Nothing was written." in err
    assert state() == before


def test_bad_rows_can_be_skipped(shop, run):
    _out, err = run(["tienda,NIX,1.00,MXN,1", "tienda,B,2.00,MXN,3"], "--apply", "--skip-errors")

    assert "line 2: No store" in err
    assert state() == [("A", 500), ("B", 200), ("A", 10, 0), ("B", 3, 0)]


@pytest.mark.parametrize("heading", ["sku,cost", "", "tienda;sku;cost;currency;on_hand"])
def test_another_file_is_refused(shop, run, heading):
    before = state()

    _out, err = run(["tienda,B,2.00,MXN,3"], "--apply", heading=heading)

    assert "The file lacks columns." in err
    assert state() == before


def test_no_file_and_no_text_are_refused(shop, tmp_path):
    path = tmp_path / "erp.csv"
    path.write_bytes(b"store,sku,cost,currency,on_hand\ntienda,\xff\xfe,1,MXN,1\n")

    for name in (path, tmp_path / "none.csv"):
        with pytest.raises(CommandError):
            call_command("import_erp", str(name), "--apply", stdout=StringIO(), stderr=StringIO())

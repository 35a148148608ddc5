"""Files of strangers: what can be read is read as it was meant, what cannot is refused, and nothing is kept of it."""

import io
import re
import zipfile

import pytest
from openpyxl import load_workbook

from marketplace.core.spreadsheets import neutralised, restored
from stores.catalog.models import Product
from stores.catalog.tests.factories import VariantFactory
from stores.importing import errors, reading, services
from stores.importing.columns import NAMES
from stores.importing.exporting import write_workbook
from stores.importing.models import ImportRun
from stores.importing.selectors import offered_variants

from .files import counts, csv_file, opened, reasons, row, shelf, workbook

pytestmark = pytest.mark.django_db


def refused(content, name="catalogue.csv", **options):
    """The refusal; nothing is left of the file."""
    with pytest.raises(errors.ImportFileError) as caught:
        services.open_run(file=io.BytesIO(content), file_name=name, actor_id=None, **options)
    assert not ImportRun.objects.exists()
    assert not Product.objects.exists()
    return caught.value


@pytest.mark.parametrize(
    "text", ["=1+1", "'=1+1", "''x", "'x", "-5", "+52", "@a", "|x", "%x", "\tx", "\rx", "plain", "", "'"]
)
def test_neutralising_is_undone_exactly(text):
    assert restored(neutralised(text)) == text
    assert neutralised(text)[:1] not in set("=+-@|%\t\r")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_encodings_are_told_apart(encoding):
    shelf()

    run = opened(csv_file([row(1, name="Piñón año")], encoding))

    assert run.rows.get().values["name"] == "Piñón año"


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_are_seen(delimiter):
    shelf()
    text = csv_file([row(1)]).getvalue().decode().replace(",", delimiter)

    assert counts(opened(io.BytesIO(text.encode()))) == (1, 0, 0, 0)


def test_bytes_that_are_no_text_are_refused_with_their_line():
    head = csv_file([row(1)]).getvalue()

    assert refused(head + b"centro,\x81\x9d,x\n").params == {"line": 3}
    assert refused(head + b"a\x00b,x,x\n").code == "import_not_text"
    assert refused("store,product,sku\n".encode("utf-16")).code == "import_not_text"


def test_a_character_across_two_blocks_is_one_character(monkeypatch):
    monkeypatch.setattr("stores.importing.reading._BLOCK", 7)
    shelf()

    run = opened(csv_file([row(1, name="ñññññññññññññ€")]))

    assert run.rows.get().values["name"] == "ñññññññññññññ€"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "import_header"),
        (b"product,sku\nx,y\n", "import_header"),
        (b"store,product,sku,pirce\nx,y,z,1\n", "import_header"),
        (b"store,product,sku,sku\nx,y,z,1\n", "import_header"),
        (b'store,product,sku\n"x,y\n', "import_malformed"),
        (b"store,product,sku\nx,y," + b"z" * 10_000_000 + b"\n", "import_cell_too_large"),
    ],
)
def test_files_without_the_shape_are_refused(content, code):
    assert refused(content).code == code


def test_limits_of_bytes_and_rows(settings):
    settings.IMPORT_MAX_ROWS = 2
    assert refused(csv_file([row(1), row(2), row(3)]).getvalue()).code == "import_too_many_rows"
    settings.IMPORT_MAX_FILE_BYTES = 20
    assert refused(csv_file([row(1)]).getvalue()).code == "import_file_too_large"
    assert refused(b"x", "catalogue.pdf").code == "import_format"


def test_a_character_that_cannot_be_stored_is_an_error_of_its_row():
    shelf()
    cells = row(1, name="x_x0000_y")

    run = opened(workbook([list(cells), list(cells.values())]), "c.xlsx")

    assert reasons(run) == [(2, "name", "unreadable")]


@pytest.mark.parametrize("column", ["store", "product", "category", "sku"])
@pytest.mark.parametrize("odd", ["_x0000_", "_xD800_"])
def test_such_a_character_does_not_stop_the_reading_of_a_name(column, odd):
    shelf()
    cells = row(1, **{column: f"x{odd}"})

    run = opened(workbook([list(cells), list(cells.values())]), "c.xlsx")

    assert (run.state, run.error_count) == ("ready", 1)


def test_a_workbook_that_says_it_has_rows_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(reading, "MAX_RECORDS", 1_000)
    shelf()
    cells = row(1)
    sheet = io.BytesIO()
    with zipfile.ZipFile(workbook([list(cells), list(cells.values())])) as made, zipfile.ZipFile(sheet, "w") as odd:
        for name in made.namelist():
            odd.writestr(
                name, re.sub(rb' r="[A-F]?2"', b"", made.read(name).replace(b'<row r="2"', b'<row r="999999999"'))
            )

    assert refused(sheet.getvalue(), "c.xlsx").code == "import_too_many_rows"
    assert refused(csv_file([cells]).getvalue() + b"\n" * 2_000).code == "import_too_many_rows"


@pytest.mark.parametrize("odd", ["<a>" * 40 + "</a>" * 40, "<item>" + "<a/>" * 600 + "</item>"])
def test_a_feed_of_empty_elements_is_not_held_in_memory(odd):
    store, _category = shelf()

    assert refused(f"<rss>{odd}</rss>".encode(), "feed.xml", store=store).code == "import_malformed"


def test_numbers_and_truths_of_a_workbook_are_read_as_texts():
    shelf()
    names = [*row(1), "barcode", "published", "on_hand"]

    run = opened(
        workbook([names, ["centro", "plato", "Plato", "vajillas", 7, 349.5, 4006381333931, True, 3.0]]), "c.XLSX"
    )

    assert counts(run) == (1, 0, 0, 0)
    values = run.rows.get().values
    assert (values["sku"], values["price"], values["barcode"], values["published"], values["on_hand"]) == (
        "7",
        "349.5",
        "4006381333931",
        "true",
        "3",
    )


def bomb(size, name="xl/worksheets/sheet1.xml"):
    good = workbook([["store"]])
    file = io.BytesIO()
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.infolist():
            if member.filename != name:
                target.writestr(member, source.read(member))
        target.writestr(name, b"\x20" * size)
    return file.getvalue()


def test_workbooks_that_unpack_to_too_much_are_refused_before_they_are_unpacked():
    assert refused(bomb(30_000_000), "c.xlsx").code == "import_unpacks_too_large"
    assert refused(bomb(70_000_000, "xl/sharedStrings.xml"), "c.xlsx").code == "import_unpacks_too_large"


MAIN = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


def text_cells(*texts):
    cells = b"".join(b'<c t="inlineStr"><is><t>' + text + b"</t></is></c>" for text in texts)
    return b"<row>" + cells + b"</row>"


@pytest.mark.parametrize(
    ("sheet", "code"),
    [
        (
            b'<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
            + MAIN
            + text_cells(b"&b;")
            + b"</sheetData></worksheet>",
            "import_unsafe_xml",
        ),
        (b"<worksheet", "import_malformed"),
        (
            MAIN
            + text_cells(b"store", b"product", b"sku")
            + text_cells(b"x" * 10_000_000, b"y", b"z")
            + b"</sheetData></worksheet>",
            "import_cell_too_large",
        ),
    ],
    ids=["entities", "half", "10 MB in a cell"],
)
def test_workbooks_made_by_hand_are_refused(sheet, code):
    good = workbook([["store"]])
    file = io.BytesIO()
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(file, "w") as target:
        for member in source.infolist():
            target.writestr(member, sheet if member.filename.endswith("sheet1.xml") else source.read(member))

    assert refused(file.getvalue(), "c.xlsx").code == code


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"store,product,sku\n"])
def test_what_is_no_workbook_is_refused(content):
    assert refused(content, "c.xlsx").code == "import_malformed"


def test_a_workbook_we_write_holds_no_formula_and_is_read_back_exactly():
    awkward = '=HYPERLINK("x")\r\n\tdos _x000D_ tres\x0b \'end'
    VariantFactory.create(sku="007", product__description=awkward)
    file = io.BytesIO()

    write_workbook(offered_variants(), file)

    sheet = load_workbook(file).worksheets[0]
    assert {cell.data_type for line in sheet.iter_rows() for cell in line} <= {"s", "n", "inlineStr"}
    file.seek(0)
    run = opened(file, "c.xlsx")
    assert counts(run) == (0, 0, 1, 0)
    assert run.rows.get().values["description"] == awkward
    assert list(run.rows.get().values) == list(NAMES) or set(run.rows.get().values) == set(NAMES)

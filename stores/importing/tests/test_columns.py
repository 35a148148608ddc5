"""The columns: one description, and one way to write each value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core.spreadsheets import neutralised, restored
from marketplace.settings.env import BASE_DIR
from stores.importing.columns import BY_NAME, ValueRefusedError, amount_text
from stores.importing.documentation import column_table


def test_the_documentation_is_what_the_code_says():
    assert column_table() in (BASE_DIR / "docs" / "imports.md").read_text()


@given(st.text())
def test_neutralising_loses_nothing(text):
    assert restored(neutralised(text)) == text
    assert neutralised(text)[:1] not in {*"=+-@|%\t\r"}


@given(st.integers(min_value=1, max_value=10**13), st.sampled_from(["MXN", "JPY", "KWD"]))
def test_an_amount_is_read_as_it_was_written(minor, currency):
    text = amount_text(minor, currency)

    assert BY_NAME["price"].read(text, currency) == text


@pytest.mark.parametrize(
    ("column", "cell", "text"),
    [
        ("price", "349", "349.00"),
        ("price", " 349.5 ", "349.50"),
        ("cost", "0", "0.00"),
        ("published", "SÍ", "true"),
        ("active", "0", "false"),
        ("on_hand", "007", "7"),
        ("options", '{"b": "2", "a": "1"}', '{"a": "1", "b": "2"}'),
        ("options", "{}", ""),
        ("currency", "mxn", "MXN"),
    ],
)
def test_every_value_has_one_way_to_be_written(column, cell, text):
    assert BY_NAME[column].read(cell, "MXN") == text


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        *(("price", cell) for cell in ("-1", "1e3", "1,5", "1.005", "NaN", "0", "٣", "9" * 30)),
        *(("on_hand", cell) for cell in ("1.5", "-1", "1" * 12, "٣")),
        *(("options", cell) for cell in ("[]", "x", '{"a": null}', '{"": "x"}', "[" * 5000, '{"a": "\\u0000"}')),
        *(("barcode", cell) for cell in ("1234567", "4006381333932", "123456789", "x" * 13)),
        ("sku", "  "),
        ("sku", "x" * 65),
        ("name", "a\x00b"),
        ("name", "\ud800"),
        ("product", "á"),
        ("published", "maybe"),
    ],
)
def test_what_does_not_fit_is_refused(column, cell):
    with pytest.raises(ValueRefusedError):
        BY_NAME[column].read(cell, "MXN")


@pytest.mark.parametrize("digits", ["96385074", "036000291452", "4006381333931", "00012345600012"])
def test_check_digits_of_real_barcodes(digits):
    read = BY_NAME["barcode"].read
    assert read(f" {digits} ", "MXN") == digits
    with pytest.raises(ValueRefusedError) as refusal:
        read(digits[:-1] + str((int(digits[-1]) + 1) % 10), "MXN")
    assert refusal.value.code == "barcode_check"

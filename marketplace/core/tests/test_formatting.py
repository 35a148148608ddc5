"""Numbers, amounts and moments as people read them, per language."""

import importlib
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.test import override_settings
from django.utils import timezone, translation

from marketplace.core import formatting
from marketplace.core.errors import DomainError
from marketplace.core.http.problems import refusal_text
from marketplace.core.money import Money
from marketplace.formats.es import formats as spanish

pytestmark = pytest.mark.once

MOMENT = datetime(2026, 2, 3, 23, 30, tzinfo=UTC)


class LeftError(DomainError):
    code = "left"
    message = "Only %(left)s %(currency)s are left."


@pytest.mark.parametrize("language", ["en", "es"])
def test_both_languages_of_the_shop_set_thousands_apart_with_a_comma(language):
    with translation.override(language):
        assert formatting.shown_amount(Money(123_456_750, "MXN")) == "1,234,567.50 MXN"
        assert formatting.shown_amount(Money(-123_450, "MXN")) == "-1,234.50 MXN"
        assert formatting.shown_amount(Money(1_234_567, "JPY")) == "1,234,567 JPY"
        assert formatting.shown_amount(Money(1_234_567, "KWD")) == "1,234.567 KWD"
        assert formatting.shown_decimal(Money(5, "MXN")) == "0.05"
        assert formatting.shown_number(12_345) == "12,345"
        assert (formatting.shown_percent(750), formatting.shown_percent(1_600)) == ("7.5 %", "16 %")


@pytest.mark.parametrize(
    ("style", "decimals", "thousands"), [("point", ".", ","), ("comma", ",", ".")], ids=["point", "comma"]
)
def test_spanish_writes_numbers_as_the_shops_country_does(style, decimals, thousands):
    try:
        with override_settings(SPANISH_NUMBERS=style):
            module = importlib.reload(spanish)
        assert (decimals, thousands) == (module.DECIMAL_SEPARATOR, module.THOUSAND_SEPARATOR)
    finally:
        importlib.reload(spanish)


@pytest.mark.parametrize(
    ("language", "day", "moment"),
    [("en", "2026-02-03", "2026-02-03 17:30"), ("es", "03/02/2026", "03/02/2026 17:30")],
    ids=["en", "es"],
)
def test_days_and_moments_by_the_clock_that_is_switched_on(language, day, moment):
    with translation.override(language), timezone.override(ZoneInfo("America/Mexico_City")):
        assert formatting.shown_day(date(2026, 2, 3)) == day
        assert formatting.shown_moment(MOMENT) == moment
        assert formatting.shown_moment(MOMENT, UTC).endswith("23:30")


def test_values_of_a_sentence_are_written_by_what_they_are():
    with translation.override("es"):
        shown = formatting.shown_params(
            {
                "price": Money(150_000, "MXN"),
                "kept": {"amount": "1500.00", "currency": "MXN"},
                "text": "1500.00 MXN",
                "sku": "1500.00",
                "count": 1500,
                "name": "1500.00 XYZ",
                "on": date(2026, 2, 3),
            }
        )

    assert shown == {
        "price": "1,500.00 MXN",
        "kept": "1,500.00 MXN",
        "text": "1,500.00 MXN",
        "sku": "1500.00",  # nothing says that it is money
        "count": 1500,
        "name": "1500.00 XYZ",
        "on": "03/02/2026",
    }


def test_a_refusal_writes_the_amount_beside_its_currency_and_leaves_its_members_alone():
    error = LeftError(left="1234.50", currency="MXN")

    assert refusal_text(error) == "Only 1,234.50 MXN are left."
    assert error.params == {"left": "1234.50", "currency": "MXN"}


def test_numbers_of_any_kind():
    with translation.override("es"):
        assert formatting.shown_number(Decimal("1234.5"), 2) == "1,234.50"
        assert formatting.shown_number(1234.5, 1) == "1,234.5"

"""`benefits_json` against the published schema, and what a schema cannot say."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from promotions.campaigns.benefits import benefit_errors, benefits_schema, parse_benefits
from promotions.contracts import Benefit, BenefitKind

GOOD: list[dict[str, Any]] = [
    {"kind": "percentage", "basis_points": 1_500},
    {"kind": "amount", "amount": "50.00"},
    {"kind": "fixed_price", "price": "99.90"},
    {"kind": "free_shipping"},
    {"kind": "buy_x_get_y", "buy": 2, "get": 1},
    {"kind": "points_multiplier", "basis_points": 20_000},
]


def test_the_schema_is_one():
    Draft202012Validator.check_schema(benefits_schema())


def test_the_schema_knows_every_kind_prices_know():
    kinds = {branch["properties"]["kind"]["const"] for branch in benefits_schema()["items"]["oneOf"]}

    assert kinds == {kind.value for kind in BenefitKind}
    assert kinds == set(benefits_schema()["items"]["properties"]["kind"]["enum"])


def test_every_kind_is_parsed():
    assert benefit_errors(GOOD, scope="product", currency="MXN") == []
    assert parse_benefits(GOOD, "MXN") == (
        Benefit(BenefitKind.PERCENTAGE, basis_points=1_500),
        Benefit(BenefitKind.AMOUNT, minor=5_000),
        Benefit(BenefitKind.FIXED_PRICE, minor=9_990),
        Benefit(BenefitKind.FREE_SHIPPING),
        Benefit(BenefitKind.BUY_X_GET_Y, buy=2, get=1, basis_points=10_000),
        Benefit(BenefitKind.POINTS_MULTIPLIER, basis_points=20_000),
    )


def test_amounts_have_the_currencys_own_scale():
    assert parse_benefits([{"kind": "amount", "amount": "50"}], "JPY")[0].minor == 50
    assert parse_benefits([{"kind": "amount", "amount": "1.500"}], "KWD")[0].minor == 1_500


@pytest.mark.parametrize(
    ("benefits", "place"),
    [
        (None, "benefits_json"),
        ({}, "benefits_json"),
        ([], "benefits_json"),
        ("percentage", "benefits_json"),
        (["percentage"], "benefits_json[0]"),
        ([{}], "benefits_json[0]"),
        ([{"kind": "gift"}], "benefits_json[0].kind"),
        ([{"kind": "percentage"}], "benefits_json[0]"),
        ([{"kind": "percentage", "basis_points": 0}], "benefits_json[0].basis_points"),
        ([{"kind": "percentage", "basis_points": 10_001}], "benefits_json[0].basis_points"),
        ([{"kind": "percentage", "basis_points": -5}], "benefits_json[0].basis_points"),
        ([{"kind": "percentage", "basis_points": 1.5}], "benefits_json[0].basis_points"),
        ([{"kind": "percentage", "basis_points": "15"}], "benefits_json[0].basis_points"),
        ([{"kind": "percentage", "basis_points": True}], "benefits_json[0].basis_points"),
        ([{"kind": "percentage", "basis_points": 5, "more": 1}], "benefits_json[0]"),
        ([{"kind": "free_shipping"}, {"kind": "amount", "amount": "-1.00"}], "benefits_json[1].amount"),
        ([{"kind": "amount", "amount": 50}], "benefits_json[0].amount"),
        ([{"kind": "amount", "amount": "1e3"}], "benefits_json[0].amount"),
        ([{"kind": "amount", "amount": "５０"}], "benefits_json[0].amount"),
        ([{"kind": "fixed_price", "amount": "5.00"}], "benefits_json[0]"),
        ([{"kind": "buy_x_get_y", "buy": 0, "get": 1}], "benefits_json[0].buy"),
        ([{"kind": "buy_x_get_y", "buy": 2}], "benefits_json[0]"),
        ([{"kind": "points_multiplier", "basis_points": 10_000}], "benefits_json[0].basis_points"),
        ([{"kind": "free_shipping"}] * 7, "benefits_json"),
    ],
)
def test_what_breaks_the_schema_is_named_by_its_place(benefits, place):
    errors = benefit_errors(benefits, scope="product", currency="MXN")

    assert place in {error.field for error in errors}
    assert {error.code for error in errors} == {"schema"}
    assert all(error.field.startswith(place) for error in errors if "[" in place)


@pytest.mark.parametrize(
    ("benefits", "scope", "currency", "expected"),
    [
        ([{"kind": "fixed_price", "price": "5.00"}], "order", "MXN", ("benefits_json", "invalid")),
        ([{"kind": "buy_x_get_y", "buy": 2, "get": 1}], "order", "", ("benefits_json", "invalid")),
        ([{"kind": "amount", "amount": "5.00"}], "order", "", ("currency", "required")),
        ([{"kind": "amount", "amount": "5.005"}], "order", "MXN", ("benefits_json[0].amount", "invalid_amount")),
        ([{"kind": "amount", "amount": "5.5"}], "order", "JPY", ("benefits_json[0].amount", "invalid_amount")),
        ([{"kind": "amount", "amount": "0.00"}], "order", "MXN", ("benefits_json[0].amount", "not_positive")),
        ([{"kind": "percentage", "basis_points": 1}] * 2, "order", "", ("benefits_json", "duplicate")),
    ],
)
def test_what_a_schema_cannot_say_is_said(benefits, scope, currency, expected):
    [error] = benefit_errors(benefits, scope=scope, currency=currency)

    assert (error.field, error.code) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["kind", "basis_points", "amount", "price", "buy", "get"]) | st.text(max_size=4),
            inner | st.sampled_from(["percentage", "amount", "free_shipping", "5.00"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_anything_is_either_refused_or_parsed(benefits):
    errors = benefit_errors(benefits, scope="product", currency="MXN")

    if not errors:
        assert all(each.basis_points >= 0 and each.minor >= 0 for each in parse_benefits(benefits, "MXN"))

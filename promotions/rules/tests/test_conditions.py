"""Every reason why a rule does not apply, one by one and together."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core.ids import uuid7
from promotions.contracts import Buyer, PriceRule, RuleLimit
from promotions.rules.conditions import SENTENCES, refusals, rule_refusal_text
from promotions.rules.recurrence import local_day

# A Friday in Mexico, where it is six in the morning.
NOW = datetime(2026, 5, 15, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SEGMENT = uuid7()
RULE = PriceRule(rule_id=uuid7(), kind="campaign", version=3, name="R", benefits=(), currency="MXN")
ASKED: dict[str, Any] = {
    "buyer": Buyer(),
    "at": NOW,
    "ticket_minor": 50_000,
    "currency": "MXN",
    "has_coupon": False,
    "limit": None,
}


def codes(rule: PriceRule, **asked) -> list[str]:
    return [refused.code for refused in refusals(rule, **(ASKED | asked))]


@pytest.mark.parametrize(
    ("terms", "asked", "code"),
    [
        ({"starts_at": NOW + HOUR}, {}, "not_started"),
        ({"ends_at": NOW}, {}, "ended"),
        ({"weekdays": frozenset({1, 2})}, {}, "not_today"),
        ({"month_days": frozenset({16})}, {}, "not_today"),
        ({"weekdays": frozenset({5}), "month_days": frozenset({13})}, {}, "not_today"),
        ({"tiers": frozenset({"gold"})}, {"buyer": Buyer(tier="silver")}, "tier"),
        ({"tiers": frozenset({"gold"})}, {}, "tier"),
        ({"segment_ids": frozenset({SEGMENT})}, {"buyer": Buyer(segment_ids=frozenset({uuid7()}))}, "segment"),
        ({}, {"currency": "USD"}, "currency"),
        ({"min_ticket_minor": 50_001}, {}, "min_ticket"),
        ({"needs_coupon": True}, {}, "coupon_needed"),
        ({}, {"limit": RuleLimit(0, None)}, "used_up"),
        ({}, {"limit": RuleLimit(5, 0)}, "used_up_by_customer"),
    ],
)
def test_each_condition_has_its_code(terms, asked, code):
    assert codes(replace(RULE, **terms), **asked) == [code]


@pytest.mark.parametrize(
    ("terms", "asked"),
    [
        ({"starts_at": NOW, "ends_at": NOW + HOUR}, {}),
        ({"weekdays": frozenset({5}), "month_days": frozenset({15})}, {}),
        ({"tiers": frozenset({"gold", "silver"})}, {"buyer": Buyer(tier="silver")}),
        ({"segment_ids": frozenset({SEGMENT, uuid7()})}, {"buyer": Buyer(segment_ids=frozenset({SEGMENT}))}),
        ({"currency": ""}, {"currency": "USD"}),
        ({"min_ticket_minor": 50_000}, {}),
        ({"needs_coupon": True}, {"has_coupon": True}),
        ({}, {"limit": RuleLimit(1, 1)}),
        ({}, {"limit": RuleLimit(None, None)}),
    ],
)
def test_what_holds_is_not_refused(terms, asked):
    assert refusals(replace(RULE, **terms), **(ASKED | asked)) == ()


def test_every_failing_condition_is_named_and_says_what_is_missing():
    rule = replace(
        RULE,
        starts_at=NOW + HOUR,
        weekdays=frozenset({1}),
        tiers=frozenset({"gold"}),
        segment_ids=frozenset({SEGMENT}),
        min_ticket_minor=62_000,
        needs_coupon=True,
    )

    refused = refusals(rule, **(ASKED | {"limit": RuleLimit(0, 0)}))

    assert [each.code for each in refused] == [
        *("not_started", "not_today", "tier", "segment", "min_ticket", "coupon_needed", "used_up"),
        "used_up_by_customer",
    ]
    assert {each.code: dict(each.params) for each in refused if each.params} == {
        "min_ticket": {"missing": "120.00 MXN"}
    }
    assert {each.rule_id for each in refused} == {rule.rule_id}


def test_a_ticket_in_another_currency_is_not_compared_with_the_minimum():
    assert codes(replace(RULE, min_ticket_minor=90_000), currency="USD") == ["currency"]


@given(st.frozensets(st.integers(1, 7)), st.integers(0, 23))
def test_the_day_can_be_given_and_changes_nothing(weekdays, hour):
    at = NOW.replace(hour=hour)
    rule = replace(RULE, weekdays=weekdays)

    assert codes(rule, at=at) == codes(rule, at=at, day=local_day(at))


@pytest.mark.parametrize("code", SENTENCES)
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_code_has_a_sentence_in_both_languages(code, language):
    params = {"currency": {"currency": "MXN"}, "min_ticket": {"missing": "120.00 MXN"}}.get(code, {})

    with translation.override(language):
        text = rule_refusal_text(code, params)

    assert "%" not in text
    assert all(value in text for value in params.values())
    assert (text == SENTENCES[code] % params) == (language == "en")


def test_another_currency_is_named_in_the_refusal():
    (refused,) = refusals(RULE, **(ASKED | {"currency": "USD"}))

    assert dict(refused.params) == {"currency": "MXN"}
    assert rule_refusal_text(refused.code, refused.params) == "This promotion is for purchases in MXN."

"""The examples of docs/promotions.md hold: the benefits are valid, the tables are complete."""

import json
import re

import pytest

from marketplace.settings.env import BASE_DIR
from promotions.campaigns.benefits import benefit_errors, parse_benefits
from promotions.contracts import BenefitKind
from promotions.rules.conditions import SENTENCES

PAGE = (BASE_DIR / "docs" / "promotions.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```json benefits (\w+)\n(.*?)\n```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("scope", "text"), EXAMPLES)
def test_every_example_is_valid(scope, text):
    assert benefit_errors(json.loads(text), scope=scope, currency="MXN") == []


def test_every_kind_of_benefit_has_an_example():
    shown = {benefit.kind for _scope, text in EXAMPLES for benefit in parse_benefits(json.loads(text), "MXN")}

    assert shown == set(BenefitKind)


def test_every_reason_is_explained():
    rows = re.search(r"\| code \| meaning \|\n\|---\|---\|\n((?:\|.*\n)+)", PAGE)
    assert rows is not None
    first = [row.split("|")[1] for row in rows[1].splitlines()]

    assert set(re.findall(r"`(\w+)`", " ".join(first))) == set(SENTENCES)

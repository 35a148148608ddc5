"""docs/where-is-my-money.md is what the code does."""

import pytest

from .money_page import INTRODUCTION, PATH
from .money_scenarios import SCENARIOS
from .money_story import page


@pytest.mark.django_db
def test_the_page_is_what_the_code_does():
    assert PATH.read_text(encoding="utf-8") == page(INTRODUCTION, SCENARIOS), "python -m funds.tests.money_page"

"""Rank and group of a rule: the last value that is allowed, and the first that is not."""

import pytest

from promotions.rules.stacking import stacking_errors


def fields(*, priority: int = 0, is_exclusive: bool = False, stack_group: str = "") -> list[str]:
    return [
        each.field for each in stacking_errors(priority=priority, is_exclusive=is_exclusive, stack_group=stack_group)
    ]


@pytest.mark.parametrize("terms", [{"priority": 1_000}, {"priority": -1_000}, {"stack_group": "a" * 40}])
def test_the_last_value_is_allowed(terms):
    assert fields(**terms) == []


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"priority": 1_001}, "priority"),
        ({"priority": -1_001}, "priority"),
        ({"stack_group": "a" * 41}, "stack_group"),
        ({"stack_group": "Summer"}, "stack_group"),
        ({"stack_group": "summer", "is_exclusive": True}, "stack_group"),
    ],
)
def test_the_next_is_not(terms, field):
    assert fields(**terms) == [field]

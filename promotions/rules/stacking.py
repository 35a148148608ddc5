"""How a rule stands beside others: its rank, whether it goes alone, whom it goes with."""

import re
from collections.abc import Iterator
from typing import Final

from marketplace.core.errors import FieldError, gettext_noop

MAX_PRIORITY: Final = 1_000
GROUP_LENGTH: Final = 40
GROUP_PATTERN: Final = r"[a-z0-9-]*"
_GROUP = re.compile(GROUP_PATTERN, re.ASCII)


def stacking_errors(*, priority: int, is_exclusive: bool, stack_group: str) -> Iterator[FieldError]:
    """What is wrong with these three, by field."""
    if abs(priority) > MAX_PRIORITY:
        yield FieldError("priority", "invalid", gettext_noop("Give a priority from -1,000 to 1,000."))
    if len(stack_group) > GROUP_LENGTH or not _GROUP.fullmatch(stack_group):
        detail = gettext_noop("A group is written in small letters, digits and hyphens, 40 at most.")
        yield FieldError("stack_group", "invalid", detail)
    if is_exclusive and stack_group:
        detail = gettext_noop("An exclusive promotion applies alone; it belongs to no group.")
        yield FieldError("stack_group", "invalid", detail)

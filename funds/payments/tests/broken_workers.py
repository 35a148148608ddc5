"""Controls of the crash tests: workers with a planted mistake, killed once the provider has answered.

    python -m funds.payments.tests.broken_workers MISTAKE TASK_ID
"""

import sys
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID, uuid4

import django
from django.db import transaction

from .crash_points import answered, die


def uncommitted_claim(task_id: UUID) -> None:
    """The claim, the call and the answer in one transaction."""
    from funds.payments import work  # noqa: PLC0415

    work.in_transaction = lambda: False  # type: ignore[assignment]
    with transaction.atomic():
        work.run_task(task_id=task_id)


def other_key(task_id: UUID) -> None:
    """A key of its own for every attempt."""
    from funds.payments import work  # noqa: PLC0415

    def random_key(*_content: Any) -> UUID:
        return uuid4()

    work.uuid5 = random_key  # type: ignore[assignment]
    work.run_task(task_id=task_id)


MISTAKES: Final[dict[str, Callable[[UUID], None]]] = {
    "uncommitted_claim": uncommitted_claim,
    "other_key": other_key,
}


def main() -> None:
    """In the child of a test."""
    mistake, task_id = sys.argv[1:3]
    django.setup()
    answered(die)
    MISTAKES[mistake](UUID(task_id))


if __name__ == "__main__":
    main()

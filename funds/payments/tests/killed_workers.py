"""Workers that are killed: reads `{"point", "task", "api_url"}` by the line, forks one for each.

    python -m funds.payments.tests.killed_workers

Set up once, so that a kill costs milliseconds. Answers each line with the child's return code (-9: killed as planned).
A mistake may be named instead of a point: a control, a worker that is wrong in a known way and is killed once the
provider has answered.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID, uuid4

import django
from django.conf import settings
from django.db import transaction

from .crash_points import POINTS, Plant, answered, die


def run_door(task_id: UUID) -> None:
    """As a message does."""
    from funds.payments import tasks  # noqa: PLC0415 - Django is set up by now

    tasks.run_payment_task.apply(args=(str(task_id),), throw=True)


def uncommitted_claim(task_id: UUID) -> None:
    """The claim, the call and the answer in one transaction."""
    from funds.payments import work  # noqa: PLC0415

    setattr(work, "in_transaction", bool)  # noqa: B010 - says no
    with transaction.atomic():
        work.run_task(task_id=task_id)


def other_key(task_id: UUID) -> None:
    """A key of its own for every attempt."""
    from funds.payments import work  # noqa: PLC0415

    def random_key(*_content: Any) -> UUID:
        return uuid4()

    setattr(work, "uuid5", random_key)  # noqa: B010 - not a name of the module's own
    work.run_task(task_id=task_id)


PLANTS: Final[dict[str, Plant]] = {plant.__name__: plant for plants in POINTS.values() for plant in plants}
MISTAKES: Final[dict[str, Callable[[UUID], None]]] = {"uncommitted_claim": uncommitted_claim, "other_key": other_key}


def work_and_die(order: dict[str, str]) -> None:
    """In the fork."""
    settings.MERCADOPAGO_API_URL = order["api_url"]
    PLANTS.get(order["point"], answered)(die)
    MISTAKES.get(order["point"], run_door)(UUID(order["task"]))


def main() -> None:
    """Until the input ends."""
    django.setup()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                work_and_die(json.loads(line))
            finally:
                os._exit(1)
        _pid, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - its answer


if __name__ == "__main__":
    main()

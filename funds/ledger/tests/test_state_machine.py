"""Random histories beside their model (`history`): short ones by Hypothesis, which shrinks what fails, and long ones.

Hypothesis gives a test only so much entropy and cuts or drops what needs more, so a history of thousands of steps is
not for it. Long ones are a seeded walk over the same steps; a failure names its seed, step and choice. Steps that found
nothing to do are not counted. `make proof` walks 20 × 10,000.
"""

import os
import random

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from .history import History

STEPS = int(os.environ.get("LEDGER_STEPS", "1000"))
HISTORIES = int(os.environ.get("LEDGER_HISTORIES", "2"))
SEED = int(os.environ.get("LEDGER_SEED", "1"))
EXAMINED_EVERY = 500
NUMBER = st.integers(0, 999)


class ShortHistories(RuleBasedStateMachine):
    """One history is undone as a test is."""

    def __init__(self) -> None:
        super().__init__()
        # Each call inside stays a transaction of its own to the lock order, as below Django's TestCase.
        self.outer = transaction.atomic()
        self.outer._from_testcase = True  # type: ignore[attr-defined]
        self.outer.__enter__()
        self.history = History()

    @rule(
        action=st.sampled_from(sorted(set(History.ACTIONS))),
        numbers=st.tuples(NUMBER, NUMBER, NUMBER, NUMBER, NUMBER),
    )
    def step(self, action: str, numbers: tuple[int, int, int, int, int]) -> None:
        self.history.step(action, numbers)

    def teardown(self) -> None:
        try:
            self.history.examine()
        finally:
            transaction.set_rollback(True)
            self.outer.__exit__(None, None, None)


@pytest.mark.slow
def test_short_histories_keep_the_books():
    run_state_machine_as_test(
        ShortHistories,
        settings=settings(
            max_examples=8,
            stateful_step_count=30,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


# They examine themselves, by the ledger's rules alone.
# Really committed: within one transaction PostgreSQL keeps every version of the few rows in all this.
@pytest.mark.slow
@pytest.mark.breaks_books
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(SEED, SEED + HISTORIES))
def test_long_histories_keep_the_books(seed):
    history = History()
    rng = random.Random(seed)
    chosen = ""

    try:
        while history.steps < STEPS:
            action = rng.choice(History.ACTIONS)
            numbers = tuple(rng.randrange(1000) for _ in range(5))
            chosen = f"{action}{numbers}"
            if history.step(action, numbers) and history.steps % EXAMINED_EVERY == 0:  # type: ignore[arg-type]
                history.examine()
        history.examine()
    except BaseException as failure:
        failure.add_note(f"seed {seed}, after {history.steps} steps, at {chosen}")
        raise

    assert history.steps == STEPS

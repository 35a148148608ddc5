"""Random histories beside their model (`history`): short ones by Hypothesis, which shrinks what fails, and long ones.

Long ones are a seeded walk over the same steps, as in the ledger's test; a failure names its seed, step and choice.
`make proof` walks 20.
"""

import os
import random

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from .history import History

STEPS = int(os.environ.get("STOCK_STEPS", "300"))
HISTORIES = int(os.environ.get("STOCK_HISTORIES", "2"))
SEED = int(os.environ.get("STOCK_SEED", "1"))
EXAMINED_EVERY = 100
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
        numbers=st.tuples(NUMBER, NUMBER, NUMBER, NUMBER),
    )
    def step(self, action: str, numbers: tuple[int, int, int, int]) -> None:
        self.history.step(action, numbers)

    def teardown(self) -> None:
        try:
            self.history.examine()
        finally:
            transaction.set_rollback(True)
            self.outer.__exit__(None, None, None)


@pytest.mark.slow
@pytest.mark.django_db
def test_short_histories_keep_the_shelves():
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


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(SEED, SEED + HISTORIES))
def test_long_histories_keep_the_shelves(seed):
    history = History()
    rng = random.Random(seed)
    chosen = ""

    try:
        while history.steps < STEPS:
            action = rng.choice(History.ACTIONS)
            numbers = (rng.randrange(1000), rng.randrange(1000), rng.randrange(1000), rng.randrange(1000))
            chosen = f"{action}{numbers}"
            if history.step(action, numbers) and history.steps % EXAMINED_EVERY == 0:
                history.examine()
        history.examine()
    except BaseException as failure:
        failure.add_note(f"seed {seed}, after {history.steps} steps, at {chosen}")
        raise

    assert history.steps == STEPS

"""Random histories of something and its model: short ones by Hypothesis, which shrinks what fails, and long walks.

Hypothesis gives a test only so much entropy and cuts or drops what needs more, so a history of thousands of steps is
not for it: a long one is a seeded walk over the same steps.
"""

import random
from typing import Any, ClassVar, Protocol

from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

MOST = 1000
"""Each step is given numbers below it, to choose by."""


class History(Protocol):
    """What really happened beside what should have."""

    ACTIONS: ClassVar[tuple[str, ...]]
    """Names of the steps, as often as they are to be likely."""
    steps: int
    """Those that found something to do."""

    def step(self, action: str, numbers: Any, /) -> bool:
        """Take one; whether there was something to do."""

    def examine(self) -> None:
        """Assert that all is as in the model."""


def run_short_histories(kind: type[History], *, numbers: int) -> None:
    """Eight histories of thirty steps, each undone as a test is; the simplest that fails is shown."""

    class Short(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            # Each call inside stays a transaction of its own to the lock order, as below Django's TestCase.
            self.outer = transaction.atomic()
            self.outer._from_testcase = True  # type: ignore[attr-defined]
            self.outer.__enter__()
            self.history = kind()

        @rule(
            action=st.sampled_from(sorted(set(kind.ACTIONS))),
            numbers=st.tuples(*[st.integers(0, MOST - 1)] * numbers),
        )
        def step(self, action: str, numbers: tuple[int, ...]) -> None:
            self.history.step(action, numbers)

        def teardown(self) -> None:
            try:
                self.history.examine()
            finally:
                transaction.set_rollback(True)
                self.outer.__exit__(None, None, None)

    run_state_machine_as_test(
        Short,
        settings=settings(
            max_examples=8,
            stateful_step_count=30,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def walk(history: History, *, seed: int, steps: int, examined_every: int, numbers: int) -> None:
    """Take so many steps; a failure names its seed, step and choice. Steps without anything to do are not counted."""
    rng = random.Random(seed)
    chosen = ""
    try:
        while history.steps < steps:
            action = rng.choice(history.ACTIONS)
            drawn = tuple(rng.randrange(MOST) for _ in range(numbers))
            chosen = f"{action}{drawn}"
            if history.step(action, drawn) and history.steps % examined_every == 0:
                history.examine()
        history.examine()
    except BaseException as failure:
        failure.add_note(f"seed {seed}, after {history.steps} steps, at {chosen}")
        raise

"""Random histories of the ledger beside their model (`history`). A failure names its seed, step and choice.

`make proof` walks 20 × 10,000.
"""

import os

import pytest

from marketplace.core.tests.histories import run_short_histories, walk

from .history import History

STEPS = int(os.environ.get("LEDGER_STEPS", "1000"))
HISTORIES = int(os.environ.get("LEDGER_HISTORIES", "1"))
SEED = int(os.environ.get("LEDGER_SEED", "1"))


@pytest.mark.slow
def test_short_histories_keep_the_books():
    run_short_histories(History, numbers=5)


# They examine themselves, by the ledger's rules alone.
# Really committed: within one transaction PostgreSQL keeps every version of the few rows in all this.
@pytest.mark.slow
@pytest.mark.breaks_books
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(SEED, SEED + HISTORIES))
def test_long_histories_keep_the_books(seed):
    history = History()

    walk(history, seed=seed, steps=STEPS, examined_every=500, numbers=5)

    assert history.steps == STEPS

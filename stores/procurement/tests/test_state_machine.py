"""Random histories of movements, reservations and purchase orders beside their model (`history`).

A failure names its seed, step and choice. `make proof` walks 20 × 1,000.
"""

import os

import pytest

from marketplace.core.tests.histories import run_short_histories, walk

from .history import History

STEPS = int(os.environ.get("STOCK_STEPS", "300"))
HISTORIES = int(os.environ.get("STOCK_HISTORIES", "1"))
SEED = int(os.environ.get("STOCK_SEED", "1"))


@pytest.mark.slow
@pytest.mark.django_db
def test_short_histories_keep_the_shelves():
    run_short_histories(History, numbers=4)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(SEED, SEED + HISTORIES))
def test_long_histories_keep_the_shelves(seed):
    history = History()

    walk(history, seed=seed, steps=STEPS, examined_every=100, numbers=4)

    assert history.steps == STEPS

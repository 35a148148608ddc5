"""Random histories of a shop (`history`): shelves and books are what the orders say, after each step.

A failure names its seed, step and choice. `make proof` walks 20 × 300.
"""

import os

import pytest

from marketplace.core.tests.histories import run_short_histories, walk

from .history import History

STEPS = int(os.environ.get("SHOP_STEPS", "120"))
HISTORIES = int(os.environ.get("SHOP_HISTORIES", "1"))
SEED = int(os.environ.get("SHOP_SEED", "1"))


@pytest.mark.slow
@pytest.mark.django_db
def test_short_histories_keep_shelves_and_books():
    run_short_histories(History, numbers=4)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(SEED, SEED + HISTORIES))
def test_long_histories_keep_shelves_and_books(seed):
    history = History()

    walk(history, seed=seed, steps=STEPS, examined_every=20, numbers=4)

    assert history.steps == STEPS

"""The experiments that run, kept in this process.

The copy is used without a question for a second; then the shared cache's word is compared, which whoever starts or
stops an experiment changes after commit. Another word, or half a minute, and the rows are read again: two queries. A
copy that is late harms nobody: it serves a way that stopped a moment ago, and `recording` leaves such exposures out.
"""

import time
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from django.core.cache import cache
from django.db import transaction

from marketplace.core.ids import uuid7

from .models import Experiment
from .splitting import Split, split_of
from .values import AssignedVariant

VERSION_KEY: Final = "promotions.experiments.version"
GLANCE_SECONDS: Final = 1.0
REREAD_SECONDS: Final = 30.0
"""Read again in any case: a word can be lost, with its writer or with the cache."""


class RunningExperiment(NamedTuple):
    """What serving needs of one."""

    knob: str
    started_at: datetime
    ends_at: datetime | None
    split: Split
    ways: dict[UUID, AssignedVariant]

    def is_on(self, at: datetime) -> bool:
        """Whether it runs at that moment; nobody needs to have stopped one whose end has passed."""
        return self.started_at <= at and (self.ends_at is None or at < self.ends_at)


class _Copy(NamedTuple):
    experiments: tuple[RunningExperiment, ...]
    word: str
    glanced_at: float
    read_at: float


class _Keeper:
    def __init__(self) -> None:
        # Replaced as a whole: readers need no lock, and two who read at once read the same.
        self._copy: _Copy | None = None

    def experiments(self) -> tuple[RunningExperiment, ...]:
        copy, now = self._copy, time.monotonic()
        if copy is None or now - copy.glanced_at >= GLANCE_SECONDS:
            # The word first: what changes behind it is another word, and read the next time.
            word = str(cache.get(VERSION_KEY, ""))
            if copy is not None and copy.word == word and now - copy.read_at < REREAD_SECONDS:
                copy = copy._replace(glanced_at=now)
            else:
                copy = _Copy(_read(), word, now, now)
            self._copy = copy
        return copy.experiments

    def forget(self) -> None:
        self._copy = None


_keeper = _Keeper()


def running_experiments() -> tuple[RunningExperiment, ...]:
    """Those that run, in the order of their ids; one at most for each knob."""
    return _keeper.experiments()


def forget_running() -> None:
    """Read anew at the next use, in this process."""
    _keeper.forget()


def tell_change() -> None:
    """An experiment was started or stopped: every process reads anew, once this transaction is through."""
    forget_running()
    transaction.on_commit(_spread)


def _spread() -> None:
    forget_running()
    cache.set(VERSION_KEY, uuid7().hex, None)


def _read() -> tuple[RunningExperiment, ...]:
    rows = Experiment.objects.filter(state=Experiment.State.RUNNING).order_by("pk").prefetch_related("variants")
    return tuple(_running(experiment) for experiment in rows)


def _running(experiment: Experiment) -> RunningExperiment:
    ways = {
        variant.pk: AssignedVariant(variant.pk, experiment.pk, experiment.knob, variant.value, variant.key)
        for variant in experiment.variants.all()
    }
    # The constraint: what is no draft has started.
    started_at: datetime = experiment.started_at  # type: ignore[assignment]
    return RunningExperiment(experiment.knob, started_at, experiment.ends_at, split_of(experiment), ways)

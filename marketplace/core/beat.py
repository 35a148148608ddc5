"""Beat's scheduler: the schedule in the database, and a clock that may have been wrong."""

from datetime import datetime
from typing import Any

from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry


class Entry(ModelEntry):
    """A periodic job. A last run in the future, left by a clock that was ahead, is taken for one of this moment.

    Without this, beat would run nothing until its clock has come to where the wrong one was.
    """

    last_run_at: datetime

    def is_due(self) -> Any:
        """Whether to run now, and in how many seconds to look again."""
        self.last_run_at = min(self.last_run_at, self._default_now())
        return super().is_due()


class Scheduler(DatabaseScheduler):
    """The one that CELERY_BEAT_SCHEDULER names; the embedded layout runs it in a thread."""

    Entry = Entry

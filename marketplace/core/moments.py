"""Exact moments: things that must happen when the clock says so, not up to a minute later.

A context registers a function that asks one indexed query "is anything due?" and acts on it. The relay calls each
once a second; beat's sweep behind it calls the same functions. They must be harmless twice.
"""

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError

from .locking import is_lock_timeout

logger = logging.getLogger(__name__)

_MOMENTS: dict[str, Callable[[], object]] = {}


def register(name: str, run: Callable[[], object]) -> None:
    """Called in an app's `ready()`."""
    _MOMENTS[name] = run


def run_due_moments() -> None:
    """Ask everybody; one that fails does not keep the others waiting.

    Only a lost database is passed on: nobody else would get an answer either.
    """
    for name, run in _MOMENTS.items():
        try:
            run()
        except Exception as error:
            if isinstance(error, InterfaceError | OperationalError) and not is_lock_timeout(error):
                raise
            logger.exception("moment failed", extra={"moment": name})

"""Statements that may take so long and no longer: for figures that are nice to have."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

_CANCELLED = "57014"


class TooSlowError(Exception):
    """The database was told to stop. Nothing of the block has happened."""


@contextmanager
def patience(milliseconds: int) -> Iterator[None]:
    """Each statement of the block is cancelled past that time. Raises `TooSlowError`. SQLite is waited for."""
    if connection.vendor != "postgresql":
        yield
        return
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout')")
            [usual] = cursor.fetchone()
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(milliseconds)])
            yield
            # The caller's transaction goes on with its own; a roll-back brings it back by itself.
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [usual])
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) != _CANCELLED:
            raise
        raise TooSlowError from error

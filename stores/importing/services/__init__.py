"""Writes of imports, by topic."""

from .applying import apply_chunk
from .runs import confirm_run, discard_run, fail_run, open_run
from .staging import Staging

__all__ = ["Staging", "apply_chunk", "confirm_run", "discard_run", "fail_run", "open_run"]

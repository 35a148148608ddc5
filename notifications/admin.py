"""Admin pages of the context, by slice."""

from .delivery import admin as delivery
from .inbox import admin as inbox

__all__ = ["delivery", "inbox"]

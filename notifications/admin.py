"""Admin pages of the context, by slice."""

from .audiences import admin as audiences
from .broadcasts import admin as broadcasts
from .delivery import admin as delivery
from .inbox import admin as inbox

__all__ = ["audiences", "broadcasts", "delivery", "inbox"]

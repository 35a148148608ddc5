"""Back office of automatic purchases: the queue of other shops, and what plans did."""

from . import plans as _plans
from . import tickets as _tickets

__all__ = ["_plans", "_tickets"]

"""Django looks for admin pages here; they live in the slices."""

from .orders import admin as _orders

__all__ = ["_orders"]

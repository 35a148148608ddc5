"""The desk's pages."""

from . import orders, returns

__all__ = ["orders", "returns"]

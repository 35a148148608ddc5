"""The catalogue in the back office."""

from .products import ProductAdmin
from .shelves import BrandAdmin, CategoryAdmin
from .variants import VariantAdmin

__all__ = ["BrandAdmin", "CategoryAdmin", "ProductAdmin", "VariantAdmin"]

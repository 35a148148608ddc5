"""HTTP of the catalogue, by resource."""

from .brands import BrandViewSet
from .categories import CategoryViewSet
from .images import ImageViewSet
from .products import ProductViewSet
from .variants import VariantViewSet

__all__ = ["BrandViewSet", "CategoryViewSet", "ImageViewSet", "ProductViewSet", "VariantViewSet"]

"""Routes of the context below `/api/v1/`. Included a second time for the paths without a version."""

from django.urls import path
from rest_framework.routers import DefaultRouter

from .catalog.api import BrandViewSet, CategoryViewSet, ProductViewSet, VariantViewSet
from .importing.api import ExportViewSet, ImportViewSet, feed_csv_view, feed_xml_view
from .inventory.api import MovementViewSet, StockViewSet
from .merchants.api import MemberViewSet, StoreViewSet

router = DefaultRouter(use_regex_path=False)
router.include_root_view = False
router.include_format_suffixes = False
router.register("market/stores", StoreViewSet, "store")
router.register("market/stores/<uuid:store_id>/members", MemberViewSet, "store-member")
router.register("market/brands", BrandViewSet, "brand")
router.register("market/categories", CategoryViewSet, "category")
router.register("market/products", ProductViewSet, "product")
router.register("market/products/<uuid:product_id>/variants", VariantViewSet, "variant")
router.register("market/products/export", ExportViewSet, "product-export")
router.register("market/imports", ImportViewSet, "import")
router.register("inventory/stock", StockViewSet, "stock")
router.register("inventory/movements", MovementViewSet, "stock-movement")

urlpatterns = [
    *router.urls,
    path("market/feeds/products.csv", feed_csv_view, name="product-feed-csv"),
    path("market/feeds/products.xml", feed_xml_view, name="product-feed-xml"),
]

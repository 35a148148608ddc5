"""Routes of the context below `/api/v1/`. Included a second time for the paths without a version."""

from django.urls import path
from rest_framework.routers import DefaultRouter

from .catalog.api import BrandViewSet, CategoryViewSet, ImageViewSet, ProductViewSet, VariantViewSet
from .importing.api import ExportViewSet, ImportViewSet, feed_csv_view, feed_xml_view
from .inventory.api import MovementViewSet, StockViewSet
from .merchants.api import MemberViewSet, StoreViewSet
from .procurement.api import PurchaseOrderViewSet, ReplenishmentViewSet, SupplierPriceViewSet, SupplierViewSet
from .questions.api import ProductQuestionAliasViewSet, ProductQuestionViewSet, QuestionViewSet

router = DefaultRouter(use_regex_path=False)
router.include_root_view = False
router.include_format_suffixes = False
router.register("market/stores", StoreViewSet, "store")
router.register("market/stores/<uuid:store_id>/members", MemberViewSet, "store-member")
router.register("market/brands", BrandViewSet, "brand")
router.register("market/categories", CategoryViewSet, "category")
router.register("market/products", ProductViewSet, "product")
router.register("market/products/<uuid:product_id>/variants", VariantViewSet, "variant")
router.register("market/products/<uuid:product_id>/images", ImageViewSet, "product-image")
router.register("market/products/<uuid:product_id>/questions", ProductQuestionViewSet, "product-question")
router.register("market/questions", QuestionViewSet, "question")
router.register("products/<uuid:product_id>/questions", ProductQuestionAliasViewSet, "product-question-alias")
router.register("market/products/export", ExportViewSet, "product-export")
router.register("market/imports", ImportViewSet, "import")
router.register("inventory/stock", StockViewSet, "stock")
router.register("inventory/movements", MovementViewSet, "stock-movement")
router.register("inventory/replenishment", ReplenishmentViewSet, "replenishment")
router.register("procurement/suppliers", SupplierViewSet, "supplier")
router.register("procurement/suppliers/<uuid:supplier_id>/prices", SupplierPriceViewSet, "supplier-price")
router.register("procurement/purchase-orders", PurchaseOrderViewSet, "purchase-order")

urlpatterns = [
    *router.urls,
    path("market/feeds/products.csv", feed_csv_view, name="product-feed-csv"),
    path("market/feeds/products.xml", feed_xml_view, name="product-feed-xml"),
]

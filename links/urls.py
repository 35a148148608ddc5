"""Routes of the context below `/api/v1/`."""

from django.urls import path
from rest_framework.routers import DefaultRouter

from .alerts.api import PriceAlertViewSet
from .gift_lists.api.contributions import ContributionViewSet
from .gift_lists.api.gifts import GiftViewSet
from .gift_lists.api.lists import EditorViewSet, GiftListViewSet
from .gift_lists.api.shared import ClaimViewSet, SharedListViewSet
from .product_links.api import ProductLinkViewSet

router = DefaultRouter(use_regex_path=False)
router.include_root_view = False
router.include_format_suffixes = False
router.register("product-links", ProductLinkViewSet, "product-link")
router.register("price-alerts", PriceAlertViewSet, "price-alert")
router.register("gift-lists", GiftListViewSet, "gift-list")
router.register("gift-lists/<uuid:gift_list_id>/editors", EditorViewSet, "gift-list-editor")
router.register("gifts", GiftViewSet, "gift")
router.register("funds/contributions", ContributionViewSet, "contribution")

urlpatterns = [
    path("gift-lists/shared/<str:token>/", SharedListViewSet.as_view({"get": "retrieve"}), name="shared-gift-list"),
    path(
        "gift-lists/shared/<str:token>/gifts/<uuid:gift_id>/claim/",
        ClaimViewSet.as_view({"post": "create", "delete": "destroy"}),
        name="gift-claim",
    ),
    *router.urls,
]

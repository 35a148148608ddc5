"""Routes of the context below `/api/v1/`."""

from django.urls import URLPattern, URLResolver, include, path
from rest_framework.routers import SimpleRouter

from .book.api import PromotionViewSet
from .campaigns.api.campaigns import CampaignViewSet
from .discounts.api import DiscountViewSet
from .flash.api.promos import FlashPromoViewSet
from .flash.api.reservations import ReservationViewSet
from .flash.api.waitlist import WaitlistViewSet

router = SimpleRouter()
router.register("flash-promos", FlashPromoViewSet, basename="flash-promo")
router.register("promo-reservations", ReservationViewSet, basename="promo-reservation")

# Viewsets whose ids are converted before they see them.
typed_router = SimpleRouter(use_regex_path=False)
typed_router.register("promotions/discounts", DiscountViewSet, basename="discount")
typed_router.register("admin/promotions", CampaignViewSet, basename="campaign")

urlpatterns: list[URLPattern | URLResolver] = [
    path("promotions/active/", PromotionViewSet.as_view({"get": "active"}), name="promotion-active"),
    path(
        "promotions/<uuid:pk>/eligibility/",
        PromotionViewSet.as_view({"get": "eligibility"}),
        name="promotion-eligibility",
    ),
    path(
        "promotions/flash-promos/<uuid:pk>/waitlist/",
        WaitlistViewSet.as_view({"get": "retrieve", "post": "create", "delete": "destroy"}),
        name="flash-promo-waitlist",
    ),
    path("promotions/", include(router.urls)),
    path("", include(typed_router.urls)),
]

"""Routes of the context below `/api/v1/`."""

from django.urls import URLPattern, URLResolver, include, path
from rest_framework.routers import SimpleRouter

from .book.api import PromotionViewSet
from .campaigns.api.campaigns import CampaignViewSet
from .discounts.api import DiscountViewSet
from .engagement.api import EventViewSet
from .experiments.api.experiments import ExperimentViewSet
from .exposure.api.mixes import ExposureViewSet
from .exposure.api.pins import PinViewSet
from .flash.api.promos import FlashPromoViewSet
from .flash.api.reservations import ReservationViewSet
from .flash.api.waitlist import WaitlistViewSet
from .loyalty.api.programme import (
    LevelViewSet,
    ProfileViewSet,
    RedemptionViewSet,
    RewardViewSet,
    StatementViewSet,
)
from .scoring.api import ScoringRunViewSet, ScoringViewSet

router = SimpleRouter()
router.register("flash-promos", FlashPromoViewSet, basename="flash-promo")
router.register("promo-reservations", ReservationViewSet, basename="promo-reservation")

# Viewsets whose ids are converted before they see them.
typed_router = SimpleRouter(use_regex_path=False)
typed_router.register("promotions/discounts", DiscountViewSet, basename="discount")
typed_router.register("admin/promotions", CampaignViewSet, basename="campaign")
typed_router.register("admin/exposure/pins", PinViewSet, basename="exposure-pin")
typed_router.register("admin/experiments", ExperimentViewSet, basename="experiment")

urlpatterns: list[URLPattern | URLResolver] = [
    path("exposure/", ExposureViewSet.as_view({"get": "show"}), name="exposure"),
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
    path("internal/scoring/run/", ScoringRunViewSet.as_view({"post": "run"}), name="scoring-run"),
    path("internal/scoring/rankings/", ScoringViewSet.as_view({"get": "rankings"}), name="scoring-rankings"),
    path("events/", EventViewSet.as_view({"post": "create"}), name="event"),
    path("events/batch/", EventViewSet.as_view({"post": "batch"}), name="event-batch"),
    path("promotions/", include(router.urls)),
    path("loyalty/profile/", ProfileViewSet.as_view({"get": "retrieve"}), name="loyalty-profile"),
    path("loyalty/statement/", StatementViewSet.as_view({"get": "list"}), name="loyalty-statement"),
    path("loyalty/levels/", LevelViewSet.as_view({"get": "list"}), name="loyalty-levels"),
    path("loyalty/rewards/", RewardViewSet.as_view({"get": "list"}), name="loyalty-rewards"),
    path("loyalty/redeem/", RedemptionViewSet.as_view({"post": "create"}), name="loyalty-redeem"),
    path("loyalty/redemptions/", RedemptionViewSet.as_view({"get": "list"}), name="loyalty-redemptions"),
    path("", include(typed_router.urls)),
]

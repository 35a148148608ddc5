"""Routes of the context below `/api/v1/`."""

from django.urls import URLPattern, URLResolver, include, path
from rest_framework.routers import SimpleRouter

from .flash.api.promos import FlashPromoViewSet
from .flash.api.reservations import ReservationViewSet

router = SimpleRouter()
router.register("flash-promos", FlashPromoViewSet, basename="flash-promo")
router.register("promo-reservations", ReservationViewSet, basename="promo-reservation")

urlpatterns: list[URLPattern | URLResolver] = [path("promotions/", include(router.urls))]

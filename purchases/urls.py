"""Routes of the context below `/api/v1/`."""

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from .flash_sales.api import CompleteReservationView
from .orders.api import OrderViewSet

router = SimpleRouter(use_regex_path=False)
router.register("orders", OrderViewSet, basename="order")

urlpatterns: list[URLPattern | URLResolver] = [
    # Below the promotions' path, for the customer's sake; the sale itself is ours.
    path("promotions/promo-reservations/<uuid:reservation_id>/complete/", CompleteReservationView.as_view()),
    *router.urls,
]

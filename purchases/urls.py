"""Routes of the context below `/api/v1/`."""

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from .autobuy.api.purchases import PurchaseViewSet, RunViewSet
from .autobuy.api.schedules import PlanViewSet, ScheduleViewSet
from .call_offs.api import call_off
from .carts.api.carts import CartCouponViewSet, CartItemViewSet, CartViewSet
from .checkout.api import CheckoutViewSet, OrderPaymentsViewSet
from .flash_sales.api import CompleteReservationView
from .invoices.api import invoice_file, invoice_list
from .orders.api.orders import OrderViewSet
from .orders.api.returns import ReturnsViewSet
from .previews.api import CampaignPreviewViewSet
from .shipments.api.rates import ShippingRateViewSet
from .shipments.api.shipments import ShipmentViewSet

router = SimpleRouter(use_regex_path=False)
router.register("cart/items", CartItemViewSet, basename="cart-item")
router.register("cart/coupons", CartCouponViewSet, basename="cart-coupon")
router.register("cart", CartViewSet, basename="cart")
router.register("checkout", CheckoutViewSet, basename="checkout")
router.register("orders", OrderViewSet, basename="order")
router.register("admin/returns", ReturnsViewSet, basename="return")
router.register("payments", OrderPaymentsViewSet, basename="payment")
router.register("shipments", ShipmentViewSet, basename="shipment")
router.register("purchases", PurchaseViewSet, basename="purchase")
router.register("scheduler", ScheduleViewSet, basename="schedule")
router.register("shipping-rates", ShippingRateViewSet, basename="shipping-rate")

urlpatterns: list[URLPattern | URLResolver] = [
    # One cart each: no list, and no key in the path.
    path("cart/", CartViewSet.as_view({"get": "show", "delete": "empty"})),
    # Below the promotions' path, for the customer's sake; the sale itself is ours.
    path("promotions/promo-reservations/<uuid:reservation_id>/complete/", CompleteReservationView.as_view()),
    # Below the campaigns' path: what has been sold is known here.
    path(
        "admin/promotions/<uuid:pk>/preview/",
        CampaignPreviewViewSet.as_view({"get": "retrieve"}),
        name="campaign-preview",
    ),
    path("orders/<uuid:order_id>/call-off/", call_off),
    # Before the router's own: it would take the names for keys of one.
    path("scheduler/plan/", PlanViewSet.as_view({"get": "show", "patch": "change"}), name="schedule-plan"),
    path("purchases/runs/", RunViewSet.as_view({"get": "list"}), name="purchase-runs"),
    path("orders/<uuid:order_id>/invoices/", invoice_list),
    path("orders/<uuid:order_id>/invoices/<uuid:pk>/file/", invoice_file),
    *router.urls,
]

"""Routes of the reports below `/api/v1/`."""

from django.urls import path

from .api import FundsViewSet, InventoryViewSet, LoyaltyViewSet, OverviewViewSet, PromotionsViewSet

VIEWS = (OverviewViewSet, PromotionsViewSet, LoyaltyViewSet, InventoryViewSet, FundsViewSet)

urlpatterns = [
    path(f"admin/analytics/{view.report}/", view.as_view({"get": "list"}), name=f"analytics-{view.report}")
    for view in VIEWS
]

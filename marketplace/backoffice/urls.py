"""Pages of the back office beside the admin's own; included before them, below the same prefix."""

from django.contrib import admin
from django.urls import path

from . import second_factor
from .analytics.page import analytics
from .campaign_preview import campaign_preview

app_name = "backoffice"
urlpatterns = [
    path("second-factor/", second_factor.code, name="code"),
    path("second-factor/set-up/", second_factor.enrol, name="enrol"),
    path("analytics/", admin.site.admin_view(analytics), name="analytics-overview"),
    path("analytics/<slug:report>/", admin.site.admin_view(analytics), name="analytics"),
    path("campaigns/<uuid:campaign_id>/preview/", admin.site.admin_view(campaign_preview), name="campaign-preview"),
    path("confirm/", second_factor.confirm, name="confirm"),
]

"""The back office: django-unfold's looks and the dashboard's source."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from .env import env

# Whoever opens the log-in page itself comes here afterwards.
LOGIN_REDIRECT_URL = "admin:index"

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Marketplace",
    "SITE_HEADER": _("Marketplace back office"),
    "SITE_SYMBOL": "storefront",
    "SHOW_HISTORY": True,
    "SHOW_LANGUAGES": True,
    "SHOW_VIEW_ON_SITE": False,
    "LOGIN": {"form": "marketplace.backoffice.login.LoginForm"},
    "DASHBOARD_CALLBACK": "marketplace.backoffice.dashboard.dashboard_context",
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": "marketplace.backoffice.navigation.navigation",
    },
}

# Maps in forms are drawn without pictures. With an address such as https://tiles.example/{z}/{x}/{y}.png they get some,
# and every browser that opens such a form asks that server.
MAP_TILES_URL = env.str("MAP_TILES_URL", default="")
MAP_TILES_ATTRIBUTION = env.str("MAP_TILES_ATTRIBUTION", default="© OpenStreetMap contributors")

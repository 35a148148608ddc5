"""All routes: the API under its prefix, docs, health, the admin."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerSplitView

from marketplace.core.observability.health import healthz, readyz
from marketplace.core.observability.metrics import metrics
from marketplace.media import media
from stores.urls import urlpatterns as store_routes

CONTEXTS = ["users", "stores", "funds", "links", "promotions", "purchases", "notifications"]
# Earlier systems knew the market's paths, and a product's questions, without a version; they still answer.
UNVERSIONED = [route for route in store_routes if str(route.pattern).startswith(("market/", "products/"))]
# Pages of our own around the two viewers: the packages' hold scripts, and ask other hosts for typefaces. Anybody reads
# them, whatever token a browser sends along.
DOCS = {"url_name": "schema", "authentication_classes": []}

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(**DOCS, template_name="docs/swagger.html"), name="docs"),
    path("redoc/", SpectacularRedocView.as_view(**DOCS, template_name="docs/redoc.html"), name="redoc"),
    path("admin/", include("marketplace.backoffice.urls")),
    path("media/<path:name>", media, name="media"),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/", include("marketplace.backoffice.analytics.urls")),
    *[path("api/v1/", include(f"{context}.urls")) for context in CONTEXTS],
    path("", include(UNVERSIONED)),
    path("", include("marketplace.storefront.urls")),
]

handler400 = "marketplace.core.http.problems.bad_request"
handler403 = "marketplace.core.http.problems.permission_denied"
handler404 = "marketplace.core.http.problems.not_found"
handler500 = "marketplace.core.http.problems.server_error"

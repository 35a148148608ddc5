"""DRF, its schema, CORS. Deny by default: a route says who may use it."""

from typing import Any

from corsheaders.defaults import default_headers

from .env import env

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["users.accounts.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["marketplace.core.http.permissions.DenyAll"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["marketplace.core.http.parsing.StrictJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "marketplace.core.http.pagination.CursorPagination",
    # OPTIONS is 405: the schema says it all. (Browsers' preflights are answered before, by corsheaders.)
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "marketplace.core.http.schema.AutoSchema",
    "EXCEPTION_HANDLER": "marketplace.core.http.problems.exception_handler",
    "DATETIME_FORMAT": "iso-8601",
    "PAGE_SIZE": 24,
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Marketplace API",
    "DESCRIPTION": "Flash promotions near you, groceries by department, gift lists that buy themselves, "
    "and a money ledger under all of it.\n\n"
    "Errors are RFC 9457 problems with a stable `code`. Lists are walked by `next` and `previous`. Whatever moves "
    "money or stock wants an `Idempotency-Key`. Paths below `market/` also answer without `/api/v1`; "
    "`users/clients-profiles/` is `users/client-profiles/`, and `promotion_id` is `promo` under an earlier name.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {
        "persistAuthorization": True,
        "displayRequestDuration": True,
        "docExpansion": "none",
        "validatorUrl": None,  # or the page would show the schema's address to a service of its makers
    },
    "PREPROCESSING_HOOKS": ["marketplace.core.http.schema.only_versioned_paths"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "marketplace.core.http.schema.add_shared_components",
        "marketplace.core.http.schema.free_sparse_answers",
    ],
    "ENUM_NAME_OVERRIDES": {
        "AlertDirectionEnum": "links.models.PriceAlert.Direction",
        "CallingOffEnum": [("cancelled", "cancelled")],
        "ChannelEnum": "notifications.kinds.channels.Channel",
        "DevicePlatformEnum": "notifications.models.Device.Platform",
        "ExperimentMetricEnum": "promotions.models.Experiment.Metric",
        "ExperimentStateEnum": "promotions.models.Experiment.State",
        "FigureKindEnum": "marketplace.backoffice.analytics.values.KINDS",
        "GiftListRoleEnum": ["owner", "editor", "guest"],
        "GiftListStateEnum": "links.models.GiftList.State",
        "GiftStateEnum": "links.models.Gift.State",
        "DirectionEnum": [("in", "in"), ("out", "out")],
        "DigestEnum": "notifications.models.QuietHours.Digest",
        "JournalKindEnum": "funds.ledger.models.JournalKind",
        "LanguageEnum": "marketplace.settings.i18n.LANGUAGES",
        "MovementKindEnum": "stores.models.StockMovement.Kind",
        "OrderStateEnum": "purchases.models.Order.State",
        "PointsEntryKindEnum": "promotions.models.PointsEntry.Kind",
        "OrderPaymentStateEnum": "funds.models.OrderPayment.State",
        "PersonalExportStateEnum": "users.models.PersonalExport.State",
        "PriceRuleKindEnum": ["discount", "campaign"],
        "PayoutStateEnum": "funds.models.Payout.State",
        "QuestionStateEnum": "stores.models.Question.State",
        "RedemptionStateEnum": "promotions.models.Redemption.State",
        "ReturnStateEnum": "purchases.models.OrderReturn.State",
        "RewardKindEnum": "promotions.models.Reward.Kind",
        "RoleEnum": "stores.models.StoreMember.Role",
        "ScheduleKindEnum": "purchases.models.Schedule.Kind",
        "ShipmentStateEnum": "purchases.models.Shipment.State",
        "TierEnum": "users.models.Tier",
    },
}

CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
# A page elsewhere shows its own token; a browser's cookies are for our own pages.
CORS_ALLOW_CREDENTIALS = False
CORS_URLS_REGEX = r"^/api/.*$"
CORS_ALLOW_HEADERS = [
    *default_headers, "idempotency-key", "if-match", "traceparent", "x-cart-token", "x-claim-token", "x-session-id",
]  # fmt: skip
CORS_EXPOSE_HEADERS = ["ETag", "Retry-After", "X-Request-ID"]

# Sign calls of machines to internal routes; several while one replaces another, none: such calls are refused.
INTERNAL_CALL_SECRETS = [secret.strip() for secret in env.list("INTERNAL_CALL_SECRETS", default=[]) if secret.strip()]
# A signature opens for so long before and after its moment, and once.
INTERNAL_CALL_WINDOW_SECONDS = env.int("INTERNAL_CALL_WINDOW_SECONDS", default=300)

DEFAULT_CURRENCY = env.str("DEFAULT_CURRENCY", default="MXN")
# Requests per minute; checked atomically (Redis script, or a lock in this process).
THROTTLE_RATES: dict[str, str] = {
    "auth": env.str("THROTTLE_AUTH", default="60/min"),
    "mail": env.str("THROTTLE_MAIL", default="20/min"),
    "personal_exports": env.str("THROTTLE_PERSONAL_EXPORTS", default="3/day"),
    "questions": env.str("THROTTLE_QUESTIONS", default="20/hour"),
    "feeds": env.str("THROTTLE_FEEDS", default="12/min"),
    "carts": env.str("THROTTLE_CARTS", default="30/min"),
    "coupons": env.str("THROTTLE_COUPONS", default="20/min"),
    "checkout": env.str("THROTTLE_CHECKOUT", default="30/min"),
    "reservations": env.str("THROTTLE_RESERVATIONS", default="60/min"),
    "sockets": env.str("THROTTLE_SOCKETS", default="30/min"),
    "numbers": env.str("THROTTLE_NUMBERS", default="20/hour"),
    "unsubscribe": env.str("THROTTLE_UNSUBSCRIBE", default="20/min"),
    "devices": env.str("THROTTLE_DEVICES", default="20/hour"),
    "links": env.str("THROTTLE_LINKS", default="120/hour"),
    "shared_lists": env.str("THROTTLE_SHARED_LISTS", default="60/min"),
    "claims": env.str("THROTTLE_CLAIMS", default="20/min"),
    # Requests with events, of an address (many people may share one) and of a person or session.
    "events_address": env.str("THROTTLE_EVENTS_ADDRESS", default="3000/min"),
    "events": env.str("THROTTLE_EVENTS", default="300/min"),
    # Selections, of a person, or of an address that many may share.
    "exposure": env.str("THROTTLE_EXPOSURE", default="600/min"),
}

"""Served: nothing has a default that would be unsafe; a missing secret stops the start."""

from .base import *  # noqa: F403
from .env import env, own_key

DEBUG = False
SECRET_KEY = own_key("SECRET_KEY")
SIMPLE_JWT["SIGNING_KEY"] = own_key("JWT_SIGNING_KEY", unlike=(SECRET_KEY,))  # noqa: F405
LOG_HASH_KEY = own_key("LOG_HASH_KEY", unlike=(SECRET_KEY, SIMPLE_JWT["SIGNING_KEY"]))  # noqa: F405

# Whoever works in the back office proves it twice.
ADMIN_SECOND_FACTOR = env.str("ADMIN_SECOND_FACTOR", default="required")
# Processes that share no cache cannot tell each other that a list has changed.
PRODUCT_LIST_CACHE_SECONDS = PRODUCT_LIST_CACHE_SECONDS if REDIS_URL else 0  # noqa: F405

# Play money only where somebody says so.
SANDBOX_PROVIDER = env.bool("SANDBOX_PROVIDER", default=False)
PAYMENT_PROVIDER = env.str("PAYMENT_PROVIDER", default="mercadopago")
PAYOUT_PROVIDER = env.str("PAYOUT_PROVIDER", default="manual")
MERCADOPAGO_MUST_BE_COMPLETE = True

# Files are for a look around: whoever serves people says so, or names a service.
PUSH_SERVICE = env.str("PUSH_SERVICE")

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None  # noqa: F405
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True

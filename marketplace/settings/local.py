"""A person's machine and `make run`: works with an empty environment, on loopback only."""

from pathlib import Path

from .base import *  # noqa: F403
from .env import env

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="local-only-secret-key-never-used-in-production-0123456789")
SIMPLE_JWT["SIGNING_KEY"] = env.str(  # noqa: F405
    "JWT_SIGNING_KEY", default="local-only-jwt-key-never-used-in-production-0123456789abcdef"
)
SHOW_DEMO_LOGINS = env.bool("SHOW_DEMO_LOGINS", default=True)
LOG_FORMAT = env.str("LOG_FORMAT", default="text")
LOGGING["handlers"]["console"]["formatter"] = LOG_FORMAT  # noqa: F405

Path(STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # noqa: F405
# Static files straight from the packages: nothing to collect before the first start.
WHITENOISE_USE_FINDERS = True
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405

# One machine plays hundreds of customers here; each limit may still be set by its own variable.
THROTTLE_RATES = {
    scope: env.str(f"THROTTLE_{scope.upper()}", default="60000/min" if scope == "reservations" else "6000/min")
    for scope in THROTTLE_RATES  # noqa: F405
}

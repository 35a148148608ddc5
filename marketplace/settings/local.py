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

# One machine plays hundreds of customers here.
THROTTLE_RATES = {
    "auth": env.str("THROTTLE_AUTH", default="6000/min"),
    "mail": env.str("THROTTLE_MAIL", default="6000/min"),
    "questions": env.str("THROTTLE_QUESTIONS", default="6000/min"),
    "feeds": env.str("THROTTLE_FEEDS", default="6000/min"),
    "carts": env.str("THROTTLE_CARTS", default="6000/min"),
    "coupons": env.str("THROTTLE_COUPONS", default="6000/min"),
    "checkout": env.str("THROTTLE_CHECKOUT", default="6000/min"),
    "reservations": env.str("THROTTLE_RESERVATIONS", default="60000/min"),
    "sockets": env.str("THROTTLE_SOCKETS", default="6000/min"),
    "numbers": env.str("THROTTLE_NUMBERS", default="6000/min"),
    "unsubscribe": env.str("THROTTLE_UNSUBSCRIBE", default="6000/min"),
    "devices": env.str("THROTTLE_DEVICES", default="6000/min"),
}

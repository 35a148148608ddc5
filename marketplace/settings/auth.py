"""Accounts: the user model, passwords, JWT."""

from datetime import timedelta
from typing import Any

from .env import env

AUTH_USER_MODEL = "users.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"

# --- the back office's door (docs/operations.md)
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
# `required`: people of the house set up a second factor before they see anything. `optional`: who has one uses it.
ADMIN_SECOND_FACTOR = env.str("ADMIN_SECOND_FACTOR", default="optional")
# Sensitive pages ask for the password (and the code) again when the last time is longer ago.
ADMIN_RECENT_LOGIN_MINUTES = env.int("ADMIN_RECENT_LOGIN_MINUTES", default=15)
OTP_TOTP_ISSUER = "Marketplace"
OTP_TOTP_THROTTLE_FACTOR = 1  # after the n-th wrong code nothing counts for 2^(n-1) seconds

# After so many wrong passwords for one account from one network, the log-in page is closed to the two for a while.
# The pair, so that nobody can lock somebody else out from outside; the second factor stands behind it.
AXES_FAILURE_LIMIT = env.int("ADMIN_LOGIN_FAILURES", default=5)
AXES_COOLOFF_TIME = timedelta(minutes=env.int("ADMIN_LOCK_MINUTES", default=15))
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "marketplace.backoffice.login.account_tried"
AXES_CLIENT_IP_CALLABLE = "marketplace.backoffice.login.address_of"
AXES_LOCKOUT_TEMPLATE = "admin/locked_out.html"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True  # who logged in when is nobody's business; sessions say it to their owners
AXES_ENABLE_ADMIN = False  # our page: marketplace.backoffice.admin
AXES_VERBOSE = False

# Access tokens are not looked up on reads: a disabled account is refused through a deny list that is
# at most this many seconds old. Writes always load the account.
DENY_LIST_SECONDS = env.int("DENY_LIST_SECONDS", default=5)
# A refresh token presented twice within this time is a losing race, not a theft.
REFRESH_REUSE_GRACE_SECONDS = 10
# Single-use mail tokens live this long.
MAIL_TOKEN_MINUTES = env.int("MAIL_TOKEN_MINUTES", default=30)
# A copy of a person's data can be downloaded for so long, and when it is no larger than this.
PERSONAL_EXPORT_HOURS = env.int("PERSONAL_EXPORT_HOURS", default=72)
PERSONAL_EXPORT_MAX_BYTES = env.int("PERSONAL_EXPORT_MAX_BYTES", default=50_000_000)

SIMPLE_JWT: dict[str, Any] = {
    "ALGORITHM": "HS256",
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=env.int("ACCESS_TOKEN_MINUTES", default=15)),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=env.int("REFRESH_TOKEN_DAYS", default=30)),
    "USER_ID_FIELD": "id",
    "USER_ID_CLAIM": "sub",
    "AUTH_HEADER_TYPES": ("Bearer",),
    "UPDATE_LAST_LOGIN": False,
    # Rotation is our own (users.accounts): simplejwt's accepts one token several times under concurrency.
    "ROTATE_REFRESH_TOKENS": False,
}

# The first administrator, made by `manage.py ensure_superuser` where both are given.
DJANGO_SUPERUSER_EMAIL = env.str("DJANGO_SUPERUSER_EMAIL", default="")
DJANGO_SUPERUSER_PASSWORD = env.str("DJANGO_SUPERUSER_PASSWORD", default="")

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

# Access tokens are not looked up on reads: a disabled account is refused through a deny list that is
# at most this many seconds old. Writes always load the account.
DENY_LIST_SECONDS = env.int("DENY_LIST_SECONDS", default=5)
# A refresh token presented twice within this time is a losing race, not a theft.
REFRESH_REUSE_GRACE_SECONDS = 10
# Single-use mail tokens live this long.
MAIL_TOKEN_MINUTES = env.int("MAIL_TOKEN_MINUTES", default=30)

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

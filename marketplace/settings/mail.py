"""E-mail: files under VAR_DIR/mail unless a server (EMAIL_URL) or a provider (EMAIL_PROVIDER) is configured."""

from typing import Any

from .env import VAR_DIR, env

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="filemail://")
vars().update(EMAIL_CONFIG)
EMAIL_FILE_PATH = env.str("EMAIL_FILE_PATH", default=str(VAR_DIR / "mail"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Marketplace <no-reply@marketplace.example>")

# A provider's own API instead of EMAIL_URL: the name of its module in django-anymail, and its settings there.
EMAIL_PROVIDER = env.str("EMAIL_PROVIDER", default="").strip().lower()
EMAIL_PROVIDER_OPTIONS = env.dict("EMAIL_PROVIDER_OPTIONS", default={})
# What the provider sends with bounces and complaints, "user:password"; without one nobody reports anything.
EMAIL_WEBHOOK_SECRETS = [secret for secret in env.list("EMAIL_WEBHOOK_SECRETS", default=[]) if ":" in secret]
ANYMAIL: dict[str, Any] = {
    "WEBHOOK_SECRET": EMAIL_WEBHOOK_SECRETS,
    "REQUESTS_TIMEOUT": EMAIL_TIMEOUT,
    **{f"{EMAIL_PROVIDER.upper()}_{name.upper()}": value for name, value in EMAIL_PROVIDER_OPTIONS.items()},
}
if EMAIL_PROVIDER:
    EMAIL_BACKEND = f"anymail.backends.{EMAIL_PROVIDER}.EmailBackend"

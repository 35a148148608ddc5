"""Payment providers. The sandbox lives in this process and needs nothing."""

from .env import env

PAYMENT_PROVIDER = env.str("PAYMENT_PROVIDER", default="sandbox")

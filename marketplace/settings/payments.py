"""Payment providers. The sandbox lives in this process and needs nothing."""

from .env import env

PAYMENT_PROVIDER = env.str("PAYMENT_PROVIDER", default="sandbox")
# Who pays out: the sandbox, or "manual" (staff send the money at the bank and record it in the admin).
PAYOUT_PROVIDER = env.str("PAYOUT_PROVIDER", default="sandbox")

"""Payment providers. The sandbox lives in this process and needs nothing; Mercado Pago is on once it has a token."""

from .env import env

# The one that deposits go to when the caller names none.
PAYMENT_PROVIDER = env.str("PAYMENT_PROVIDER", default="sandbox")
# Who pays out: the sandbox, or "manual" (staff send the money at the bank and record it in the admin).
PAYOUT_PROVIDER = env.str("PAYOUT_PROVIDER", default="sandbox")
# It pays by itself: play money. Production switches it off unless told otherwise.
SANDBOX_PROVIDER = env.bool("SANDBOX_PROVIDER", default=True)

MERCADOPAGO_ACCESS_TOKEN = env.str("MERCADOPAGO_ACCESS_TOKEN", default="")
MERCADOPAGO_COLLECTOR_ID = env.str("MERCADOPAGO_COLLECTOR_ID", default="")
MERCADOPAGO_WEBHOOK_SECRETS = [
    secret for secret in env.list("MERCADOPAGO_WEBHOOK_SECRETS", default=[]) if secret.strip()
]
MERCADOPAGO_WEBHOOK_WINDOW_SECONDS = env.int("MERCADOPAGO_WEBHOOK_WINDOW_SECONDS", default=600)
MERCADOPAGO_CURRENCY = env.str("MERCADOPAGO_CURRENCY", default="")
MERCADOPAGO_SANDBOX = env.bool("MERCADOPAGO_SANDBOX", default=False)
MERCADOPAGO_API_URL = env.str("MERCADOPAGO_API_URL", default="https://api.mercadopago.com")
# All workers together call no oftener; a credited deposit takes two calls.
MERCADOPAGO_CALLS_PER_SECOND = env.float("MERCADOPAGO_CALLS_PER_SECOND", default=50.0)
MERCADOPAGO_RETURN_URL = env.str("MERCADOPAGO_RETURN_URL", default="")
MERCADOPAGO_NOTIFICATION_URL = env.str("MERCADOPAGO_NOTIFICATION_URL", default="")
MERCADOPAGO_ITEM_TITLE = env.str("MERCADOPAGO_ITEM_TITLE", default="Wallet deposit")
MERCADOPAGO_STATEMENT_DESCRIPTOR = env.str("MERCADOPAGO_STATEMENT_DESCRIPTOR", default="MARKETPLACE")
# Half a configuration is an error there (system check funds.E101 and following).
MERCADOPAGO_MUST_BE_COMPLETE = False

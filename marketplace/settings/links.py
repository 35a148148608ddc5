"""Links to other shops, gift lists, and purchases that make themselves."""

from .env import env

# --- reading other shops' pages
LINK_USER_AGENT = env.str("LINK_USER_AGENT", default="MarketplaceLinkReader/1.0 (+https://example.com/reader)")
LINK_SECONDS_PER_HOST = env.float("LINK_SECONDS_PER_HOST", default=1.0)
LINK_REFRESH_HOURS = env.int("LINK_REFRESH_HOURS", default=24)
# Days a page as it was fetched is kept, and a step of its price's history.
LINK_SNAPSHOT_DAYS = env.int("LINK_SNAPSHOT_DAYS", default=30)
LINK_HISTORY_DAYS = env.int("LINK_HISTORY_DAYS", default=730)
LINKS_PER_CUSTOMER = env.int("LINKS_PER_CUSTOMER", default=500)
# Shops that tests serve on loopback: host → port. Nothing reads it from the environment, and a system check refuses
# to start with any of them.
LINK_TEST_HOSTS: dict[str, int] = {}

# --- alerts
# An alert that has told is armed again when the price is back behind its line by this much.
PRICE_ALERT_HYSTERESIS_PERCENT = env.int("PRICE_ALERT_HYSTERESIS_PERCENT", default=2)
PRICE_ALERTS_PER_CUSTOMER = env.int("PRICE_ALERTS_PER_CUSTOMER", default=200)

# --- purchases in other shops
# On top of the price: shipping there, and what it may have risen meanwhile. What is not needed comes back.
AUTOBUY_MARGIN_PERCENT = env.int("AUTOBUY_MARGIN_PERCENT", default=15)
# A change of the price since the person saw it that asks before it buys.
AUTOBUY_JUMP_PERCENT = env.int("AUTOBUY_JUMP_PERCENT", default=30)
# Hours in which staff should have bought it; the money is held for as many days.
AUTOBUY_TICKET_HOURS = env.int("AUTOBUY_TICKET_HOURS", default=48)
AUTOBUY_HOLD_DAYS = env.int("AUTOBUY_HOLD_DAYS", default=14)
# A price that was read longer ago is read again before it buys.
AUTOBUY_PRICE_HOURS = env.int("AUTOBUY_PRICE_HOURS", default=24)
AUTOBUY_RUN_DAYS = env.int("AUTOBUY_RUN_DAYS", default=90)

# --- gift lists
GIFT_LISTS_PER_CUSTOMER = env.int("GIFT_LISTS_PER_CUSTOMER", default=100)
# Received and removed gifts do not count.
GIFTS_PER_LIST = env.int("GIFTS_PER_LIST", default=200)
EDITORS_PER_LIST = env.int("EDITORS_PER_LIST", default=20)
# --- reminders
# Owners of lists that nobody has touched for so many days are reminded, at most once in as many days.
LINKS_REMINDER_DAYS = env.int("LINKS_REMINDER_DAYS", default=14)

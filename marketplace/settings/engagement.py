"""Events of what people do with products: how many are taken, what looks like no person, how long they are kept."""

from .env import env

# More events of one person or session within so many seconds are kept apart: they count when staff say so.
EVENTS_BURST = env.int("EVENTS_BURST", default=300)
EVENTS_BURST_SECONDS = env.int("EVENTS_BURST_SECONDS", default=60)
# Single events, and with them who did what, go after so many days; sums by hour and by day stay.
EVENTS_KEPT_DAYS = env.int("EVENTS_KEPT_DAYS", default=30)

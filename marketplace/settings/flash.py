"""Flash promotions: what lapsed holds cost, how long a unit waits for money, how the waiting list is told."""

from .env import env

# A unit that is paid through a provider is held for so many minutes from then on; nothing extends that again.
FLASH_PAYMENT_MINUTES = env.int("FLASH_PAYMENT_MINUTES", default=5)
# A hold that is given back within so many seconds costs nothing; later it counts as one that lapsed.
FLASH_FREE_GIVE_BACK_SECONDS = env.int("FLASH_FREE_GIVE_BACK_SECONDS", default=10)
# Who lets so many holds lapse within so many minutes cannot reserve for the next so many, from the last lapse. 0
# holds: nobody waits.
FLASH_ABANDONED_HOLDS = env.int("FLASH_ABANDONED_HOLDS", default=3)
FLASH_ABANDONED_WITHIN_MINUTES = env.int("FLASH_ABANDONED_WITHIN_MINUTES", default=60)
FLASH_COOL_DOWN_MINUTES = env.int("FLASH_COOL_DOWN_MINUTES", default=15)
# When a unit is still free so many seconds after somebody was told, the next in line is told.
FLASH_WAITLIST_SECONDS = env.int("FLASH_WAITLIST_SECONDS", default=20)
# Nobody in line is told again within so many seconds; those further back are told meanwhile.
FLASH_WAITLIST_PAUSE_SECONDS = env.int("FLASH_WAITLIST_PAUSE_SECONDS", default=60)

"""Who answers what is near."""

from .env import env

# places: the covering index of CustomerPlace and the great circle, on every engine. postgis: ST_DWithin.
GEOGRAPHY = env.str("GEOGRAPHY", default="places")

"""System checks of the core."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import DatabaseError

from . import append_only, postgis
from .bus.transports import bus_problem
from .signatures import SHORTEST_SECRET


# A deployment check: `migrate` runs the other checks of a database first, and must not be refused by what it mends.
@checks.register(checks.Tags.database, deploy=True)
def append_only_triggers_are_in_place(
    databases: Sequence[str] | None = None, **kwargs: Any
) -> list[checks.CheckMessage]:
    """An append-only table without its trigger is an error (`manage.py check --deploy --database default`)."""
    found: list[checks.CheckMessage] = []
    for alias in databases or []:
        try:
            missing = append_only.missing_triggers(alias)
        except DatabaseError:
            continue  # no database yet: `migrate` is about to make it
        found += [
            checks.Error(f"table {table} has no append-only trigger; run migrate", id="core.E001") for table in missing
        ]
    return found


@checks.register()
def geography_is_known(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """GEOGRAPHY is one of the two that there are."""
    if settings.GEOGRAPHY in {"places", "postgis"}:
        return []
    return [checks.Error("GEOGRAPHY is places or postgis", id="core.E003")]


@checks.register(checks.Tags.database, deploy=True)
def postgis_is_installed_where_it_is_asked(
    databases: Sequence[str] | None = None, **kwargs: Any
) -> list[checks.CheckMessage]:
    """GEOGRAPHY=postgis needs PostgreSQL with the extension (`manage.py check --deploy --database default`)."""
    if settings.GEOGRAPHY != "postgis" or "default" not in (databases or []) or postgis.is_installed():
        return []
    return [checks.Error("GEOGRAPHY=postgis, and this database has no PostGIS extension", id="core.E004")]


@checks.register()
def map_tiles_have_an_address(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """MAP_TILES_URL is empty or a pattern with the three places of a tile."""
    url = settings.MAP_TILES_URL
    is_usable = url.startswith(("https://", "http://")) and all(place in url for place in ("{z}", "{x}", "{y}"))
    if not url or is_usable:
        return []
    return [checks.Error("MAP_TILES_URL needs http(s):// and the places {z}, {x} and {y}", id="core.E002")]


@checks.register()
def event_bus_is_usable(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """EVENT_BUS_URL has an adapter, and what that adapter needs."""
    problem = bus_problem(settings.EVENT_BUS_URL, settings.EVENT_BUS_SECRET)
    return [checks.Error(problem, id="core.E005")] if problem else []


@checks.register()
def tokens_have_a_key_of_their_own(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Whoever learns one key must not have the other: sessions and forms are signed by SECRET_KEY, tokens are not."""
    if settings.SIMPLE_JWT["SIGNING_KEY"] != settings.SECRET_KEY:
        return []
    return [checks.Error("JWT_SIGNING_KEY must not be SECRET_KEY", id="core.E006")]


@checks.register()
def internal_calls_are_signed_with_long_secrets(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """A short INTERNAL_CALL_SECRETS can be guessed from one recorded call."""
    if all(len(secret) >= SHORTEST_SECRET for secret in settings.INTERNAL_CALL_SECRETS):
        return []
    return [checks.Error(f"INTERNAL_CALL_SECRETS need at least {SHORTEST_SECRET} characters each", id="core.E007")]

"""PostGIS behind `core.geo.within_circle`: plain expressions over two number columns, no GDAL, no GIS backend.

Only with GEOGRAPHY=postgis, on PostgreSQL. On the sphere its answers are `geo`'s own (the radius it takes differs in
the ninth digit). From some kilometres on the covering index of `CustomerPlace` answers three times faster
(docs/benchmarks.md); this is for installations whose other tools ask PostGIS of the same table.
"""

from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import BooleanField, F, Field, FloatField, Func, Model, TextField, Value

POINT = "(ST_SetSRID(ST_MakePoint(%(expressions)s), 4326)::geography)"


class _Point(Func):
    """Longitude, latitude, as PostGIS wants them; null when a coordinate is."""

    template = POINT
    output_field: "Field[Any, Any]" = TextField()


class _WithinDistance(Func):
    """Metres; the last argument false: on the sphere."""

    function = "ST_DWithin"
    output_field: "Field[Any, Any]" = BooleanField()


def is_chosen() -> bool:
    """Whether distances are to be asked of PostGIS."""
    return settings.GEOGRAPHY == "postgis" and connection.vendor == "postgresql"


def is_installed() -> bool:
    """Whether this database has the extension."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'postgis')")
        found: bool = cursor.fetchone()[0]
    return found


def within_metres(latitude: float, longitude: float, metres: float, *, prefix: str = "") -> Func:
    """Condition on `<prefix>latitude` and `<prefix>longitude`: within so many metres, edge included."""
    return _WithinDistance(
        _Point(F(f"{prefix}longitude"), F(f"{prefix}latitude")),
        _Point(Value(longitude, FloatField()), Value(latitude, FloatField())),
        Value(metres, FloatField()),
        Value(False, BooleanField()),
    )


def index_points(model: type[Model], name: str) -> bool:
    """Make the index that `within_metres` is answered by, unless it is there; False where there is no PostGIS.

    Concurrently: nobody has to wait, and no transaction may be open.
    """
    if not is_installed():
        return False
    quoted = connection.ops.quote_name
    index, table = quoted(name), quoted(model._meta.db_table)
    point = POINT % {"expressions": '"longitude", "latitude"'}
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {index} ON {table} USING gist ({point})")
    return True

"""The projection of places: written here and nowhere else."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, UUIDField, Value

from marketplace.core import postgis
from marketplace.core.ids import NIL

from .models import CustomerPlace, CustomerProfile, SegmentMembership

COLUMNS = "segment, customer, latitude, longitude"
COORDINATES = ("latitude", "longitude")


def project_places(customer_ids: Collection[UUID]) -> None:
    """Make the places of these customers what their profiles, memberships and accounts say. Harmless twice.

    The caller holds the profiles' locks (`LockRank.CUSTOMER`) from before it changed or read them: two writers of one
    customer that did not see each other would leave a place that neither of them meant. Rows that are
    right already are left alone, so that the index stays clean.
    """
    if not customer_ids:
        return
    _delete_stale(customer_ids)
    for rows in _wanted(customer_ids):
        _upsert(rows)


def index_for_postgis() -> bool:
    """Make the index that PostGIS answers by (GEOGRAPHY=postgis); False where the extension is not. Harmless twice."""
    return postgis.index_points(CustomerPlace, "users_place_postgis")


def _wanted(customer_ids: Collection[UUID]) -> tuple[QuerySet[Any, Any], QuerySet[Any, Any]]:
    """(segment, customer, latitude, longitude) as they should be: the nil segment, then the memberships."""
    everyone = CustomerProfile.objects.filter(user_id__in=customer_ids, user__is_active=True).values_list(
        Value(NIL, UUIDField()), "user_id", "latitude", "longitude"
    )
    members = SegmentMembership.objects.filter(
        profile__user_id__in=customer_ids, profile__user__is_active=True
    ).values_list("segment_id", "profile__user_id", "profile__latitude", "profile__longitude")
    return everyone, members


def _delete_stale(customer_ids: Collection[UUID]) -> None:
    is_customer = CustomerProfile.objects.filter(user_id=OuterRef("customer"), user__is_active=True)
    is_member = SegmentMembership.objects.filter(
        profile__user_id=OuterRef("customer"), profile__user__is_active=True, segment_id=OuterRef("segment")
    )
    CustomerPlace.objects.filter(customer__in=customer_ids).exclude(
        Q(Exists(is_customer), segment=NIL) | Q(Exists(is_member))
    ).delete()


def _upsert(rows: QuerySet[Any, Any]) -> None:
    table = CustomerPlace._meta.db_table
    select, params = rows.query.sql_with_params()
    # 999 is no coordinate; it makes null comparable on every SQLite.
    differs = " OR ".join(f"COALESCE({table}.{name}, 999) <> COALESCE(excluded.{name}, 999)" for name in COORDINATES)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({COLUMNS}) {select} "
            "ON CONFLICT (customer, segment) DO UPDATE "
            f"SET latitude = excluded.latitude, longitude = excluded.longitude WHERE {differs}",
            params,
        )

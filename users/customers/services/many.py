"""Customers by the thousand, for demo data and importers."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction

from marketplace.core.clock import read_db_now
from marketplace.core.geo import canonical_degrees
from marketplace.core.locking import LockRank, lock
from users.accounts.models import User
from users.contracts import NewCustomer
from users.customers.models import CustomerProfile, SegmentMembership

from .membership import settle

CHUNK = 1_000


def add_customers(rows: Iterable[NewCustomer], *, password: str | None = None) -> list[UUID]:
    """Make an account and a profile for each row, in chunks; the ids in the rows' order.

    An address that has an account is left as it is and gives that account's id, so that a run may be repeated. The
    password is hashed once for all; without one nobody can log in.
    """
    password_hash = make_password(password)
    ids: list[UUID] = []
    for chunk in _chunks(rows):
        ids += _add_chunk(chunk, password_hash)
    return ids


def _chunks(rows: Iterable[NewCustomer]) -> Iterator[list[NewCustomer]]:
    source = iter(rows)
    while chunk := list(islice(source, CHUNK)):
        yield chunk


@transaction.atomic
def _add_chunk(rows: Sequence[NewCustomer], password_hash: str) -> list[UUID]:
    by_email: dict[str, NewCustomer] = {}
    for row in rows:
        by_email.setdefault(row.email.lower(), row)
    known = set(User.objects.filter(email__in=by_email).values_list("email", flat=True))
    now = read_db_now()
    User.objects.bulk_create(
        (_account(email, row, password_hash, now) for email, row in by_email.items() if email not in known),
        ignore_conflicts=True,
    )
    ids = dict(User.objects.filter(email__in=by_email).values_list("email", "pk"))
    _add_profiles({ids[email]: row for email, row in by_email.items() if email not in known})
    return [ids[row.email.lower()] for row in rows]


def _account(email: str, row: NewCustomer, password_hash: str, now: datetime) -> User:
    return User(email=email, name=row.name, password=password_hash, email_verified_at=now)


def _add_profiles(rows: dict[UUID, NewCustomer]) -> None:
    CustomerProfile.objects.bulk_create(
        (_profile(user_id, row) for user_id, row in rows.items()), ignore_conflicts=True
    )
    profiles = lock(LockRank.CUSTOMER, CustomerProfile.objects.filter(user_id__in=rows))
    SegmentMembership.objects.bulk_create(
        (
            SegmentMembership(profile=profile, segment_id=segment_id)
            for profile in profiles
            for segment_id in rows[profile.user_id].segments
        ),
        ignore_conflicts=True,
    )
    settle(profiles)


def _profile(user_id: UUID, row: NewCustomer) -> CustomerProfile:
    return CustomerProfile(
        user_id=user_id,
        latitude=None if row.latitude is None else canonical_degrees(row.latitude),
        longitude=None if row.longitude is None else canonical_degrees(row.longitude),
        language=row.language,
        time_zone=row.time_zone,
    )

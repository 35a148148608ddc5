"""Profiles: made beside each account, changed by their owner and by staff."""

from collections.abc import Collection
from typing import TypedDict, Unpack
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from marketplace.core import audit
from marketplace.core.errors import InvalidInputError, gettext_noop
from marketplace.core.geo import canonical_degrees
from marketplace.core.locking import LockRank, lock
from users.accounts.models import User
from users.customers.errors import AutomaticSegmentError, CustomerNotFoundError, ProfileExistsError
from users.customers.models import CustomerPlace, CustomerProfile, Segment, SegmentMembership
from users.customers.places import COORDINATES, project_places

from .membership import settle


class ProfileChange(TypedDict, total=False):
    """What may be changed; what is absent stays. A place is both coordinates, or both null."""

    latitude: float | None
    longitude: float | None
    language: str
    time_zone: str


def lock_customer(customer_id: UUID) -> CustomerProfile:
    """The customer's profile, locked. Raises `CustomerNotFoundError`."""
    found = lock(LockRank.CUSTOMER, CustomerProfile.objects.filter(user_id=customer_id))
    if not found:
        raise CustomerNotFoundError
    return found[0]


def make_profile(user_id: UUID, language: str) -> None:
    """The profile beside a new account, in the same transaction (`accounts.companions`)."""
    known = {code for code, _name in settings.LANGUAGES}
    values = {"language": language} if language in known else {}
    settle([CustomerProfile.objects.create(user_id=user_id, **values)])


def follow_activity(user_id: UUID) -> None:
    """A disabled account is part of no audience, an enabled one is again (`accounts.companions`)."""
    settle(lock(LockRank.CUSTOMER, CustomerProfile.objects.filter(user_id=user_id)))


@transaction.atomic
def add_profile(
    *, actor: User, user: User, segments: Collection[Segment] = (), **values: Unpack[ProfileChange]
) -> CustomerProfile:
    """Give an account a profile again after staff deleted it. Raises `ProfileExistsError`."""
    try:
        with transaction.atomic():
            make_profile(user.pk, "")
    except IntegrityError as error:
        raise ProfileExistsError from error
    audit.record(actor_id=actor.pk, action="users.add_profile", subject=user)
    return change_profile(actor=actor, customer_id=user.pk, segments=segments, **values)


@transaction.atomic
def change_profile(
    *, actor: User, customer_id: UUID, segments: Collection[Segment] | None = None, **values: Unpack[ProfileChange]
) -> CustomerProfile:
    """Change place, language, time zone; with `segments` (staff) also which manual segments the customer is in.

    Automatic segments stay as behaviour has them: naming one the customer is in is fine, another one raises
    `AutomaticSegmentError`. Raises `CustomerNotFoundError`, `InvalidInputError` for half a place.
    """
    profile = lock_customer(customer_id)
    _require_whole_place(values)
    for name, value in values.items():
        setattr(profile, name, canonical_degrees(value) if isinstance(value, float | int) else value)
    profile.save(update_fields=[*values, "updated_at"])
    if segments is not None:
        _set_manual_segments(actor, profile, segments)
    project_places([customer_id])
    return profile


def _require_whole_place(values: ProfileChange) -> None:
    given = {name: values.get(name) for name in COORDINATES if name in values}
    known = [name for name, value in given.items() if value is not None]
    if not given or len(known) == len(COORDINATES) or (not known and len(given) == len(COORDINATES)):
        return
    missing = next(name for name in COORDINATES if name not in known)
    raise InvalidInputError.of(missing, "half_place", gettext_noop("Give both coordinates, or null for both."))


def _set_manual_segments(actor: User, profile: CustomerProfile, segments: Collection[Segment]) -> None:
    memberships = SegmentMembership.objects.filter(profile=profile)
    before = set(memberships.values_list("segment_id", flat=True))
    if any(segment.rule != Segment.Rule.MANUAL and segment.pk not in before for segment in segments):
        raise AutomaticSegmentError
    wanted = {segment.pk for segment in segments}
    memberships.filter(segment__rule=Segment.Rule.MANUAL).exclude(segment_id__in=wanted).delete()
    SegmentMembership.objects.bulk_create(
        SegmentMembership(profile=profile, segment_id=segment_id) for segment_id in sorted(wanted - before)
    )
    after = set(memberships.values_list("segment_id", flat=True))
    if before != after:
        audit.record(
            actor_id=actor.pk,
            action="users.change_segments",
            subject=profile,
            before={"segments": sorted(map(str, before))},
            after={"segments": sorted(map(str, after))},
        )


@transaction.atomic
def delete_profile(*, actor: User, customer_id: UUID) -> None:
    """Forget what the shop knows of a customer; the account stays. Raises `CustomerNotFoundError`."""
    profile = lock_customer(customer_id)
    audit.record(actor_id=actor.pk, action="users.delete_profile", subject=profile)
    CustomerPlace.objects.filter(customer=customer_id).delete()
    profile.delete()


def erase_customer(user_id: UUID) -> None:
    """The slice's eraser: no place, no segment; counters and tier stay, they lead to nobody."""
    for profile in lock(LockRank.CUSTOMER, CustomerProfile.objects.filter(user_id=user_id)):
        SegmentMembership.objects.filter(profile=profile).delete()
        profile.latitude = profile.longitude = None
        profile.time_zone = CustomerProfile._meta.get_field("time_zone").get_default()
        profile.save(update_fields=["latitude", "longitude", "time_zone", "updated_at"])
        CustomerPlace.objects.filter(customer=user_id).delete()

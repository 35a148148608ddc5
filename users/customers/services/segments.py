"""Segments: made by staff, the automatic ones recomputed from behaviour."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import ManyToOneRel

from marketplace.core import audit
from marketplace.core.locking import LockRank, lock
from users.accounts.models import User
from users.customers.errors import (
    AutomaticSegmentError,
    SegmentInUseError,
    SegmentNotFoundError,
    SegmentSlugTakenError,
)
from users.customers.models import CustomerPlace, CustomerProfile, Segment, SegmentMembership

from .membership import automatic_segments, misplaced, settle

CHUNK = 2_000
"""Customers per transaction: locks are short, and memory small."""


@transaction.atomic
def add_segment(*, actor: User, name: str, slug: str) -> Segment:
    """A segment that staff fill. Raises `SegmentSlugTakenError`."""
    segment = Segment(name=name, slug=slug)
    _save(segment)
    audit.record(actor_id=actor.pk, action="users.add_segment", subject=segment, after={"slug": slug})
    return segment


@transaction.atomic
def change_segment(*, actor: User, segment_id: UUID, **values: str) -> Segment:
    """Change name or slug; the rule stays. Raises `SegmentNotFoundError`, `SegmentSlugTakenError`."""
    segment = Segment.objects.select_for_update().filter(pk=segment_id).first()
    if segment is None:
        raise SegmentNotFoundError
    before = {name: getattr(segment, name) for name in values}
    for name, value in values.items():
        setattr(segment, name, value)
    _save(segment)
    audit.record(actor_id=actor.pk, action="users.change_segment", subject=segment, before=before, after=values)
    return segment


def _save(segment: Segment) -> None:
    try:
        with transaction.atomic():
            segment.save()
    except IntegrityError as error:
        raise SegmentSlugTakenError from error


@transaction.atomic
def delete_segment(*, actor: User, segment_id: UUID) -> None:
    """Delete a segment that staff fill, with its memberships and places.

    Raises `SegmentNotFoundError`, `AutomaticSegmentError`, and `SegmentInUseError` while a promotion names it: without
    the segment that promotion would be for everyone.
    """
    segment = Segment.objects.select_for_update().filter(pk=segment_id).first()
    if segment is None:
        raise SegmentNotFoundError
    if segment.rule != Segment.Rule.MANUAL:
        raise AutomaticSegmentError
    if _is_named_elsewhere(segment):
        raise SegmentInUseError
    audit.record(actor_id=actor.pk, action="users.delete_segment", subject=segment, before={"slug": segment.slug})
    segment.delete()
    CustomerPlace.objects.filter(segment=segment_id).delete()


def _is_named_elsewhere(segment: Segment) -> bool:
    """Whether a row of a higher context points here. They are asked through Django's relations: nothing is imported."""
    return any(
        relation.related_model._base_manager.filter(**{relation.field.name: segment}).exists()
        for relation in Segment._meta.get_fields(include_hidden=True)
        if isinstance(relation, ManyToOneRel) and relation.related_model is not SegmentMembership
    )


def recompute_segments(*, at: datetime) -> int:
    """Put every customer into the automatic segments the rules say at `at`; how many were misplaced.

    Only those are touched, in chunks by key, each in a transaction of its own.
    """
    moved = 0
    for rule, segment in automatic_segments().items():
        after = UUID(int=0)
        while chunk := list(
            misplaced(rule, segment, at).filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:CHUNK]
        ):
            _settle_chunk(chunk, at)
            moved += len(chunk)
            after = chunk[-1]
    return moved


@transaction.atomic
def _settle_chunk(profile_ids: list[UUID], at: datetime) -> None:
    settle(lock(LockRank.CUSTOMER, CustomerProfile.objects.filter(pk__in=profile_ids)), at=at)

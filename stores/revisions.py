"""One way to insert and to change what several people edit: unique names, versions, audit."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction

from marketplace.core import audit
from marketplace.core.base import VersionedModel
from marketplace.core.errors import DomainError
from marketplace.core.http.etags import compare_and_set

from .slugs import SlugTakenError

ResourceT = TypeVar("ResourceT", bound=VersionedModel)


def insert_with_slug(build: Callable[[str], ResourceT], slugs: Iterable[str]) -> ResourceT:
    """Insert what `build` makes with the first slug that is free. Raises `SlugTakenError` when none is."""
    tried = ""
    for slug in slugs:
        tried = slug
        resource = build(slug)
        try:
            with transaction.atomic():
                resource.save(force_insert=True)
        except IntegrityError as error:
            if not _is_about_slug(error):
                raise
            continue
        return resource
    raise SlugTakenError(slug=tried)


def revise(
    resource: VersionedModel,
    *,
    expected_version: int | None,
    changes: Mapping[str, Any],
    actor_id: UUID | None,
    action: str,
    clash: DomainError | None = None,
) -> dict[str, Any]:
    """Compare the version, set `changes` (by column attribute), audit; the values from before.

    Raises `StaleError`, and `clash` when a unique name is taken.
    """
    before = {name: getattr(resource, name) for name in changes}
    try:
        with transaction.atomic():
            compare_and_set(resource, expected_version, **changes)
    except IntegrityError as error:
        if clash is None:
            raise
        raise clash from error
    changed = {name: value for name, value in changes.items() if before[name] != value}
    audit.record(
        actor_id=actor_id,
        action=action,
        subject=resource,
        before={name: before[name] for name in changed},
        after=changed,
    )
    return before


def _is_about_slug(error: IntegrityError) -> bool:
    # Both engines name the constraint or its columns.
    return "slug" in str(error)
